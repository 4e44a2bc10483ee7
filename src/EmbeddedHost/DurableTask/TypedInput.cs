namespace Microsoft.DurableTask;

internal static class TypedInput
{
    /// <exception cref="ArgumentException">The input is there, but of another type.</exception>
    public static T Cast<T>(object? input) => input switch
    {
        T typed => typed,
        null => default!,
        _ => throw new ArgumentException($"Input type '{input.GetType()}' does not match expected type '{typeof(T)}'.", nameof(input)),
    };
}

using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>A stored payload cannot be read as the type that the code asks for, or a value cannot be written.</summary>
public sealed class PayloadException(string message, Exception innerException) : Exception(message, innerException);

internal static class Payload
{
    /// <param name="what">What the payload is, for the error: "the input of …".</param>
    public static object? Read(DataConverter converter, string? data, Type type, string what)
    {
        if (data is null)
        {
            return type.IsValueType && Nullable.GetUnderlyingType(type) is null ? Activator.CreateInstance(type) : null;
        }

        try
        {
            return converter.Deserialize(data, type);
        }
        catch (Exception exception)
        {
            throw new PayloadException($"Cannot read {what} as {type}: {exception.Message}", exception);
        }
    }

    public static T Read<T>(DataConverter converter, string? data, string what) => (T)Read(converter, data, typeof(T), what)!;

    /// <inheritdoc cref="Read(DataConverter, string?, Type, string)"/>
    public static string? Write(DataConverter converter, object? value, string what)
    {
        try
        {
            return converter.Serialize(value);
        }
        catch (Exception exception)
        {
            throw new PayloadException($"Cannot write {what} of type {value?.GetType()}: {exception.Message}", exception);
        }
    }
}

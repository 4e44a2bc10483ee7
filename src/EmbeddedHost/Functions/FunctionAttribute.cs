namespace Microsoft.Azure.Functions.Worker;

/// <summary>Marks a public method as a function.</summary>
/// <param name="name">Unique in the app, compared without case: a letter, then up to 127 letters, digits, <c>_</c> or <c>-</c>.</param>
[AttributeUsage(AttributeTargets.Method)]
public class FunctionAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

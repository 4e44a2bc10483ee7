namespace Microsoft.DurableTask.Client;

/// <param name="Output">Becomes the instance's output.</param>
/// <param name="Recursive">Whether the instance's sub-orchestrations are terminated too.</param>
public record TerminateInstanceOptions(object? Output = null, bool Recursive = false);

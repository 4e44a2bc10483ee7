namespace AtomicDevOps.DurableHosts;

/// <summary>An activity that has ended, with its payloads as they went over the wire.</summary>
/// <param name="InstanceId">The instance that called it.</param>
/// <param name="Output">Nothing where it failed.</param>
/// <param name="Failure">Type and message of what it failed with.</param>
public sealed record ActivityRecord(string InstanceId, string Name, string? Input, string? Output, (string Type, string Message)? Failure);

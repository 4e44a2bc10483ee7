namespace Microsoft.DurableTask.Client;

/// <summary>Which finished instances are purged; whatever is null does not filter.</summary>
public record PurgeInstancesFilter(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null)
{
    /// <summary>How long one call may purge before it returns with what it has done; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}

namespace Microsoft.DurableTask.Client;

/// <summary>Which instances a query returns; whatever is null does not filter.</summary>
/// <param name="CreatedFrom">Inclusive.</param>
/// <param name="CreatedTo">Inclusive.</param>
/// <param name="TaskHubNames">Not used by the embedded host, which has one task hub.</param>
public record OrchestrationQuery(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null,
    IEnumerable<string>? TaskHubNames = null,
    string? InstanceIdPrefix = null,
    int PageSize = OrchestrationQuery.DefaultPageSize,
    bool FetchInputsAndOutputs = false,
    string? ContinuationToken = null)
{
    public const int DefaultPageSize = 100;
}

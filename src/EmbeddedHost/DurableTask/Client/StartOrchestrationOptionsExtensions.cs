namespace Microsoft.DurableTask.Client;

/// <summary>Typed dedupe statuses.</summary>
public static class StartOrchestrationOptionsExtensions
{
    /// <summary>The statuses that <see cref="WithDedupeStatuses"/> takes.</summary>
    public static readonly IReadOnlyList<OrchestrationRuntimeStatus> ValidDedupeStatuses =
        Array.AsReadOnly(Enum.GetValues<OrchestrationRuntimeStatus>().Where(status => (int)status != ContinuedAsNew).ToArray());

    private const int ContinuedAsNew = 2;

    public static StartOrchestrationOptions WithDedupeStatuses(
        this StartOrchestrationOptions options, params OrchestrationRuntimeStatus[] dedupeStatuses)
        => options with { DedupeStatuses = [.. dedupeStatuses.Select(status => status.ToString())] };
}

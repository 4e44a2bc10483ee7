namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>Which events are wanted: a span of time, and at most one of the others, since Azure knows no more.</summary>
/// <param name="From">The first moment, 90 days ago at most.</param>
/// <param name="To">The last moment.</param>
public sealed record ActivityLogFilter(DateTimeOffset From, DateTimeOffset To)
{
    public string? ResourceGroup { get; init; }

    /// <summary>A resource's full id.</summary>
    public string? ResourceId { get; init; }

    /// <summary>For example <c>Microsoft.Web</c>.</summary>
    public string? ResourceProvider { get; init; }

    public string? CorrelationId { get; init; }
}

/// <param name="Continuation">Where the next page begins; <see langword="null"/> after the last.</param>
public sealed record ActivityLogPage(IReadOnlyList<ActivityLogEvent> Events, string? Continuation);

/// <param name="Id">The event's own id.</param>
/// <param name="Level">Azure's word: <c>Critical</c>, <c>Error</c>, <c>Warning</c>, <c>Informational</c> or <c>Verbose</c>.</param>
/// <param name="Operation">For example <c>Microsoft.Web/sites/restart/Action</c>.</param>
/// <param name="Status">For example <c>Started</c>, <c>Succeeded</c> or <c>Failed</c>.</param>
public sealed record ActivityLogEvent(string Id, DateTimeOffset Timestamp, string Level, string Operation, string Status)
{
    /// <summary>For example <c>Conflict (HTTP Status Code: 409)</c>.</summary>
    public string? SubStatus { get; init; }

    public string? Category { get; init; }

    /// <summary>The user's name or the application's id.</summary>
    public string? Caller { get; init; }

    public string? ResourceId { get; init; }

    public string? ResourceGroup { get; init; }

    public string? CorrelationId { get; init; }

    public string? Description { get; init; }
}

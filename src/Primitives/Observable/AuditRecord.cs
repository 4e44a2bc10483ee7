using System.Text.Json.Serialization;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Observable;

/// <summary>Who did what, when, and what came of it. Inputs and outputs are left out, since they may hold secrets.</summary>
public sealed record AuditRecord
{
    /// <summary>Identifies the record: one that comes twice is the same one.</summary>
    public required Guid Id { get; init; }

    public required string CorrelationId { get; init; }

    /// <summary>The acting agent and those that it acted for, from L0 down, with <c>/</c> between them.</summary>
    public required string Path { get; init; }

    public required string Operation { get; init; }

    /// <summary>What it was done to, where the operation says so.</summary>
    public string? Subject { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required TimeSpan Duration { get; init; }

    public required OperationOutcome Outcome { get; init; }

    /// <summary>What went wrong; null unless the outcome is <see cref="OperationOutcome.Failed"/>.</summary>
    public Failure? Failure { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<OperationOutcome>))]
public enum OperationOutcome
{
    Succeeded,

    Failed,

    Cancelled,
}

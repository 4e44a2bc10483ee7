using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>A turn that has run and waits to be stored.</summary>
/// <param name="Number">Its place in the history, from zero.</param>
/// <param name="Mail">What it consumed, wake-ups included.</param>
/// <param name="Arrivals">What goes into the history.</param>
/// <param name="Owed">How many activities have been asked for and not answered after it.</param>
/// <param name="ChangesInstance">Whether it leaves another status or custom status than the turn before it.</param>
/// <param name="Spans">What tracing is to be told once it is on disk.</param>
internal sealed record Turn(
    long Sequence,
    OrchestrationIdentity Identity,
    ParentLink? Parent,
    int Number,
    DateTime At,
    IReadOnlyList<Mail> Mail,
    IReadOnlyList<Arrival> Arrivals,
    IReadOnlyList<Decision> Decisions,
    OrchestrationRuntimeStatus Status,
    string? CustomStatus,
    int Owed,
    bool ChangesInstance,
    TurnSpans? Spans = null)
{
    public bool IsContinuedAsNew => Decisions is [.., ContinuedAsNew];

    public bool IsEnd => Decisions is [.., ExecutionCompleted];
}

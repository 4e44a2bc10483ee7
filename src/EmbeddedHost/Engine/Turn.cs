using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>A turn that has run and waits to be stored.</summary>
/// <param name="FirstIndex">Where its events go in the history.</param>
/// <param name="Mail">What it consumed, wake-ups included.</param>
/// <param name="Arrivals">What goes into the history.</param>
internal sealed record Turn(
    long Sequence,
    OrchestrationIdentity Identity,
    ParentLink? Parent,
    int FirstIndex,
    DateTime At,
    IReadOnlyList<Mail> Mail,
    IReadOnlyList<Arrival> Arrivals,
    IReadOnlyList<Decision> Decisions,
    string? CustomStatus,
    bool IsSuspended)
{
    public bool IsContinuedAsNew => Decisions is [.., ContinuedAsNew];

    public bool IsEnd => Decisions is [.., ExecutionCompleted];

    public OrchestrationRuntimeStatus Status => Decisions is [.., ExecutionCompleted completed]
        ? completed.Status
        : IsSuspended ? OrchestrationRuntimeStatus.Suspended : OrchestrationRuntimeStatus.Running;
}

using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>A turn of an entity that has run and waits to be stored.</summary>
/// <param name="Mail">What it was woken by.</param>
/// <param name="Steps">What it did, in order; with its commit their messages are done with.</param>
/// <param name="Outcomes">One an operation among the steps.</param>
/// <param name="State">What it leaves; null: none.</param>
/// <param name="Lock">Who has it locked after it; null: nobody.</param>
/// <param name="HasMore">Whether there is something left to do now.</param>
internal sealed record EntityTurn(
    long Sequence,
    EntityInstanceId Id,
    DateTime At,
    IReadOnlyList<Mail> Mail,
    IReadOnlyList<EntityStep> Steps,
    IReadOnlyList<EntityOperationOutcome> Outcomes,
    string? State,
    EntityLock? Lock,
    bool HasMore);

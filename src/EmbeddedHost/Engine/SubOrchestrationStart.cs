using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>The start of a sub-orchestration as part of a change to its parent; refused while an instance with its id runs.</summary>
internal sealed class SubOrchestrationStart(long parent, OrchestrationIdentity identity, SubOrchestrationScheduled sub)
{
    public void Apply(StoreSession session, DateTime at, TurnEffects effects)
    {
        var existing = session.FindInstance(sub.InstanceId);
        if (existing is { IsFinished: false })
        {
            var refusal = new SubOrchestrationFailed(sub.TaskId, InstanceExists.Failure(sub.InstanceId, existing.Value.Status));
            if (session.InsertMessage(parent, refusal) is { } message)
            {
                effects.Messages.Add(message);
            }

            return;
        }

        if (existing is { } finished)
        {
            session.DeleteInstance(finished.Sequence);
        }

        var link = new ParentLink(parent, sub.TaskId, identity.InstanceId, identity.Name);
        var trace = identity.Trace is { } parentTrace ? ExecutionTrace.Under(parentTrace.Task(sub.TaskId)) : null;
        var started = session.InsertInstance(
            new NewInstance(sub.InstanceId, sub.Name, sub.Version, sub.Input, at, StartAt: null, sub.Tags, link, trace));
        effects.StartedInstances.Add((started, StartAt: null));
    }
}

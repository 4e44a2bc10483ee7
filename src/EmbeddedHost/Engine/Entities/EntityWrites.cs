using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>Puts a client's signal into an entity's inbox.</summary>
internal sealed class SignalWrite(DurableTaskEngine engine, EntityInstanceId entity, EntityOperationRequest signal) : ClientWrite<bool>(engine)
{
    private InboxMessage _message;

    public override void Apply(StoreSession session) => _message = session.InsertMessage(entity, signal, Engine.UtcNow);

    protected override bool Release()
    {
        Engine.Deliver(_message);
        return true;
    }
}

/// <summary>What a cleaning of entities did.</summary>
internal sealed record EntityCleaning(int Removed, int Released);

/// <summary>Removes those of some entities that are empty, and has those release their locks whose holders are no more.</summary>
internal sealed class CleanEntitiesWrite(DurableTaskEngine engine, IReadOnlyList<long> sequences, bool removesEmpty, bool releasesLocks)
    : ClientWrite<EntityCleaning>(engine)
{
    private readonly List<InboxMessage> _releases = [];
    private int _removed;

    public override void Apply(StoreSession session)
    {
        _releases.Clear();
        _removed = 0;
        foreach (var sequence in sequences)
        {
            if (releasesLocks && session.ReleaseOrphanedLock(sequence) is { } release)
            {
                _releases.Add(release);
            }

            if (removesEmpty && session.DeleteEmptyEntity(sequence))
            {
                _removed++;
            }
        }
    }

    protected override EntityCleaning Release()
    {
        foreach (var release in _releases)
        {
            Engine.Deliver(release);
        }

        return new EntityCleaning(_removed, _releases.Count);
    }
}

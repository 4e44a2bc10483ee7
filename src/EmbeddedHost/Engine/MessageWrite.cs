using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Puts an arrival into an instance's inbox, for an engine that takes turns to find.</summary>
internal sealed class MessageWrite(DurableTaskEngine engine, long sequence, Arrival arrival) : ClientWrite<bool>(engine)
{
    private bool _isStored;

    public override void Apply(StoreSession session) => _isStored = session.InsertMessage(sequence, arrival) is not null;

    /// <returns>False if the instance is gone or has ended.</returns>
    protected override bool Release() => _isStored;
}

using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Deletes the messages and timers of an instance that has ended or is gone.</summary>
internal sealed class OrphanWrite(long sequence, IReadOnlyList<Mail> mail) : StoreWrite
{
    public override void Apply(StoreSession session)
    {
        foreach (var item in mail)
        {
            if (item.MessageId is { } message)
            {
                session.DeleteMessage(message);
            }
            else if (item.Arrival is TimerFired fired)
            {
                session.DeleteTimer(sequence, fired.TaskId);
            }
        }
    }

    public override void Committed()
    {
    }

    /// <summary>The next start finds them again.</summary>
    public override void Failed(Exception exception)
    {
    }
}

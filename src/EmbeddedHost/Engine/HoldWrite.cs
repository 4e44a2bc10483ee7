using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Puts what came for an instance that takes no turn yet into its inbox; a timer that fired has a row of its own.</summary>
internal sealed class HoldWrite(LiveInstance instance, List<Mail> mail) : StoreWrite
{
    private readonly List<Mail> _stored = [];

    public override void Apply(StoreSession session)
    {
        _stored.Clear();
        foreach (var item in mail)
        {
            if (item is { MessageId: not null } or { Arrival: TimerFired })
            {
                _stored.Add(item);
            }
            else if (item.Arrival is { } arrival && session.InsertMessage(instance.Sequence, arrival) is { } message)
            {
                _stored.Add(new Mail(arrival, message.MessageId));
            }
        }
    }

    public override void Committed() => instance.Held(mail, _stored);

    public override void Failed(Exception exception) => instance.TryAgain(mail, exception);
}

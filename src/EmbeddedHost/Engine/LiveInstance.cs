using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>An instance in memory: a mailbox, and the suspended orchestrator.</summary>
internal sealed class LiveInstance(long sequence, DurableTaskEngine engine) : Mailbox(sequence, engine)
{
    private readonly List<Mail> _heldUntilStart = [];
    private LoadedInstance? _loaded;

    public override string Name => _loaded?.Identity.InstanceId ?? base.Name;

    protected override bool HoldsMail => _heldUntilStart.Count > 0;

    public override void Schedule() => Engine.Schedule(this);

    public void TakeTurn()
    {
        var mail = TakeMail();
        try
        {
            Handle(mail);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            TryAgain(mail, exception);
        }
    }

    protected override void Forget() => _loaded = null;

    private void Handle(List<Mail> mail)
    {
        _loaded ??= Load();
        if (_loaded is null)
        {
            Retire(mail);
            return;
        }

        if (mail.Exists(static item => item.ResumesActivities))
        {
            Engine.Dispatch(_loaded.ActivitiesOpenAfter(mail));
        }

        if (IsHeldUntilStart(_loaded, mail))
        {
            Hold(mail);
            return;
        }

        if (!_loaded.IsDue && mail.TrueForAll(static item => item.Arrival is null))
        {
            GoOn();
            Settle(mail);
            return;
        }

        Engine.Work.Begin(_heldUntilStart.Count);
        mail.InsertRange(0, _heldUntilStart);
        _heldUntilStart.Clear();
        Engine.Store.WriteHere(new TurnWrite(this, _loaded.TakeTurn(Engine.UtcNow, mail)));
    }

    /// <param name="effects">Null if this start of the instance is gone from the store.</param>
    public void Committed(Turn turn, TurnEffects? effects)
    {
        if (effects is not null && turn.Spans is { } spans)
        {
            // Whoever listens runs code of theirs: not on the writer's thread.
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    Engine.Trace(spans, turn.Identity.InstanceId);
                    Release(turn, effects);
                },
                state: null);
            return;
        }

        Release(turn, effects);
    }

    private void Release(Turn turn, TurnEffects? effects)
    {
        if (effects is not null)
        {
            Engine.Metrics.TurnTaken();
            if (turn.IsContinuedAsNew)
            {
                KeepAheadOfLaterMail(effects.Messages);
            }

            Engine.Release(effects);
        }

        if (effects is null || turn.IsEnd)
        {
            Settle(turn.Mail);
            Retire([]);
            return;
        }

        if (turn.Number == 0)
        {
            Engine.Waiters.Notify(turn.Identity.InstanceId, turn.Status);
        }

        if (turn.IsContinuedAsNew)
        {
            _loaded = null;
            Engine.Post(Sequence, Mail.WakeUp);
        }

        GoOn();
        Settle(turn.Mail);
    }

    /// <summary>Events that the next execution takes over came before all that has come during the commit.</summary>
    private void KeepAheadOfLaterMail(List<InboxMessage> messages)
    {
        var own = messages.Where(message => message.Sequence == Sequence).ToList();
        messages.RemoveAll(message => message.Sequence == Sequence);
        Engine.Work.Begin(own.Count);
        PutBack([.. own.Select(static message => new Mail(message.Arrival, message.MessageId))]);
    }

    /// <returns>Null if it has ended, or is gone.</returns>
    private LoadedInstance? Load()
    {
        var stored = Engine.Store.Load(Sequence);
        return stored is null || stored.Status.IsFinished()
            ? null
            : new LoadedInstance(
                stored, Engine.Store.History(Sequence), Engine.Environment, () => Engine.Post(Sequence, Mail.WakeUp));
    }

    private bool IsHeldUntilStart(LoadedInstance loaded, List<Mail> mail)
        => !loaded.IsStarted && loaded.StartAt > Engine.UtcNow && !mail.Exists(static item => item.Arrival is ExecutionTerminated);

    /// <summary>The instance starts later: what has come until then waits in the inbox.</summary>
    private void Hold(List<Mail> mail)
    {
        if (mail.TrueForAll(static item => item.Arrival is null))
        {
            GoOn();
            Settle(mail);
            return;
        }

        Engine.Store.Write(new HoldWrite(this, mail));
    }

    public void Held(List<Mail> mail, IEnumerable<Mail> stored)
    {
        _heldUntilStart.AddRange(stored);
        GoOn();
        Settle(mail);
    }
}

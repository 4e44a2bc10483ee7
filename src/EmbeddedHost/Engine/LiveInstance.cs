using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>An instance in memory: a mailbox, and the suspended orchestrator.</summary>
internal sealed class LiveInstance(long sequence, DurableTaskEngine engine) : Mailbox(sequence, engine)
{
    private StartWrite? _start;
    private readonly List<Mail> _heldUntilStart = [];
    private volatile LoadedInstance? _loaded;
    private volatile OrchestrationIdentity? _identity;

    public override long Bytes => _loaded?.Bytes ?? 0;

    protected override bool HoldsMail => _heldUntilStart.Count > 0;

    public override string ToString() => _identity is { } identity
        ? $"'{identity.InstanceId}' of orchestrator '{identity.Name}'"
        : base.ToString();

    /// <summary>An instance that is not on disk yet: its start waits for the first turn, to be written with it.</summary>
    public static LiveInstance WithStart(StartWrite start, DurableTaskEngine engine) => new(start.Sequence, engine) { _start = start };

    public override void Schedule() => Engine.Schedule(this);

    /// <summary>Writes the start without the first turn, which is late or has failed.</summary>
    public void StartAlone()
    {
        if (Interlocked.Exchange(ref _start, null) is not { } start)
        {
            return;
        }

        try
        {
            Engine.Store.Write(start);
        }
        catch (InvalidOperationException exception)
        {
            start.Failed(exception);
        }
    }

    public void TakeTurn()
    {
        var mail = TakeMail();
        try
        {
            Handle(mail);
        }
        catch (Exception exception)
        {
            StartAlone();
            RetryTurn(mail, exception);
        }
    }

    protected override void Forget() => _loaded = null;

    private void Handle(List<Mail> mail)
    {
        if ((_loaded ??= Load()) is not { } loaded)
        {
            DropOrphans(mail);
            Retire(mail);
            return;
        }

        if (mail.Exists(static item => item.ResumesActivities))
        {
            Engine.Dispatch(loaded.ActivitiesOpenAfter(mail));
        }

        if (TakesNoTurn(loaded) && !mail.Exists(static item => item.Arrival is ExecutionTerminated || item.Damage is not null))
        {
            Hold(mail);
            return;
        }

        if (!loaded.IsDue && mail.TrueForAll(static item => item.IsEmpty))
        {
            GoOn();
            Settle(mail);
            return;
        }

        Engine.Work.Begin(_heldUntilStart.Count);
        mail.InsertRange(0, _heldUntilStart);
        _heldUntilStart.Clear();
        var turn = loaded.TakeTurn(Engine.UtcNow, mail);
        var events = TurnWrite.Pack(turn, Engine.Store.MaxTurnBytes);
        TurnTooLargeException? defect = null;
        while (events.Size > Engine.Store.MaxTurnBytes)
        {
            // The code has gone further than can be stored: back to what is on disk, and from there with less at once, or to an end.
            if ((loaded = _loaded = Load()) is null)
            {
                DropOrphans(mail);
                Retire(mail);
                return;
            }

            if (mail.Count > 1)
            {
                var half = mail.Count / 2;
                PutAhead(mail[half..]);
                mail.RemoveRange(half, mail.Count - half);
            }
            else
            {
                defect = defect is null ? new TurnTooLargeException(loaded.Identity, events.Size, Engine.Store.MaxTurnBytes) : throw defect;
                loaded.GiveUp(defect);
            }

            turn = loaded.TakeTurn(Engine.UtcNow, mail);
            events = TurnWrite.Pack(turn, Engine.Store.MaxTurnBytes);
        }

        var start = Interlocked.Exchange(ref _start, null);
        start?.HasFirstTurn = true;
        var write = new TurnWrite(this, turn, events.Bytes, start);
        loaded.Grow(events.Size);
        Engine.WatchHistory(loaded);
        try
        {
            Engine.Store.WriteHere(write);
        }
        catch (ObjectDisposedException exception)
        {
            start?.Failed(exception);
            throw;
        }
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
        TurnStored();
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
        PutAhead(own.Select(static message => new Mail(message.Arrival, message.MessageId)));
    }

    /// <returns>Null if it has ended, or is gone.</returns>
    private LoadedInstance? Load()
    {
        var start = Volatile.Read(ref _start);
        var stored = start?.Instance ?? Engine.Store.Load(Sequence);
        if (stored is null || stored.Status.IsFinished())
        {
            return null;
        }

        _identity = stored.Identity;
        var loaded = new LoadedInstance(stored, Engine.Environment, () => Engine.Post(Sequence, Mail.WakeUp));
        try
        {
            loaded.Replay(start is null ? Engine.Store.History(Sequence) : []);
        }
        catch (UnreadableRecordException exception)
        {
            loaded.GiveUp(exception, Engine.Store.TurnCount(Sequence));
        }

        return loaded;
    }

    /// <summary>Mail for an instance that has ended or is gone came from rows that nothing else would delete.</summary>
    private void DropOrphans(List<Mail> mail)
    {
        if (mail.Exists(static item => item.MessageId is not null || item.Arrival is TimerFired))
        {
            Engine.Store.Write(new OrphanWrite(Sequence, mail));
        }
    }

    private bool TakesNoTurn(LoadedInstance loaded)
        => loaded.IsFunctionMissing || (!loaded.IsStarted && loaded.StartAt > Engine.UtcNow);

    /// <summary>The instance starts later, or its function is missing: what has come until then waits in the inbox.</summary>
    private void Hold(List<Mail> mail)
    {
        if (mail.TrueForAll(static item => item.IsEmpty))
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

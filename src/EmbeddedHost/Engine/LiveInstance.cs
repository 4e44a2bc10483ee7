using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// An instance in memory: a mailbox, and the suspended orchestrator. It takes one turn at a time, each over all mail that has come since,
/// and the next one only when the last is on disk.
/// </summary>
internal sealed class LiveInstance(long sequence, DurableTaskEngine engine)
{
    private readonly Lock _gate = new();
    private readonly List<Mail> _heldUntilStart = [];
    private List<Mail> _mail = [];
    private bool _isScheduled;
    private bool _isRetired;
    private LoadedInstance? _loaded;

    public long Sequence => sequence;

    /// <summary>Its place among those that may be evicted; set and read by the engine alone.</summary>
    public LinkedListNode<LiveInstance>? EvictionPlace { get; set; }

    /// <returns>False if this object is retired: look the instance up again.</returns>
    public bool TryPost(params ReadOnlySpan<Mail> mail)
    {
        lock (_gate)
        {
            if (_isRetired)
            {
                return false;
            }

            _mail.AddRange(mail);
            if (_isScheduled)
            {
                return true;
            }

            _isScheduled = true;
        }

        engine.Schedule(this);
        return true;
    }

    /// <returns>True if it had nothing to do and is now out of use.</returns>
    public bool TryEvict()
    {
        lock (_gate)
        {
            if (_isScheduled || _heldUntilStart.Count > 0)
            {
                return false;
            }

            _isRetired = true;
            return true;
        }
    }

    public void TakeTurn()
    {
        List<Mail> mail;
        lock (_gate)
        {
            (mail, _mail) = (_mail, []);
        }

        try
        {
            Handle(mail);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            TryAgain(mail, exception);
        }
    }

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
            engine.Dispatch(_loaded.ActivitiesOpenAfter(mail));
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

        engine.Work.Begin(_heldUntilStart.Count);
        mail.InsertRange(0, _heldUntilStart);
        _heldUntilStart.Clear();
        engine.Store.WriteHere(new TurnWrite(this, _loaded.TakeTurn(engine.UtcNow, mail)));
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
                    engine.Trace(spans, turn.Identity.InstanceId);
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
            engine.Metrics.TurnTaken();
            if (turn.IsContinuedAsNew)
            {
                KeepAheadOfLaterMail(effects.Messages);
            }

            engine.Release(effects);
        }

        if (effects is null || turn.IsEnd)
        {
            Settle(turn.Mail);
            Retire([]);
            return;
        }

        if (turn.Number == 0)
        {
            engine.Waiters.Notify(turn.Identity.InstanceId, turn.Status);
        }

        if (turn.IsContinuedAsNew)
        {
            _loaded = null;
            engine.Post(sequence, Mail.WakeUp);
        }

        GoOn();
        Settle(turn.Mail);
    }

    /// <summary>Events that the next execution takes over came before all that has come during the commit.</summary>
    private void KeepAheadOfLaterMail(List<InboxMessage> messages)
    {
        var own = messages.Where(message => message.Sequence == sequence).ToList();
        messages.RemoveAll(message => message.Sequence == sequence);
        engine.Work.Begin(own.Count);
        lock (_gate)
        {
            _mail.InsertRange(0, own.Select(static message => new Mail(message.Arrival, message.MessageId)));
        }
    }

    /// <summary>What a caller waits for is refused, for it can ask again; all else is tried again by itself.</summary>
    public void TryAgain(IReadOnlyList<Mail> mail, Exception exception)
    {
        var name = _loaded?.Identity.InstanceId ?? $"number {sequence}";
        _loaded = null;
        var refused = mail.Where(static item => item.Acknowledgement is not null).ToList();
        lock (_gate)
        {
            _mail.InsertRange(0, mail.Where(static item => item.Acknowledgement is null));
        }

        engine.RetryLater(this, name, exception);
        foreach (var item in refused)
        {
            item.Acknowledgement!.TrySetException(exception);
        }

        engine.Work.End(refused.Count);
    }

    /// <returns>Null if it has ended, or is gone.</returns>
    private LoadedInstance? Load()
    {
        var stored = engine.Store.Load(sequence);
        return stored is null || stored.Status.IsFinished()
            ? null
            : new LoadedInstance(
                stored, engine.Store.History(sequence), engine.Environment, () => engine.Post(sequence, Mail.WakeUp));
    }

    private bool IsHeldUntilStart(LoadedInstance loaded, List<Mail> mail)
        => !loaded.IsStarted && loaded.StartAt > engine.UtcNow && !mail.Exists(static item => item.Arrival is ExecutionTerminated);

    /// <summary>The instance starts later: what has come until then waits in the inbox.</summary>
    private void Hold(List<Mail> mail)
    {
        if (mail.TrueForAll(static item => item.Arrival is null))
        {
            GoOn();
            Settle(mail);
            return;
        }

        engine.Store.Write(new HoldWrite(this, mail));
    }

    public void Held(List<Mail> mail, IEnumerable<Mail> stored)
    {
        _heldUntilStart.AddRange(stored);
        GoOn();
        Settle(mail);
    }

    private void GoOn()
    {
        lock (_gate)
        {
            if (_mail.Count > 0)
            {
                engine.Schedule(this);
                return;
            }

            _isScheduled = false;
        }

        engine.KeepInMemory(this);
    }

    private void Retire(List<Mail> mail)
    {
        lock (_gate)
        {
            _isRetired = true;
            mail = [.. mail, .. _mail];
            _mail.Clear();
        }

        engine.Remove(this);
        Settle(mail);
    }

    private void Settle(IReadOnlyList<Mail> mail)
    {
        foreach (var item in mail)
        {
            item.Acknowledgement?.TrySetResult();
        }

        engine.Work.End(mail.Count);
    }
}

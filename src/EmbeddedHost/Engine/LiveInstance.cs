using System.Globalization;
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
    private bool _waitsForStore;
    private int _failedTurns;
    private volatile LoadedInstance? _loaded;
    private volatile OrchestrationIdentity? _identity;

    public long Sequence => sequence;

    public CacheEntry Cached => field ??= new CacheEntry(this);

    /// <summary>What it stands for in memory.</summary>
    public long Bytes => _loaded?.Bytes ?? 0;

    public override string ToString() => _identity is { } identity
        ? $"'{identity.InstanceId}' of orchestrator '{identity.Name}'"
        : string.Create(CultureInfo.InvariantCulture, $"number {sequence}");

    /// <returns>False if this object is retired: look the instance up again.</returns>
    public bool TryPost(params ReadOnlySpan<Mail> mail)
    {
        bool isAwaited;
        lock (_gate)
        {
            if (_isRetired)
            {
                return false;
            }

            _mail.AddRange(mail);
            isAwaited = _waitsForStore && mail is [{ Acknowledgement: not null }, ..];
            if (_isScheduled && !isAwaited)
            {
                return true;
            }

            _isScheduled = true;
        }

        if (isAwaited)
        {
            engine.RetryNow(this);
        }
        else
        {
            engine.Schedule(this);
        }

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
            _waitsForStore = false;
        }

        try
        {
            Handle(mail);
        }
        catch (Exception exception)
        {
            PutBack(mail, exception);
            engine.RetryLater(this, ++_failedTurns, exception);
        }
    }

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
            engine.Dispatch(loaded.ActivitiesOpenAfter(mail));
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

        engine.Work.Begin(_heldUntilStart.Count);
        mail.InsertRange(0, _heldUntilStart);
        _heldUntilStart.Clear();
        var write = WriteTurn(loaded, mail);
        TurnTooLargeException? defect = null;
        while (!write.Fits)
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
                defect = defect is null ? new TurnTooLargeException(loaded.Identity, write.Bytes, engine.Store.MaxTurnBytes) : throw defect;
                loaded.GiveUp(defect);
            }

            write = WriteTurn(loaded, mail);
        }

        loaded.Grow(write.Bytes);
        engine.WatchHistory(loaded);
        engine.Store.WriteHere(write);
    }

    private TurnWrite WriteTurn(LoadedInstance loaded, List<Mail> mail)
        => new(this, loaded.TakeTurn(engine.UtcNow, mail), engine.Store.MaxTurnBytes);

    /// <summary>Puts mail before all that has come since.</summary>
    private void PutAhead(IEnumerable<Mail> mail)
    {
        lock (_gate)
        {
            _mail.InsertRange(0, mail);
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
        _failedTurns = 0;
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
        PutAhead(own.Select(static message => new Mail(message.Arrival, message.MessageId)));
    }

    /// <summary>A change of this instance could not be stored.</summary>
    public void TryAgain(IReadOnlyList<Mail> mail, Exception exception)
    {
        PutBack(mail, exception);
        if (exception is not DurableStoreException)
        {
            engine.RetryLater(this, ++_failedTurns, exception);
            return;
        }

        if (!engine.WaitForStore(this))
        {
            return;
        }

        bool isAwaited;
        lock (_gate)
        {
            _waitsForStore = true;
            isAwaited = _mail.Exists(static item => item.Acknowledgement is not null);
        }

        if (isAwaited)
        {
            engine.RetryNow(this);
        }
    }

    /// <summary>Drops what it holds: the engine stops, and the next start takes it from disk.</summary>
    public void Abandon(Exception reason)
    {
        List<Mail> mail;
        lock (_gate)
        {
            _isRetired = true;
            (mail, _mail) = (_mail, []);
        }

        engine.Remove(this);
        mail.ForEach(item => item.Acknowledgement?.TrySetException(reason));
        engine.Work.End(mail.Count);
    }

    /// <summary>What a caller waits for is refused, for it can ask again; all else is tried again by itself.</summary>
    private void PutBack(IReadOnlyList<Mail> mail, Exception exception)
    {
        _loaded = null;
        lock (_gate)
        {
            _mail.InsertRange(0, mail.Where(static item => item.Acknowledgement is null));
        }

        var refused = mail.Where(static item => item.Acknowledgement is not null).ToList();
        refused.ForEach(item => item.Acknowledgement!.TrySetException(exception));
        engine.Work.End(refused.Count);
    }

    /// <returns>Null if it has ended, or is gone.</returns>
    private LoadedInstance? Load()
    {
        var stored = engine.Store.Load(sequence);
        if (stored is null || stored.Status.IsFinished())
        {
            return null;
        }

        _identity = stored.Identity;
        var loaded = new LoadedInstance(stored, engine.Environment, () => engine.Post(sequence, Mail.WakeUp));
        try
        {
            loaded.Replay(engine.Store.History(sequence));
        }
        catch (UnreadableRecordException exception)
        {
            loaded.GiveUp(exception, engine.Store.TurnCount(sequence));
        }

        return loaded;
    }

    /// <summary>Mail for an instance that has ended or is gone came from rows that nothing else would delete.</summary>
    private void DropOrphans(List<Mail> mail)
    {
        if (mail.Exists(static item => item.MessageId is not null || item.Arrival is TimerFired))
        {
            engine.Store.Write(new OrphanWrite(sequence, mail));
        }
    }

    private bool TakesNoTurn(LoadedInstance loaded)
        => loaded.IsFunctionMissing || (!loaded.IsStarted && loaded.StartAt > engine.UtcNow);

    /// <summary>The instance starts later, or its function is missing: what has come until then waits in the inbox.</summary>
    private void Hold(List<Mail> mail)
    {
        if (mail.TrueForAll(static item => item.IsEmpty))
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

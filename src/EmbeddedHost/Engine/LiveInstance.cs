using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

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

    private StoredInstance? _stored;
    private OrchestrationExecutor? _executor;
    private int _historyLength;
    private DateTime _lastTurnAt;
    private string? _customStatus;

    public long Sequence => sequence;

    /// <summary>Its place among those that may be evicted; set and read by the engine alone.</summary>
    public LinkedListNode<LiveInstance>? EvictionPlace { get; set; }

    /// <returns>False if this object is retired: look the instance up again.</returns>
    public bool TryPost(Mail mail)
    {
        lock (_gate)
        {
            if (_isRetired)
            {
                return false;
            }

            _mail.Add(mail);
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
        if (!TryLoad(out var failure))
        {
            Retire(mail);
            return;
        }

        if (failure is null && IsHeldUntilStart(mail))
        {
            Hold(mail);
            return;
        }

        engine.Work.Begin(_heldUntilStart.Count);
        mail.InsertRange(0, _heldUntilStart);
        _heldUntilStart.Clear();
        engine.Store.Write(new TurnWrite(this, RunTurn(mail, failure)));
    }

    /// <param name="effects">Null if this start of the instance is gone from the store.</param>
    public void Committed(Turn turn, TurnEffects? effects)
    {
        if (effects is not null)
        {
            engine.Release(effects);
        }

        if (effects is null || turn.IsEnd)
        {
            Settle(turn.Mail);
            Retire([]);
            return;
        }

        _historyLength += 1 + turn.Arrivals.Count + turn.Decisions.Count;
        if (turn.FirstIndex == 0)
        {
            engine.Waiters.Notify(turn.Identity.InstanceId, turn.Status);
        }

        if (turn.IsContinuedAsNew)
        {
            Unload();
            engine.Post(sequence, Mail.WakeUp);
        }

        GoOn();
        Settle(turn.Mail);
    }

    public void TryAgain(IReadOnlyList<Mail> mail, Exception exception)
    {
        var name = _stored?.Identity.InstanceId ?? $"number {sequence}";
        Unload();
        lock (_gate)
        {
            _mail.InsertRange(0, mail);
        }

        engine.RetryLater(this, name, exception);
    }

    private bool IsStarted => _historyLength > 0;

    private bool TryLoad(out Exception? failure)
    {
        failure = null;
        if (_executor is not null)
        {
            return true;
        }

        _stored = engine.Store.Load(sequence);
        if (_stored is null || _stored.Status.IsFinished())
        {
            return false;
        }

        _historyLength = _stored.History.Count;
        _customStatus = _stored.CustomStatus;
        _executor = new OrchestrationExecutor(
            _stored.Identity, engine.Environment, _customStatus, () => engine.Post(sequence, Mail.WakeUp));
        try
        {
            _executor.Replay(_stored.History);
        }
        catch (NonDeterministicOrchestrationException exception)
        {
            failure = exception;
        }

        _lastTurnAt = _stored.History.OfType<TurnStarted>().LastOrDefault()?.At ?? DateTime.MinValue;
        _stored = _stored with { History = [] };
        return true;
    }

    private void Unload()
    {
        _executor = null;
        _stored = null;
    }

    private Turn RunTurn(List<Mail> mail, Exception? failure)
    {
        var stored = _stored!;
        var at = engine.UtcNow < _lastTurnAt ? _lastTurnAt : engine.UtcNow;
        List<Arrival> arrivals = [.. mail.Select(static item => item.Arrival).OfType<Arrival>()];
        if (!IsStarted)
        {
            arrivals.Insert(0, new ExecutionStarted());
        }

        var result = Decide(at, arrivals, failure);
        _lastTurnAt = at;
        _customStatus = result.CustomStatus;
        return new Turn(
            sequence, stored.Identity, stored.Parent, _historyLength, at, mail, arrivals, result.Decisions, result.CustomStatus, result.IsSuspended);
    }

    private TurnResult Decide(DateTime at, List<Arrival> arrivals, Exception? failure)
    {
        if (failure is not null)
        {
            return Ended(new ExecutionCompleted(OrchestrationRuntimeStatus.Failed, null, TaskFailureDetails.FromException(failure)));
        }

        if (arrivals.OfType<ExecutionTerminated>().FirstOrDefault() is { } terminated)
        {
            return Ended(new ExecutionCompleted(OrchestrationRuntimeStatus.Terminated, terminated.Output, null));
        }

        return _executor!.RunTurn(at, arrivals, isReplay: false);
    }

    private TurnResult Ended(ExecutionCompleted end) => new([end], _customStatus, IsSuspended: false);

    private bool IsHeldUntilStart(List<Mail> mail)
        => !IsStarted && _stored!.StartAt > engine.UtcNow && !mail.Exists(static item => item.Arrival is ExecutionTerminated);

    /// <summary>The instance starts later: what has come until then waits in the inbox.</summary>
    private void Hold(List<Mail> mail)
    {
        var arrivals = mail.Where(static item => item.Arrival is not null).ToList();
        if (arrivals.Count == 0)
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

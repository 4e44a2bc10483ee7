namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// Instances whose last turn could not be taken or stored. Those that wait for the store are tried together, and at once when it is back;
/// one with a defect of its own is tried alone, ever less often.
/// </summary>
internal sealed class TurnRetries(TimeProvider time, Action<Mailbox> retry)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestOutageDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestDefectDelay = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<Mailbox, ITimer> _defective = [];
    private HashSet<Mailbox> _waitingForStore = [];
    private ITimer? _outageTimer;
    private int _outageAttempts;
    private bool _isStopped;

    /// <returns>False if the engine stops: then nothing is tried again.</returns>
    public bool TryWaitForStore(Mailbox instance)
    {
        lock (_gate)
        {
            if (_isStopped)
            {
                return false;
            }

            _waitingForStore.Add(instance);
            _outageTimer ??= time.CreateTimer(
                _ => RetryWaiting(isOver: false), state: null, Delay(_outageAttempts++, LongestOutageDelay), Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    /// <param name="attempts">How often its turn has failed in a row.</param>
    /// <param name="delay">When it is tried again.</param>
    /// <inheritdoc cref="TryWaitForStore"/>
    public bool TryWait(Mailbox instance, int attempts, out TimeSpan delay)
    {
        delay = Delay(attempts - 1, LongestDefectDelay);
        lock (_gate)
        {
            if (_isStopped)
            {
                return false;
            }

            _defective[instance] = time.CreateTimer(_ => Retry(instance), state: null, delay, Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    /// <returns>False if it does not wait.</returns>
    public bool TryTakeBack(Mailbox instance)
    {
        lock (_gate)
        {
            if (_defective.Remove(instance, out var timer))
            {
                timer.Dispose();
                return true;
            }

            return _waitingForStore.Remove(instance);
        }
    }

    /// <summary>The store can be written again.</summary>
    public void StoreIsBack() => RetryWaiting(isOver: true);

    /// <returns>What waited; it is not tried again.</returns>
    public IReadOnlyList<Mailbox> Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
            _outageTimer?.Dispose();
            foreach (var timer in _defective.Values)
            {
                timer.Dispose();
            }

            Mailbox[] waiting = [.. _waitingForStore, .. _defective.Keys];
            _waitingForStore.Clear();
            _defective.Clear();
            return waiting;
        }
    }

    private static TimeSpan Delay(int attempts, TimeSpan longest)
    {
        const int MaxDoublings = 16;
        var delay = FirstDelay * (1 << Math.Min(attempts, MaxDoublings));
        return delay < longest ? delay : longest;
    }

    private void RetryWaiting(bool isOver)
    {
        HashSet<Mailbox> waiting;
        lock (_gate)
        {
            _outageTimer?.Dispose();
            _outageTimer = null;
            _outageAttempts = isOver ? 0 : _outageAttempts;
            (waiting, _waitingForStore) = (_waitingForStore, []);
        }

        foreach (var instance in waiting)
        {
            retry(instance);
        }
    }

    private void Retry(Mailbox instance)
    {
        if (TryTakeBack(instance))
        {
            retry(instance);
        }
    }
}

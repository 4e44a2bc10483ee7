using System.Collections.Concurrent;

namespace AtomicDevOps.LocalForge.Faults;

/// <summary>What a fault does to a request.</summary>
public enum FaultKind
{
    /// <summary>Answers <see cref="Fault.StatusCode"/> and does nothing.</summary>
    Status,

    /// <summary>Drops the connection and does nothing.</summary>
    Drop,

    /// <summary>Waits <see cref="Fault.Delay"/>, or until the fault is lifted, then goes on as usual.</summary>
    Slow,

    /// <summary>Does what was asked, then drops the connection instead of answering.</summary>
    LoseAnswer,

    /// <summary>Does what was asked, then keeps the answer back until the fault is lifted or the caller leaves.</summary>
    HoldAnswer,

    /// <summary>403 with no requests remaining and <c>x-ratelimit-reset</c> after <see cref="Fault.Delay"/>.</summary>
    PrimaryRateLimit,

    /// <summary>403 with <c>retry-after</c> of <see cref="Fault.Delay"/>.</summary>
    SecondaryRateLimit,
}

/// <summary>Trouble to make. It hits the requests that match, <see cref="Times"/> times or until it is lifted.</summary>
public sealed record Fault(FaultKind Kind)
{
    public int StatusCode { get; init; } = 503;

    public TimeSpan Delay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The HTTP method it hits; null means every one.</summary>
    public string? Method { get; init; }

    /// <summary>A part of the path it hits; null means every path.</summary>
    public string? PathContains { get; init; }

    /// <summary>How many requests it hits; null means all until it is lifted.</summary>
    public int? Times { get; init; }

    /// <summary>How long it goes on from the first request that it hits; null means until it is lifted.</summary>
    public TimeSpan? Lasts { get; init; }
}

/// <summary>Switches trouble on and off. The administration endpoints are never hit.</summary>
public sealed class ForgeFaults(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, ActiveFault> _active = new();

    /// <summary>Starts a fault.</summary>
    /// <param name="fault">What it does, to which requests.</param>
    /// <param name="duration">When it ends of its own; null means when it is lifted.</param>
    /// <returns>Lifts the fault when disposed.</returns>
    public FaultInForce Inject(Fault fault, TimeSpan? duration = null)
    {
        var id = Guid.NewGuid();
        var active = new ActiveFault(fault, duration is { } span ? time.GetUtcNow() + span : DateTimeOffset.MaxValue);
        _active[id] = active;
        return new FaultInForce(this, id, active.FirstHit);
    }

    /// <summary>Ends a fault; gives how many requests it hit.</summary>
    public int Lift(Guid id)
    {
        if (!_active.TryRemove(id, out var fault))
        {
            return 0;
        }

        fault.End();
        return fault.Hits;
    }

    public void LiftAll()
    {
        foreach (var id in _active.Keys)
        {
            Lift(id);
        }
    }

    internal int HitsOf(Guid id) => _active.TryGetValue(id, out var fault) ? fault.Hits : 0;

    internal ActiveFault? Next(string method, string path) =>
        _active.Values.FirstOrDefault(active => active.Takes(method, path, time.GetUtcNow()));

    internal sealed class ActiveFault(Fault fault, DateTimeOffset until)
    {
        private readonly TaskCompletionSource _firstHit = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _gate = new();
        private DateTimeOffset _until = until;
        private int _hits;

        public Fault Fault { get; } = fault;

        public int Hits => Volatile.Read(ref _hits);

        public Task FirstHit => _firstHit.Task;

        public Task Ended => _ended.Task;

        /// <summary>Says that it has done to a request what it does first.</summary>
        public void Strike() => _firstHit.TrySetResult();

        public void End() => _ended.TrySetResult();

        public bool Takes(string method, string path, DateTimeOffset now)
        {
            if ((Fault.Method is not null && !Fault.Method.Equals(method, StringComparison.OrdinalIgnoreCase))
                || (Fault.PathContains is not null && !path.Contains(Fault.PathContains, StringComparison.OrdinalIgnoreCase)))
            {
                return false;
            }

            lock (_gate)
            {
                if (now >= _until || _hits >= (Fault.Times ?? int.MaxValue))
                {
                    return false;
                }

                if (_hits++ == 0 && Fault.Lasts is { } span)
                {
                    _until = now + span;
                }

                return true;
            }
        }
    }
}

/// <summary>A fault that was injected and not yet lifted.</summary>
public sealed class FaultInForce(ForgeFaults faults, Guid id, Task firstHit) : IDisposable
{
    public Guid Id => id;

    /// <summary>
    /// Ends when the first request is hit: where the fault lets it be carried out, after that and before the answer; otherwise at once.
    /// </summary>
    public Task FirstHit => firstHit;

    /// <summary>How many requests it has hit; 0 once lifted.</summary>
    public int Hits => faults.HitsOf(id);

    public void Dispose() => faults.Lift(id);
}

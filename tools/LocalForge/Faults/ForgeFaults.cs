using System.Collections.Concurrent;

namespace AtomicDevOps.LocalForge.Faults;

/// <summary>What a fault does to a request.</summary>
public enum FaultKind
{
    /// <summary>Answers <see cref="Fault.StatusCode"/> and does nothing.</summary>
    Status,

    /// <summary>Drops the connection and does nothing.</summary>
    Drop,

    /// <summary>Waits <see cref="Fault.Delay"/>, then goes on as usual.</summary>
    Slow,

    /// <summary>Does what was asked, then drops the connection instead of answering.</summary>
    LoseAnswer,

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
        _active[id] = new ActiveFault(fault, duration is { } span ? time.GetUtcNow() + span : DateTimeOffset.MaxValue);
        return new FaultInForce(this, id);
    }

    /// <summary>Ends a fault; gives how many requests it hit.</summary>
    public int Lift(Guid id) => _active.TryRemove(id, out var fault) ? fault.Hits : 0;

    public void LiftAll() => _active.Clear();

    internal int HitsOf(Guid id) => _active.TryGetValue(id, out var fault) ? fault.Hits : 0;

    internal Fault? Next(string method, string path)
    {
        foreach (var active in _active.Values)
        {
            if (active.Takes(method, path, time.GetUtcNow()))
            {
                return active.Fault;
            }
        }

        return null;
    }

    private sealed class ActiveFault(Fault fault, DateTimeOffset until)
    {
        private int _hits;

        public Fault Fault { get; } = fault;

        public int Hits => Volatile.Read(ref _hits);

        public bool Takes(string method, string path, DateTimeOffset now)
        {
            if (now >= until
                || (Fault.Method is not null && !Fault.Method.Equals(method, StringComparison.OrdinalIgnoreCase))
                || (Fault.PathContains is not null && !path.Contains(Fault.PathContains, StringComparison.OrdinalIgnoreCase)))
            {
                return false;
            }

            var hit = Interlocked.Increment(ref _hits);
            if (hit <= (Fault.Times ?? int.MaxValue))
            {
                return true;
            }

            Interlocked.Decrement(ref _hits);
            return false;
        }
    }
}

/// <summary>A fault that was injected and not yet lifted.</summary>
public sealed class FaultInForce(ForgeFaults faults, Guid id) : IDisposable
{
    public Guid Id => id;

    /// <summary>How many requests it has hit; 0 once lifted.</summary>
    public int Hits => faults.HitsOf(id);

    public void Dispose() => faults.Lift(id);
}

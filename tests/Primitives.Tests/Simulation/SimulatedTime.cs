namespace AtomicDevOps.Primitives.Tests.Simulation;

/// <summary>A clock that stands still until it is moved to the next timer.</summary>
internal sealed class SimulatedTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<SimulatedTimer> _timers = [];
    private DateTimeOffset _now = start;

    public SimulatedTime()
        : this(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.Ticks;

    public void Advance(TimeSpan by) => _now += by;

    /// <summary>Moves to the timer that is due first and fires it; false where there is none.</summary>
    public bool MoveToNextTimer()
    {
        SimulatedTimer? next;
        lock (_gate)
        {
            next = _timers.MinBy(timer => timer.DueAt);
            if (next is null)
            {
                return false;
            }

            _timers.Remove(next);
            _now = next.DueAt > _now ? next.DueAt : _now;
        }

        next.Fire();
        return true;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SimulatedTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class SimulatedTimer(SimulatedTime time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset DueAt { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            period.ShouldBe(global::System.Threading.Timeout.InfiniteTimeSpan);
            lock (time._gate)
            {
                time._timers.Remove(this);
                if (dueTime != global::System.Threading.Timeout.InfiniteTimeSpan)
                {
                    DueAt = time._now + dueTime;
                    time._timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

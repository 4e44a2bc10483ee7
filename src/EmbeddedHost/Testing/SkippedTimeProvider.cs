namespace AtomicDevOps.EmbeddedHost.Testing;

/// <summary>A clock that stands still until it is told to go on; its timers fire in order of their times.</summary>
public sealed class SkippedTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<SkippedTimer, (DateTimeOffset Due, long Order)> _timers = new();
    private DateTimeOffset _now = start;
    private long _order;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Whether any timer is set.</summary>
    public bool HasTimers
    {
        get
        {
            lock (_gate)
            {
                while (_timers.TryPeek(out var timer, out var key) && timer.Due != key.Due)
                {
                    _timers.Dequeue();
                }

                return _timers.Count > 0;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new SkippedTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on, firing on this thread what becomes due on the way. A time in the past counts as now.</summary>
    public void AdvanceTo(DateTimeOffset time)
    {
        var now = GetUtcNow();
        time = time > now ? time : now;
        while (TakeDue(time) is { } timer)
        {
            timer.Fire();
        }

        lock (_gate)
        {
            _now = time > _now ? time : _now;
        }
    }

    private SkippedTimer? TakeDue(DateTimeOffset time)
    {
        lock (_gate)
        {
            while (_timers.TryPeek(out var timer, out var key))
            {
                if (timer.Due != key.Due)
                {
                    _timers.Dequeue();
                    continue;
                }

                if (key.Due > time)
                {
                    return null;
                }

                _timers.Dequeue();
                _now = key.Due > _now ? key.Due : _now;
                timer.Due = timer.Period > TimeSpan.Zero ? key.Due + timer.Period : null;
                Enqueue(timer);
                return timer;
            }

            return null;
        }
    }

    private void Enqueue(SkippedTimer timer)
    {
        if (timer.Due is { } due)
        {
            _timers.Enqueue(timer, (due, _order++));
        }
    }

    private sealed class SkippedTimer(SkippedTimeProvider time, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset? Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                Period = period;
                Due = dueTime < TimeSpan.Zero ? null : time._now + dueTime;
                time.Enqueue(this);
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

using System.Collections.Concurrent;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

/// <summary>A clock on which every wait is over at once: a timer moves the clock to its time and fires. It keeps what was waited for.</summary>
internal sealed class SkippingTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private DateTimeOffset _now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public void Advance(TimeSpan by)
    {
        lock (_lock)
        {
            _now += by;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SkippedTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void MoveTo(DateTimeOffset time)
    {
        lock (_lock)
        {
            if (time > _now)
            {
                _now = time;
            }
        }
    }

    private sealed class SkippedTimer(SkippingTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private volatile bool _isDisposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime >= TimeSpan.Zero)
            {
                clock.Waits.Enqueue(dueTime);
                var time = clock.GetUtcNow() + dueTime;
                ThreadPool.QueueUserWorkItem(_ =>
                {
                    if (!_isDisposed)
                    {
                        clock.MoveTo(time);
                        callback(state);
                    }
                });
            }

            return true;
        }

        public void Dispose() => _isDisposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

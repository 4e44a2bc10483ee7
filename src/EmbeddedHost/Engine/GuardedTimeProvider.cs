namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>The app's clock. While it throws, time stands still at what it said last, and new timers go by the system's clock.</summary>
internal sealed class GuardedTimeProvider(TimeProvider inner) : TimeProvider
{
    private long _lastUtcTicks = TimeProvider.System.GetUtcNow().UtcTicks;
    private long _lastTimestamp;

    public override long TimestampFrequency { get; } = inner.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override DateTimeOffset GetUtcNow()
    {
        try
        {
            var now = inner.GetUtcNow();
            Volatile.Write(ref _lastUtcTicks, now.UtcTicks);
            return now;
        }
        catch (Exception)
        {
            return new DateTimeOffset(Volatile.Read(ref _lastUtcTicks), TimeSpan.Zero);
        }
    }

    public override long GetTimestamp()
    {
        try
        {
            var timestamp = inner.GetTimestamp();
            Volatile.Write(ref _lastTimestamp, timestamp);
            return timestamp;
        }
        catch (Exception)
        {
            return Volatile.Read(ref _lastTimestamp);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        try
        {
            return new GuardedTimer(inner.CreateTimer(callback, state, dueTime, period), callback, state);
        }
        catch (Exception)
        {
            return System.CreateTimer(callback, state, dueTime, period);
        }
    }

    private sealed class GuardedTimer(ITimer inner, TimerCallback callback, object? state) : ITimer
    {
        private ITimer _timer = inner;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            try
            {
                return _timer.Change(dueTime, period);
            }
            catch (Exception)
            {
                _timer = System.CreateTimer(callback, state, dueTime, period);
                return true;
            }
        }

        public void Dispose() => _timer.Dispose();

        public ValueTask DisposeAsync() => _timer.DisposeAsync();
    }
}

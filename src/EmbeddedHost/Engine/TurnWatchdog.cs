namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Notices turns that take long, by one timer that is set while turns run.</summary>
internal sealed class TurnWatchdog : IDisposable
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private readonly Action<LiveInstance> _onOverrun;
    private readonly Action<LiveInstance, TimeSpan> _onReturn;
    private readonly Lock _gate = new();
    private readonly LinkedList<RunningTurn> _running = new();
    private readonly ITimer _timer;
    private bool _isArmed;

    /// <param name="onOverrun">A turn has run for <see cref="Limit"/> and is still running.</param>
    /// <param name="onReturn">Such a turn has come back, after this time.</param>
    public TurnWatchdog(TimeProvider time, Action<LiveInstance> onOverrun, Action<LiveInstance, TimeSpan> onReturn)
    {
        _time = time;
        _onOverrun = onOverrun;
        _onReturn = onReturn;
        _timer = time.CreateTimer(
            static watchdog => ((TurnWatchdog)watchdog!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Watch(LiveInstance instance, Action turn)
    {
        var running = Begin(() => _onOverrun(instance), time => _onReturn(instance, time));
        try
        {
            turn();
        }
        finally
        {
            End(running);
        }
    }

    /// <summary>Watches what may wait without holding a thread.</summary>
    /// <param name="onOverrun">It has run for <see cref="Limit"/> and has not ended.</param>
    /// <param name="onReturn">It has ended after all, after this time.</param>
    public async Task WatchAsync(Func<Task> turn, Action onOverrun, Action<TimeSpan> onReturn)
    {
        var running = Begin(onOverrun, onReturn);
        try
        {
            await turn();
        }
        finally
        {
            End(running);
        }
    }

    public void Dispose() => _timer.Dispose();

    private LinkedListNode<RunningTurn> Begin(Action onOverrun, Action<TimeSpan> onReturn)
    {
        var running = new LinkedListNode<RunningTurn>(new RunningTurn(_time.GetTimestamp(), onOverrun, onReturn));
        lock (_gate)
        {
            _running.AddLast(running);
            if (!_isArmed)
            {
                Arm(Limit);
            }
        }

        return running;
    }

    private void End(LinkedListNode<RunningTurn> running)
    {
        lock (_gate)
        {
            _running.Remove(running);
        }

        if (running.Value.IsReported)
        {
            running.Value.OnReturn(_time.GetElapsedTime(running.Value.Since));
        }
    }

    private void Check()
    {
        var overrun = new List<RunningTurn>();
        lock (_gate)
        {
            _isArmed = false;
            foreach (var turn in _running.Where(static turn => !turn.IsReported))
            {
                var rest = Limit - _time.GetElapsedTime(turn.Since);
                if (rest > TimeSpan.Zero)
                {
                    Arm(rest);
                    break;
                }

                turn.IsReported = true;
                overrun.Add(turn);
            }
        }

        overrun.ForEach(static turn => turn.OnOverrun());
    }

    private void Arm(TimeSpan wait)
    {
        _isArmed = true;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }

    private sealed class RunningTurn(long since, Action onOverrun, Action<TimeSpan> onReturn)
    {
        public long Since => since;

        public Action OnOverrun => onOverrun;

        public Action<TimeSpan> OnReturn => onReturn;

        public bool IsReported { get; set; }
    }
}

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Notices turns that hold their thread for long, by one timer that is set while turns run.</summary>
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
        var running = new LinkedListNode<RunningTurn>(new RunningTurn(instance, _time.GetTimestamp()));
        lock (_gate)
        {
            _running.AddLast(running);
            if (!_isArmed)
            {
                Arm(Limit);
            }
        }

        try
        {
            turn();
        }
        finally
        {
            End(running);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void End(LinkedListNode<RunningTurn> running)
    {
        lock (_gate)
        {
            _running.Remove(running);
        }

        if (running.Value.IsReported)
        {
            _onReturn(running.Value.Instance, _time.GetElapsedTime(running.Value.Since));
        }
    }

    private void Check()
    {
        var overrun = new List<LiveInstance>();
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
                overrun.Add(turn.Instance);
            }
        }

        overrun.ForEach(_onOverrun);
    }

    private void Arm(TimeSpan wait)
    {
        _isArmed = true;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }

    private sealed class RunningTurn(LiveInstance instance, long since)
    {
        public LiveInstance Instance => instance;

        public long Since => since;

        public bool IsReported { get; set; }
    }
}

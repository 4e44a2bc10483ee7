using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>All durable timers in one queue behind one timer of the <see cref="TimeProvider"/>, set to the earliest.</summary>
internal sealed class TimerQueue : IDisposable
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly TimeProvider _time;
    private readonly Action<PendingTimer> _fire;
    private readonly Lock _gate = new();
    private readonly PriorityQueue<PendingTimer, (DateTime Due, long Order)> _queue = new();
    private readonly HashSet<(long Sequence, int TaskId)> _live = [];
    private readonly ITimer _timer;
    private long _order;
    private bool _isDisposed;

    /// <param name="fire">Called on a thread of the time provider, once for each timer that is due.</param>
    public TimerQueue(TimeProvider time, Action<PendingTimer> fire)
    {
        _time = time;
        _fire = fire;
        _timer = time.CreateTimer(static queue => ((TimerQueue)queue!).FireDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>When the next timer is due; null if there is none.</summary>
    public DateTime? NextDue
    {
        get
        {
            lock (_gate)
            {
                DropCanceled();
                return _queue.TryPeek(out var next, out _) ? next.Due : null;
            }
        }
    }

    public void Add(PendingTimer timer)
    {
        lock (_gate)
        {
            _live.Add((timer.Sequence, timer.TaskId));
            _queue.Enqueue(timer, (timer.Due, _order++));
            Arm();
        }
    }

    public void Cancel(long sequence, int taskId)
    {
        lock (_gate)
        {
            _live.Remove((sequence, taskId));
        }
    }

    /// <summary>Fires what is due, on this thread.</summary>
    public void FireDue()
    {
        while (TakeDue() is { } timer)
        {
            _fire(timer);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
        }

        _timer.Dispose();
    }

    private PendingTimer? TakeDue()
    {
        lock (_gate)
        {
            DropCanceled();
            if (!_queue.TryPeek(out var next, out _) || next.Due > _time.GetUtcNow().UtcDateTime)
            {
                Arm();
                return null;
            }

            _queue.Dequeue();
            _live.Remove((next.Sequence, next.TaskId));
            return next;
        }
    }

    private void DropCanceled()
    {
        while (_queue.TryPeek(out var next, out _) && !_live.Contains((next.Sequence, next.TaskId)))
        {
            _queue.Dequeue();
        }
    }

    private void Arm()
    {
        if (_isDisposed || !_queue.TryPeek(out var next, out _))
        {
            return;
        }

        var wait = next.Due - _time.GetUtcNow().UtcDateTime;
        var milliseconds = Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 0, LongestWait.TotalMilliseconds);
        _timer.Change(TimeSpan.FromMilliseconds(milliseconds), Timeout.InfiniteTimeSpan);
    }
}

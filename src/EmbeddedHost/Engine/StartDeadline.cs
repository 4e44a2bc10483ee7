using System.Runtime.InteropServices;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// A start waits only so long for the first turn that is to be written with it, whatever the orchestrator's code does. The time is the
/// machine's, for it is the callers' threads and patience that count.
/// </summary>
internal sealed class StartDeadline : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private readonly Queue<WaitingStart> _waiting = new();
    private readonly ITimer _timer;
    private bool _isArmed;

    public StartDeadline() => _timer = TimeProvider.System.CreateTimer(
        static deadline => ((StartDeadline)deadline!).Check(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public void Watch(LiveInstance instance)
    {
        lock (_gate)
        {
            _waiting.Enqueue(new WaitingStart(instance, TimeProvider.System.GetTimestamp()));
            if (!_isArmed)
            {
                _isArmed = true;
                _timer.Change(Limit, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        var late = new List<LiveInstance>();
        lock (_gate)
        {
            while (_waiting.TryPeek(out var oldest) && TimeProvider.System.GetElapsedTime(oldest.Since) >= Limit)
            {
                late.Add(_waiting.Dequeue().Instance);
            }

            _isArmed = _waiting.Count > 0;
            if (_isArmed)
            {
                _timer.Change(Limit, Timeout.InfiniteTimeSpan);
            }
        }

        late.ForEach(static instance => instance.StartAlone());
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct WaitingStart(LiveInstance Instance, long Since);
}

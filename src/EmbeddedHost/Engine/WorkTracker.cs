namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Counts what is under way, and tells when nothing is.</summary>
internal sealed class WorkTracker
{
    private readonly Lock _gate = new();
    private int _count;
    private TaskCompletionSource? _idle;

    public void Begin(int count = 1)
    {
        lock (_gate)
        {
            _count += count;
        }
    }

    public void End(int count = 1)
    {
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            _count -= count;
            if (_count == 0)
            {
                (idle, _idle) = (_idle, null);
            }
        }

        idle?.SetResult();
    }

    public Task WhenIdleAsync()
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }
}

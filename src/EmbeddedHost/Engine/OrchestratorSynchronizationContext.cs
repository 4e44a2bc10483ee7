namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// Runs an orchestrator's continuations one after another on the thread of its turn. A continuation that comes from elsewhere means that
/// the code awaited something that is not durable: it is not run, and reported.
/// </summary>
internal sealed class OrchestratorSynchronizationContext(Action onForeignContinuation) : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _continuations = new();
    private int _thread;

    /// <summary>Whether the calling thread is running the turn.</summary>
    public bool IsCurrent => _thread == Environment.CurrentManagedThreadId;

    /// <summary>Runs the action and all continuations that it makes runnable.</summary>
    public void Run(Action action)
    {
        var previous = Current;
        SetSynchronizationContext(this);
        Volatile.Write(ref _thread, Environment.CurrentManagedThreadId);
        try
        {
            action();
            while (_continuations.TryDequeue(out var continuation))
            {
                continuation.Callback(continuation.State);
            }
        }
        finally
        {
            Volatile.Write(ref _thread, 0);
            SetSynchronizationContext(previous);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsCurrent)
        {
            _continuations.Enqueue((d, state));
        }
        else
        {
            onForeignContinuation();
        }
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        if (!IsCurrent)
        {
            throw new InvalidOperationException("Orchestrator code runs only on the thread of its turn.");
        }

        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;
}

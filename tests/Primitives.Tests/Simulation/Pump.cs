using System.Collections.Concurrent;

namespace AtomicDevOps.Primitives.Tests.Simulation;

/// <summary>Runs asynchronous code on the calling thread, one continuation after another, until nothing is left to run.</summary>
internal sealed class Pump : SynchronizationContext
{
    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _queue = new();

    public override void Post(SendOrPostCallback d, object? state) => _queue.Enqueue((d, state));

    /// <summary>Runs the work; whenever it waits, <paramref name="moveOn"/> lets something happen, or says that nothing can.</summary>
    public Task<T> Run<T>(Func<Task<T>> work, Func<bool> moveOn)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            var task = work();
            Drain();
            while (!task.IsCompleted)
            {
                moveOn().ShouldBeTrue("the work waits, and nothing is left that could end its wait");
                Drain();
            }

            return task;
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    private void Drain()
    {
        while (_queue.TryDequeue(out var item))
        {
            item.Callback(item.State);
        }
    }
}

using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Callers that wait for an instance to start or to end.</summary>
internal sealed class InstanceWaiters
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Waiter>> _waiters = new(StringComparer.Ordinal);

    /// <param name="isReached">Whether the status is the one waited for; null stands for an instance that is gone.</param>
    /// <param name="current">Reads the stored status, after the waiter stands in the list.</param>
    public async Task WaitAsync(
        string instanceId,
        Func<OrchestrationRuntimeStatus?, bool> isReached,
        Func<OrchestrationRuntimeStatus?> current,
        CancellationToken cancellationToken)
    {
        var waiter = new Waiter(isReached);
        lock (_gate)
        {
            if (!_waiters.TryGetValue(instanceId, out var waiters))
            {
                _waiters.Add(instanceId, waiters = []);
            }

            waiters.Add(waiter);
        }

        try
        {
            if (!isReached(current()))
            {
                await waiter.Completion.Task.WaitAsync(cancellationToken);
            }
        }
        finally
        {
            Remove(instanceId, waiter);
        }
    }

    /// <param name="status">Null: the instance is gone.</param>
    public void Notify(string instanceId, OrchestrationRuntimeStatus? status)
    {
        lock (_gate)
        {
            if (_waiters.TryGetValue(instanceId, out var waiters))
            {
                foreach (var waiter in waiters.Where(waiter => waiter.IsReached(status)))
                {
                    waiter.Completion.TrySetResult();
                }
            }
        }
    }

    public void FailAll(Exception exception)
    {
        lock (_gate)
        {
            foreach (var waiter in _waiters.Values.SelectMany(static waiters => waiters))
            {
                waiter.Completion.TrySetException(exception);
            }
        }
    }

    private void Remove(string instanceId, Waiter waiter)
    {
        lock (_gate)
        {
            var waiters = _waiters[instanceId];
            waiters.Remove(waiter);
            if (waiters.Count == 0)
            {
                _waiters.Remove(instanceId);
            }
        }
    }

    private sealed record Waiter(Func<OrchestrationRuntimeStatus?, bool> IsReached)
    {
        public TaskCompletionSource Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Cache;

/// <summary>
/// Keeps results for a while, for everyone who uses this instance. Callers who want the same key at once wait for one execution.
/// <b>Failure</b>: the work's, for the caller whose execution it was; failures are not kept, and those who waited try for themselves.
/// <b>Cancellation</b>: of one caller, never of the others. <b>Replay</b>: none, as it is a process primitive: what is in memory differs between replays.
/// </summary>
public sealed class CachePrimitive<TIn, TOut> : ProcessPrimitive<TIn, TOut>
{
    private readonly ProcessPrimitive<TIn, TOut> _primitive;
    private readonly CacheOptions<TIn> _options;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, Entry Entry)> _byAge = new();
    private readonly Dictionary<string, TaskCompletionSource> _running = new(StringComparer.Ordinal);

    public CachePrimitive(ProcessPrimitive<TIn, TOut> primitive, CacheOptions<TIn> options)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        ArgumentNullException.ThrowIfNull(options);
        (_primitive, _options) = (primitive, options);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, ActivityWorkflowContext context)
    {
        var key = _options.Key(input);
        while (true)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            Task? others = null;
            lock (_gate)
            {
                if (_entries.TryGetValue(key, out var entry) && context.UtcNow < entry.ExpiresAt)
                {
                    return entry.Value;
                }

                if (_running.TryGetValue(key, out var running))
                {
                    others = running.Task;
                }
                else
                {
                    _running.Add(key, new(TaskCreationOptions.RunContinuationsAsynchronously));
                }
            }

            if (others is null)
            {
                return await MakeAsync(key, input, context);
            }

            await others.WaitAsync(context.CancellationToken);
        }
    }

    private async Task<TOut> MakeAsync(string key, TIn input, ActivityWorkflowContext context)
    {
        try
        {
            var value = await _primitive.ExecuteAsync(input, context);
            Keep(key, new(value, context.UtcNow + _options.TimeToLive));
            return value;
        }
        finally
        {
            lock (_gate)
            {
                _running.Remove(key, out var running);
                running!.SetResult();
            }
        }
    }

    private void Keep(string key, Entry entry)
    {
        lock (_gate)
        {
            _entries[key] = entry;
            _byAge.Enqueue((key, entry));
            while (_byAge.Count > _options.Capacity)
            {
                var (oldKey, old) = _byAge.Dequeue();
                if (ReferenceEquals(_entries[oldKey], old))
                {
                    _entries.Remove(oldKey);
                }
            }
        }
    }

    private sealed record Entry(TOut Value, DateTimeOffset ExpiresAt);
}

public static class CacheComposition
{
    /// <summary>Keeps the step's results in this process.</summary>
    public static CachePrimitive<TIn, TOut> WithCache<TIn, TOut>(this WorkflowPrimitive<TIn, TOut> primitive, CacheOptions<TIn> options) =>
        new(primitive, options);

    /// <summary>Keeps the step's results in this process.</summary>
    public static CachePrimitive<TIn, TOut> WithCache<TIn, TOut>(this ProcessPrimitive<TIn, TOut> primitive, CacheOptions<TIn> options) =>
        new(primitive, options);
}

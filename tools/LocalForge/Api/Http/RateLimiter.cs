using System.Collections.Concurrent;

namespace AtomicDevOps.LocalForge.Api.Http;

/// <summary>Counts requests by user and hour, as GitHub's primary rate limit does.</summary>
internal sealed class RateLimiter(Forge forge)
{
    private const int Anonymous = 60;

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<long, RateLimit> _windows = new();

    /// <summary>Counts one request; asking for the rate limit itself is free.</summary>
    /// <returns>False where none is left.</returns>
    public bool TryTake(Caller caller, HttpRequest request, out RateLimit limit)
    {
        limit = Current(caller);
        return request.Path.Value!.EndsWith("/rate_limit", StringComparison.Ordinal) || limit.TryCount();
    }

    public RateLimit Current(Caller caller)
    {
        var now = forge.Now;
        var most = caller == Caller.Anonymous ? Anonymous : forge.Options.RateLimit;
        return _windows.AddOrUpdate(
            caller.User?.Id ?? (caller == Caller.App ? -1 : 0),
            _ => new RateLimit(most, now + Window),
            (_, window) => window.Reset <= now ? new RateLimit(most, now + Window) : window);
    }
}

/// <summary>One caller's requests in the running hour.</summary>
internal sealed class RateLimit(int limit, DateTimeOffset reset)
{
    private int _count;

    public int Limit { get; } = limit;

    public DateTimeOffset Reset { get; } = reset;

    public int Used => Volatile.Read(ref _count);

    public int Remaining => Limit - Used;

    public bool TryCount()
    {
        if (Interlocked.Increment(ref _count) <= Limit)
        {
            return true;
        }

        Interlocked.Decrement(ref _count);
        return false;
    }

    public void GiveBack() => Interlocked.Decrement(ref _count);
}

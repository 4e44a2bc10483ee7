using System.Collections.Concurrent;

namespace AtomicDevOps.LocalForge.Api.Http;

/// <summary>Counts requests by user and hour, as GitHub's primary rate limit does.</summary>
internal sealed class RateLimiter(Forge forge)
{
    private const int Anonymous = 60;

    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<long, RateLimit> _windows = new();

    /// <summary>Counts one request; asking for the rate limit itself is free.</summary>
    public RateLimit Take(Caller caller, HttpRequest request)
    {
        var limit = Current(caller);
        if (!request.Path.Value!.EndsWith("/rate_limit", StringComparison.Ordinal))
        {
            limit.Count();
        }

        return limit;
    }

    public RateLimit Current(Caller caller)
    {
        var now = forge.Now;
        var most = caller.User is null ? Anonymous : forge.Options.RateLimit;
        return _windows.AddOrUpdate(
            caller.User?.Id ?? 0,
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

    public int Used => Math.Min(Volatile.Read(ref _count), Limit);

    public int Remaining => Limit - Used;

    public bool Exceeded => Volatile.Read(ref _count) > Limit;

    public void Count() => Interlocked.Increment(ref _count);

    public void GiveBack() => Interlocked.Decrement(ref _count);
}

using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>
/// Ends the requests that still run some time after the host began to stop, so that an endless one, such as an event stream, leaves
/// the rest of the host time to stop in good order.
/// </summary>
internal sealed class ShutdownGrace : IDisposable
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _over = new();
    private readonly CancellationTokenRegistration _onStopping;
    private readonly ITimer _timer;

    public ShutdownGrace(IHostApplicationLifetime lifetime, TimeProvider clock)
    {
        _timer = clock.CreateTimer(_ => _over.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _onStopping = lifetime.ApplicationStopping.Register(() => _timer.Change(Period, Timeout.InfiniteTimeSpan));
    }

    /// <summary>Cancelled when the period is over.</summary>
    public CancellationToken Over => _over.Token;

    public void Dispose()
    {
        _onStopping.Dispose();
        _timer.Dispose();
        _over.Dispose();
    }
}

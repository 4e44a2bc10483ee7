using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>
/// Ends the requests that still run some time after the engine has let its work end, so that an endless one, such as an event stream, leaves
/// the rest of the host time to stop in good order.
/// </summary>
internal sealed class ShutdownGrace : IHostedLifecycleService, IDisposable
{
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _over = new();
    private readonly ITimer _timer;

    public ShutdownGrace(TimeProvider clock) =>
        _timer = clock.CreateTimer(_ => _over.Cancel(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Cancelled when the period is over.</summary>
    public CancellationToken Over => _over.Token;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Services stop in reverse order: this one is told after the engine, and the server is only stopped then.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _timer.Change(Period, Timeout.InfiniteTimeSpan);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _timer.Dispose();
        _over.Dispose();
    }
}

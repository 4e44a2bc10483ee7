using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// How the engine stops: nothing more begins, what runs may end and is stored, what takes too long is cancelled, and what heeds no
/// cancellation is left behind. Whatever has not ended is on disk as begun, and so runs again after the next start.
/// </summary>
internal sealed partial class DurableTaskEngine
{
    /// <summary>What activities and entities may take to end after they were cancelled.</summary>
    public static readonly TimeSpan CancellationGrace = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _hurry = new();
    private volatile bool _isDraining;
    private bool _isCutOff;
    private bool _isStopped;

    /// <summary>Whether the engine stops, and begins nothing more.</summary>
    public bool IsDraining => _isDraining;

    private bool TakesWork => _options.TakesTurns && !_isDraining;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Gives what runs the drain timeout to end, cancels it after that, and gives up on what does not end then either.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (_store is null)
        {
            return;
        }

        BeginDrain();
        if (_activities.Running is { Count: > 0 } running)
        {
            LogDraining(running.Count, _options.DrainTimeout);
        }

        using var hurry = CancellationTokenSource.CreateLinkedTokenSource(_hurry.Token, cancellationToken);
        if (await IsIdleWithinAsync(_options.DrainTimeout, hurry.Token))
        {
            return;
        }

        LogCancelling(string.Join(", ", _activities.Running));
        Cancel();
        if (!await IsIdleWithinAsync(CancellationGrace, cancellationToken))
        {
            _isCutOff = true;
            LogLeftBehind(string.Join(", ", _activities.Running));
        }
    }

    /// <summary>Ends the drain timeout.</summary>
    public void Hurry() => _hurry.Cancel();

    /// <summary>Closes the store. What <see cref="StoppingAsync"/> was not called for is cancelled.</summary>
    /// <param name="cancellationToken">Ends the wait for what still runs.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_store is not { } store || _isStopped)
        {
            return;
        }

        _isStopped = true;
        BeginDrain();
        Cancel();
        try
        {
            await (_isCutOff ? Task.CompletedTask : Work.WhenIdleAsync().WaitAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            LogLeftBehind(string.Join(", ", _activities.Running));
        }

        Waiters.FailAll(Stopped());
        _store = null;
        store.Dispose();
    }

    private void BeginDrain()
    {
        _isDraining = true;
        _timers.Dispose();
        _activities.Drain();
        AbandonRetries();
    }

    private void Cancel()
    {
        _activities.Stop();
        _stopping.Cancel();
    }

    private async Task<bool> IsIdleWithinAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await Work.WhenIdleAsync().WaitAsync(limit, _time, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The host stops: {Count} activities run and have {Timeout} to end. A second signal cancels them at once")]
    private partial void LogDraining(int count, TimeSpan timeout);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The time to end is over: what runs is cancelled, and runs again after the next start: {Activities}")]
    private partial void LogCancelling(string activities);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "What heeds no cancellation is left behind, and runs again after the next start: {Activities}. Pass the activity's cancellation token on")]
    private partial void LogLeftBehind(string activities);
}

using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Storage.Maintenance;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// Purges instances that ended longer ago than they are to be kept: soon after the start, then every hour, in batches between which
/// everything else is written. Each instance counts by its own end, a sub-orchestration too.
/// </summary>
internal sealed partial class Retention(
    DurableTaskEngine engine, IOptions<EmbeddedDurableTaskOptions> options, TimeProvider time, ILogger<Retention> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan FirstPass = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly (OrchestrationRuntimeStatus Status, TimeSpan Age)[] _limits = Limits(options.Value.Retention);
    private ITimer? _timer;
    private int _isPurging;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_limits.Length > 0)
        {
            _timer = time.CreateTimer(_ => Begin(), state: null, FirstPass, Period);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        await _stopping.CancelAsync();
    }

    public void Dispose()
    {
        _timer?.Dispose();
        _stopping.Dispose();
    }

    private static (OrchestrationRuntimeStatus Status, TimeSpan Age)[] Limits(RetentionOptions options) =>
    [
        .. new[]
        {
            (OrchestrationRuntimeStatus.Completed, options.Completed),
            (OrchestrationRuntimeStatus.Failed, options.Failed),
            (OrchestrationRuntimeStatus.Terminated, options.Terminated),
        }
        .Where(static limit => limit.Item2 is not null)
        .Select(static limit => (limit.Item1, limit.Item2!.Value)),
    ];

    private void Begin()
    {
        if (_stopping.IsCancellationRequested || Interlocked.Exchange(ref _isPurging, 1) == 1)
        {
            return;
        }

        engine.Work.Begin();
        _ = Task.Run(async () =>
        {
            try
            {
                await PurgeAsync();
            }
            finally
            {
                Volatile.Write(ref _isPurging, 0);
                engine.Work.End();
            }
        });
    }

    private async Task PurgeAsync()
    {
        var purged = 0;
        try
        {
            foreach (var (status, age) in _limits)
            {
                var now = engine.UtcNow;
                var endedBefore = age < now - DateTime.MinValue ? now - age : DateTime.MinValue;
                foreach (var batch in ExpiredInstances.Find(Path.Combine(engine.Store.Path, DataDirectory.DatabaseFileName), status, endedBefore))
                {
                    if (engine.IsDraining)
                    {
                        throw new OperationCanceledException();
                    }

                    _stopping.Token.ThrowIfCancellationRequested();
                    purged += await engine.WriteAsync(new PurgeWrite(engine, batch, isRecursive: false));
                }
            }
        }
        catch (Exception exception) when (exception is SqliteException or IOException or InvalidOperationException)
        {
            LogNotPurged(exception.Message);
        }
        catch (OperationCanceledException)
        {
            // The next start goes on.
        }

        if (purged > 0)
        {
            LogPurged(purged);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Retention purged {Count} finished instances")]
    private partial void LogPurged(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Retention could not purge all that it should ({Reason}); it tries again within an hour")]
    private partial void LogNotPurged(string reason);
}

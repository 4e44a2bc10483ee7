using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Runs activities, each in a service scope of its own, and reports how they ended.</summary>
internal sealed partial class ActivityDispatcher : IDisposable
{
    private readonly ExecutionEnvironment _environment;
    private readonly IServiceScopeFactory _scopes;
    private readonly WorkTracker _work;
    private readonly IEngineFaults? _faults;
    private readonly Action<long, TaskOutcome> _report;
    private readonly BoundedQueue<PendingActivity> _queue;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ILogger _logger;

    public ActivityDispatcher(
        ExecutionEnvironment environment,
        IServiceScopeFactory scopes,
        int maxConcurrency,
        WorkTracker work,
        IEngineFaults? faults,
        Action<long, TaskOutcome> report)
    {
        _environment = environment;
        _scopes = scopes;
        _work = work;
        _faults = faults;
        _report = report;
        _queue = new BoundedQueue<PendingActivity>(maxConcurrency, RunAsync);
        _logger = environment.LoggerFactory.CreateLogger<ActivityDispatcher>();
    }

    public void Enqueue(PendingActivity activity)
    {
        _work.Begin();
        _queue.Enqueue(activity);
    }

    /// <summary>Cancels what runs and starts nothing more; what has no result then runs again after the next start.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(PendingActivity activity)
    {
        try
        {
            if (!_stopping.IsCancellationRequested && await ExecuteAsync(activity) is { } outcome)
            {
                _report(activity.Sequence, outcome);
            }
        }
        finally
        {
            _work.End();
        }
    }

    /// <returns>Null if it was cut off by the host's shutdown.</returns>
    private async Task<TaskOutcome?> ExecuteAsync(PendingActivity activity)
    {
        try
        {
            if (_faults is not null)
            {
                await _faults.BeforeActivityAsync(activity, _work, _stopping.Token);
            }

            var run = _environment.Functions.FindActivity(activity.Name);
            await using var scope = _scopes.CreateAsyncScope();
            var result = await run(
                new ActivityInvocation(
                    activity.Name,
                    activity.InstanceId,
                    activity.Version,
                    activity.Input,
                    _environment.Converter,
                    scope.ServiceProvider,
                    _stopping.Token));
            var what = $"the result of activity '{activity.Name}' of instance '{activity.InstanceId}'";
            return new TaskCompleted(activity.TaskId, Payload.Write(_environment.Converter, result, what));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            LogFailed(exception, activity.Name, activity.InstanceId);
            return new TaskFailed(activity.TaskId, TaskFailureDetails.FromException(exception), exception is FunctionNotFoundException);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Activity {Name} of instance {InstanceId} failed")]
    private partial void LogFailed(Exception exception, string name, string instanceId);
}

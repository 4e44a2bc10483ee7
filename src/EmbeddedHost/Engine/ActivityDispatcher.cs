using System.Collections.Concurrent;
using System.Diagnostics;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
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
    private readonly TimeProvider _time;
    private readonly EngineMetrics _metrics;
    private readonly WorkTracker _work;
    private readonly IEngineFaults? _faults;
    private readonly Action<long, TaskOutcome> _report;
    private readonly BoundedQueue<PendingActivity> _queue;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<PendingActivity, byte> _running = new(ReferenceEqualityComparer.Instance);
    private readonly ILogger _logger;
    private volatile bool _isDraining;

    public ActivityDispatcher(
        ExecutionEnvironment environment,
        IServiceScopeFactory scopes,
        int maxConcurrency,
        TimeProvider time,
        EngineMetrics metrics,
        WorkTracker work,
        IEngineFaults? faults,
        Action<long, TaskOutcome> report)
    {
        _environment = environment;
        _scopes = scopes;
        _time = time;
        _metrics = metrics;
        _work = work;
        _faults = faults;
        _report = report;
        _queue = new BoundedQueue<PendingActivity>(maxConcurrency, RunAsync);
        _logger = environment.LoggerFactory.CreateLogger<ActivityDispatcher>();
    }

    /// <summary>How many wait for a free place.</summary>
    public int Waiting => _queue.Waiting;

    /// <summary>What runs now, as people name it.</summary>
    public IReadOnlyList<string> Running => [.. _running.Keys.Select(static activity => $"'{activity.Name}' of instance '{activity.InstanceId}'")];

    public void Enqueue(PendingActivity activity)
    {
        _work.Begin();
        _queue.Enqueue(activity);
    }

    /// <summary>Starts nothing more; what waits runs after the next start.</summary>
    public void Drain() => _isDraining = true;

    /// <summary>Cancels what runs and starts nothing more; what has no result then runs again after the next start.</summary>
    public void Stop() => _stopping.Cancel();

    public void Dispose() => _stopping.Dispose();

    private async Task RunAsync(PendingActivity activity)
    {
        try
        {
            var began = _metrics.BeginActivity();
            if (!_isDraining && !_stopping.IsCancellationRequested)
            {
                _running[activity] = 0;
                if (await ExecuteAsync(activity) is { } outcome)
                {
                    _metrics.EndActivity(began, outcome is TaskFailed ? "Failed" : "Succeeded");
                    _report(activity.Sequence, outcome);
                }
            }
        }
        finally
        {
            _running.TryRemove(activity, out _);
            _work.End();
        }
    }

    /// <returns>Null if it was cut off by the host's shutdown.</returns>
    private Task<TaskOutcome?> ExecuteAsync(PendingActivity activity)
        => activity.Trace is not null && DurableTaskSpans.HasListeners ? TracedAsync(activity, activity.Trace) : RunFunctionAsync(activity);

    private async Task<TaskOutcome?> TracedAsync(PendingActivity activity, ExecutionTrace trace)
    {
        using var span = DurableTaskSpans.StartActivity(activity, trace, UtcNow);
        var outcome = await RunFunctionAsync(activity);
        if (span is not null)
        {
            var error = outcome switch
            {
                TaskFailed failed => failed.Failure.ErrorMessage,
                null => "The host stopped; the activity runs again after its next start.",
                _ => null,
            };
            span.SetStatus(error is null ? ActivityStatusCode.Ok : ActivityStatusCode.Error, error);
            DurableTaskSpans.End(span, UtcNow);
        }

        return outcome;
    }

    private DateTime UtcNow => _time.GetUtcNow().UtcDateTime;

    private async Task<TaskOutcome?> RunFunctionAsync(PendingActivity activity)
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
        catch (Exception exception) when (_stopping.IsCancellationRequested)
        {
            // Whatever it failed with may come from the cancellation.
            LogCutOff(activity.Name, activity.InstanceId, exception.Message);
            return null;
        }
        catch (Exception exception)
        {
            LogFailed(exception, activity.Name, activity.InstanceId);
            return new TaskFailed(activity.TaskId, TaskFailureDetails.FromException(exception), exception is FunctionNotFoundException);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Activity {Name} of instance {InstanceId} was cancelled by the host's stop, and runs again after the next start: {Reason}")]
    private partial void LogCutOff(string name, string instanceId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Activity {Name} of instance {InstanceId} failed")]
    private partial void LogFailed(Exception exception, string name, string instanceId);
}

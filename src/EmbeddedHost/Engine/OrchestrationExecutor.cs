using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <param name="Decisions">In the order in which the code made them; the last one may end the execution.</param>
internal sealed record TurnResult(IReadOnlyList<Decision> Decisions, string? CustomStatus, bool IsSuspended);

/// <summary>What all executions of a host share.</summary>
internal sealed record ExecutionEnvironment(FunctionRegistry Functions, DataConverter Converter, ILoggerFactory LoggerFactory);

/// <summary>
/// One execution of an orchestrator, kept in memory between turns. It knows nothing of storage: the same arrivals at the same times give the
/// same decisions, live and in a replay.
/// </summary>
internal sealed class OrchestrationExecutor
{
    private const string Nothing = "nothing more in that turn";

    private readonly ExecutionEnvironment _environment;
    private readonly OrchestrationIdentity _identity;
    private readonly OrchestratorSynchronizationContext _scheduler;
    private readonly EmbeddedOrchestrationContext _context;
    private readonly Queue<Arrival> _heldWhileSuspended = new();
    private Task<object?>? _run;
    private bool _isSuspended;
    private volatile bool _awaitedForeignTask;
    private int _replayedEvents;

    /// <param name="customStatus">What the last execution left, if this one continues as new.</param>
    /// <param name="onForeignContinuation">Called from any thread when the code awaited something that is not durable.</param>
    public OrchestrationExecutor(OrchestrationIdentity identity, ExecutionEnvironment environment, string? customStatus, Action onForeignContinuation)
    {
        _identity = identity;
        _environment = environment;
        _scheduler = new OrchestratorSynchronizationContext(() =>
        {
            _awaitedForeignTask = true;
            onForeignContinuation();
        });
        _context = new EmbeddedOrchestrationContext(identity, environment.Converter, environment.LoggerFactory, _scheduler)
        {
            CustomStatus = customStatus,
        };
    }

    /// <summary>Whether the code awaited something that is not durable, which the next turn reports.</summary>
    public bool AwaitedForeignTask => _awaitedForeignTask;

    /// <summary>Runs the code over a recorded turn, the one after those that it has run.</summary>
    /// <exception cref="NonDeterministicOrchestrationException">The code decides otherwise than it did.</exception>
    public void Replay(RecordedTurn turn)
    {
        var result = RunTurn(turn.At, turn.Arrivals, isReplay: true);
        _replayedEvents += 1 + turn.Arrivals.Count;
        for (var index = 0; index < Math.Max(turn.Decisions.Count, result.Decisions.Count); index++)
        {
            var recorded = turn.Decisions.ElementAtOrDefault(index);
            var decided = result.Decisions.ElementAtOrDefault(index);
            if (recorded is null || decided is null || !recorded.Matches(decided))
            {
                throw Diverged(_replayedEvents + index, recorded?.ToString() ?? Nothing, decided?.ToString() ?? Nothing);
            }
        }

        _replayedEvents += turn.Decisions.Count;
    }

    public TurnResult RunTurn(DateTime at, IReadOnlyList<Arrival> arrivals, bool isReplay)
    {
        _context.Replaying = isReplay;
        _context.Now = at;
        foreach (var arrival in arrivals)
        {
            Handle(arrival);
        }

        if (Outcome() is { } outcome)
        {
            _context.ExitCriticalSection();
            return new TurnResult([.. _context.TakeDecisions(), outcome], _context.CustomStatus, _isSuspended);
        }

        return new TurnResult(_context.TakeDecisions(), _context.CustomStatus, _isSuspended);
    }

    private string Subject => $"Orchestration '{_identity.Name}', instance '{_identity.InstanceId}'";

    private void Handle(Arrival arrival)
    {
        if (_isSuspended && arrival is not ExecutionResumed)
        {
            if (arrival is not ExecutionSuspended)
            {
                _heldWhileSuspended.Enqueue(arrival);
            }

            return;
        }

        switch (arrival)
        {
            case ExecutionStarted:
                _scheduler.Run(() => _run = StartAsync());
                break;
            case ExecutionSuspended:
                _isSuspended = true;
                break;
            case ExecutionResumed:
                _isSuspended = false;
                while (!_isSuspended && _heldWhileSuspended.TryDequeue(out var held))
                {
                    Handle(held);
                }

                break;
            default:
                _scheduler.Run(() => _context.Handle(arrival));
                break;
        }
    }

    private async Task<object?> StartAsync() => await _environment.Functions.FindOrchestrator(_identity.Name)(_context);

    /// <summary>As in the real Durable Task, an execution ends only when nothing that it started is still open.</summary>
    private Decision? Outcome()
    {
        if (_awaitedForeignTask)
        {
            return NonDurableAwait();
        }

        if (_run is null || _isSuspended || _context.HasOpenTasks)
        {
            return null;
        }

        if (!_run.IsCompleted)
        {
            return _context.IsWaitingForEvent ? null : NonDurableAwait();
        }

        if (!_run.IsCompletedSuccessfully)
        {
            return Failed(_run.Exception?.InnerException ?? new TaskCanceledException(_run));
        }

        return _context.HasContinueAsNew ? _context.TakeContinueAsNew() : Completed(_run);
    }

    private ExecutionCompleted Completed(Task<object?> run)
    {
        try
        {
            var output = Payload.Write(_environment.Converter, run.GetAwaiter().GetResult(), $"the output of {Subject}");
            return new ExecutionCompleted(OrchestrationRuntimeStatus.Completed, output, null);
        }
        catch (PayloadException exception)
        {
            return Failed(exception);
        }
    }

    private ExecutionCompleted NonDurableAwait() => Failed(new NonDurableAwaitException(
        $"{Subject} awaited something that is not durable. Orchestrator code awaits only the tasks that its context gives it: "
        + "move I/O and Task.Run into an activity, replace Task.Delay by CreateTimer, and do not use ConfigureAwait(false)."));

    private static ExecutionCompleted Failed(Exception exception)
        => new(OrchestrationRuntimeStatus.Failed, null, TaskFailureDetails.FromException(exception));

    private NonDeterministicOrchestrationException Diverged(int index, string recorded, string decided) => new(
        $"{Subject} did not repeat its history. Event {index}: history says {recorded}, the code did {decided}. "
        + "Either the orchestrator's code changed while the instance was running, or it is not deterministic.");
}

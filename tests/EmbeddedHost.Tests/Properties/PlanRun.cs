using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Tests.Properties;

/// <summary>One execution of a plan without an engine: the test picks which of the arrivals that are due comes next, and in which turn.</summary>
internal sealed class PlanRun
{
    private static readonly DateTime At = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly ExecutionEnvironment _environment;
    private readonly OrchestrationExecutor _executor;
    private readonly List<Arrival> _waiting = [];

    public PlanRun(ExecutionEnvironment environment, PlanInput input)
    {
        _environment = environment;
        var serialized = environment.Converter.Serialize(input);
        _executor = new OrchestrationExecutor(
            new OrchestrationIdentity(PlanFunctions.Orchestrator, "plan", string.Empty, serialized, null), environment, null, static () => { });
        _waiting.AddRange(Enumerable.Range(0, input.Events).Select(_ => new EventRaised(PlanFunctions.EventName, "1")));
        TakeTurn([new ExecutionStarted()]);
    }

    public List<Arrival> Delivered { get; } = [];

    public List<string> Decided { get; } = [];

    /// <summary>The output, the failure, or the input of the next execution.</summary>
    public string? Outcome { get; private set; }

    public bool HasEnded => Outcome is not null;

    /// <summary>Takes one of the arrivals that are due; null if there is none before the next turn.</summary>
    public Arrival? TakeWaiting(Random random)
    {
        if (_waiting.Count == 0)
        {
            return null;
        }

        var index = random.Next(_waiting.Count);
        var taken = _waiting[index];
        _waiting.RemoveAt(index);
        Delivered.Add(taken);
        return taken;
    }

    public void TakeTurn(IReadOnlyList<Arrival> arrivals)
    {
        foreach (var decision in _executor.RunTurn(At, arrivals, isReplay: false).Decisions)
        {
            switch (decision)
            {
                case TaskScheduled task:
                    _waiting.Add(RunActivity(task));
                    break;
                case TimerCreated timer:
                    _waiting.Add(new TimerFired(timer.TaskId));
                    break;
                case TimerCanceled timer:
                    _waiting.Remove(new TimerFired(timer.TaskId));
                    break;
                case SubOrchestrationScheduled sub:
                    _waiting.Add(RunChild(sub));
                    break;
                case EntityCalled called:
                    _waiting.Add(new EntityCallCompleted(called.RequestId, called.Input));
                    break;
                case EntityLockRequested requested:
                    _waiting.Add(new EntityLockGranted(requested.RequestId));
                    break;
                case EntitySignaled or EntityUnlocked:
                    break;
                case ExecutionCompleted completed:
                    Outcome = completed.Output ?? $"{completed.Failure}";
                    return;
                case ContinuedAsNew next:
                    Outcome = $"next {next.Input}";
                    return;
                default:
                    throw new InvalidOperationException($"A plan does not decide {decision}.");
            }

            Decided.Add(decision.ToString()!);
        }
    }

    private TaskOutcome RunActivity(TaskScheduled task)
    {
        try
        {
            var input = _environment.Converter.Deserialize<int>(task.Input);
            return new TaskCompleted(task.TaskId, _environment.Converter.Serialize(PlanFunctions.RunActivity(task.Name, input)));
        }
        catch (IOException exception)
        {
            return new TaskFailed(task.TaskId, TaskFailureDetails.FromException(exception) with { StackTrace = null }, IsFinal: false);
        }
    }

    private TaskOutcome RunChild(SubOrchestrationScheduled sub)
    {
        var input = _environment.Converter.Deserialize<PlanInput>(sub.Input)!;
        var child = new PlanRun(_environment, input);
        var random = new Random(0);
        while (child.TakeWaiting(random) is { } arrival && !child.HasEnded)
        {
            child.TakeTurn([arrival]);
        }

        return input.Fails
            ? new SubOrchestrationFailed(sub.TaskId, new TaskFailureDetails(typeof(InvalidOperationException).FullName!, child.Outcome!, null, null, null))
            : new SubOrchestrationCompleted(sub.TaskId, child.Outcome);
    }
}

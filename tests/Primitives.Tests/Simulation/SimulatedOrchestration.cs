using System.Globalization;
using AtomicDevOps.Primitives.Observable;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Tests.Simulation;

internal sealed record HistoryEvent(int Action, DateTime At, object? Result, TaskFailureDetails? Failure);

/// <summary>
/// Runs steps in the durable form of the context, in simulated time, and records what they asked for and what came back. Given a history it
/// replays that first, and refuses a step that asks for something else than it did before.
/// </summary>
internal sealed class SimulatedOrchestration(World world) : TaskOrchestrationContext
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly List<Pending> _pending = [];
    private Queue<HistoryEvent> _recorded = new();
    private List<string> _expected = [];
    private DateTime _now = Start;
    private int _ids;

    /// <summary>What the steps asked for, in order.</summary>
    public List<string> Actions { get; } = [];

    public int PendingCount => _pending.Count;

    /// <summary>What came back, in order.</summary>
    public List<HistoryEvent> History { get; } = [];

    public IAuditSink AuditSink { get; init; } = LoggerAuditSink.Instance;

    public override TaskName Name => "Simulated";

    public override string InstanceId => "instance";

    public override ParentOrchestrationInstance? Parent => null;

    public override DateTime CurrentUtcDateTime => _now;

    public override bool IsReplaying => _replaying;

    protected override ILoggerFactory LoggerFactory => world;

    private bool _replaying;

    public OrchestrationWorkflowContext Context => field ??= new(this, "correlation") { AuditSink = AuditSink };

    public Task<TOut> Run<TIn, TOut>(WorkflowPrimitive<TIn, TOut> primitive, TIn input, CancellationTokenSource? source = null) =>
        new Pump().Run(() => primitive.ExecuteAsync(input, Context.WithCancellation(source?.Token ?? CancellationToken.None)), MoveOn);

    /// <summary>Takes the first events of another run as having happened already.</summary>
    public SimulatedOrchestration After(SimulatedOrchestration recorded, int events)
    {
        _expected = recorded.Actions;
        _recorded = new(recorded.History.Take(events));
        _replaying = events > 0;
        return this;
    }

    public override T? GetInput<T>()
        where T : default => default;

    public override async Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null) =>
        (TResult)(await Schedule($"activity {name.Name}({input})", () => world.Begin(name.Name, input, _now - Start), name.Name))!;

    public override async Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        var instanceId = (options as SubOrchestrationOptions)?.InstanceId;
        return (TResult)(await Schedule(
            $"orchestrator {orchestratorName.Name}({input}) as {instanceId}",
            () => world.Begin(orchestratorName.Name, input, _now - Start),
            orchestratorName.Name))!;
    }

    public override async Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken) =>
        await Schedule($"timer {fireAt.ToString("O", CultureInfo.InvariantCulture)}", () => (fireAt - _now, () => null), "timer", cancellationToken);

    public override Guid NewGuid() => new(++_ids * 1_000_003, 1, 2, [3, 4, 5, 6, 7, 8, 9, 10]);

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override void SendEvent(string instanceId, string eventName, object payload) => throw new NotSupportedException();

    public override void SetCustomStatus(object? customStatus) => throw new NotSupportedException();

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => throw new NotSupportedException();

    private Task<object?> Schedule(
        string action, Func<(TimeSpan Duration, Func<object?> Result)> begin, string name, CancellationToken cancellationToken = default)
    {
        SynchronizationContext.Current.ShouldBeOfType<Pump>("a step left the orchestrator's thread");
        var id = Actions.Count;
        if (id < _expected.Count && _recorded.Count > 0)
        {
            action.ShouldBe(_expected[id], "a replay asked for something else than before");
        }

        Actions.Add(action);
        var pending = new Pending(id, name, new());
        if (_recorded.Any(recorded => recorded.Action == id))
        {
            world.Skip(name);
        }
        else
        {
            (pending.Duration, pending.Result) = begin();
        }

        pending.DueAt = _now + pending.Duration;
        _pending.Add(pending);
        cancellationToken.Register(() =>
        {
            _pending.Remove(pending);
            pending.Completion.TrySetCanceled(cancellationToken);
        });
        return pending.Completion.Task;
    }

    private bool MoveOn()
    {
        if (_recorded.TryDequeue(out var recorded))
        {
            var replayed = _pending.Single(pending => pending.Id == recorded.Action);
            Complete(replayed, recorded);
            return true;
        }

        _replaying = false;
        if (_pending.MinBy(pending => pending.DueAt) is not { } next)
        {
            return false;
        }

        var at = next.DueAt > _now ? next.DueAt : _now;
        HistoryEvent happened;
        try
        {
            happened = new(next.Id, at, next.Result(), Failure: null);
        }
        catch (Exception exception)
        {
            happened = new(next.Id, at, Result: null, TaskFailureDetails.FromException(exception));
        }

        Complete(next, happened);
        return true;
    }

    private void Complete(Pending pending, HistoryEvent happened)
    {
        _pending.Remove(pending);
        _now = happened.At;
        History.Add(happened);
        if (happened.Failure is { } failure)
        {
            pending.Completion.SetException(new TaskFailedException(pending.Name, pending.Id, failure));
        }
        else
        {
            pending.Completion.SetResult(happened.Result);
        }
    }

    private sealed record Pending(int Id, string Name, TaskCompletionSource<object?> Completion)
    {
        public TimeSpan Duration { get; set; }

        public DateTime DueAt { get; set; }

        public Func<object?> Result { get; set; } = () => null;
    }
}

using AtomicDevOps.Primitives.Observable;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Simulation;

/// <summary>Runs steps in the process form of the context, in simulated time.</summary>
internal sealed class SimulatedProcess(World world) : IActivityDispatcher
{
    private readonly SimulatedTime _time = new();
    private DateTimeOffset? _start;

    public SimulatedTime Time => _time;

    public IAuditSink AuditSink { get; init; } = LoggerAuditSink.Instance;

    public ActivityWorkflowContext Context(CancellationTokenSource? source = null)
    {
        _start ??= _time.GetUtcNow();
        return new("correlation", _time, world, source?.Token ?? CancellationToken.None) { Dispatcher = this, AuditSink = AuditSink };
    }

    public Task<TOut> Run<TIn, TOut>(WorkflowPrimitive<TIn, TOut> primitive, TIn input, CancellationTokenSource? source = null) =>
        new Pump().Run(() => primitive.ExecuteAsync(input, Context(source)), _time.MoveToNextTimer);

    public Task<TOut> Run<TIn, TOut>(ProcessPrimitive<TIn, TOut> primitive, TIn input, CancellationTokenSource? source = null) =>
        Run(() => primitive.ExecuteAsync(input, Context(source)));

    public async Task<TOut> DispatchAsync<TIn, TOut>(string name, TIn input, ActivityWorkflowContext context)
    {
        var (duration, result) = world.Begin(name, input, _time.GetUtcNow() - _start!.Value);
        await Task.Delay(duration, _time, context.CancellationToken);
        return (TOut)result()!;
    }

    /// <summary>Polly leaves a synchronization context; without one, continuations run within the timer that they waited for.</summary>
    private Task<T> Run<T>(Func<Task<T>> work)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            var task = work();
            while (!task.IsCompleted)
            {
                _time.MoveToNextTimer().ShouldBeTrue("the work waits, and no timer is left that could end its wait");
            }

            return task;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }
}

using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Tests.Docs;

/// <summary>What docs/primitives.md may use besides the primitives themselves.</summary>
public abstract class DocsGlobals
{
    protected static WorkflowPrimitive<int, int> checkout { get; } = Forms.Call(nameof(checkout));

    protected static WorkflowPrimitive<int, int> build { get; } = Forms.Call(nameof(build));

    protected static WorkflowPrimitive<int, int> delete { get; } = Forms.Call(nameof(delete));

    protected static WorkflowPrimitive<int, int> unitTests { get; } = Forms.Call(nameof(unitTests));

    protected static WorkflowPrimitive<int, int> fullTests { get; } = Forms.Call(nameof(fullTests));

    protected static WorkflowPrimitive<int, int> lint { get; } = Forms.Call(nameof(lint));

    protected static WorkflowPrimitive<int, int> scan { get; } = Forms.Call(nameof(scan));

    protected static WorkflowPrimitive<int, int> broken { get; } = Forms.Call(nameof(broken));

    protected static WorkflowPrimitive<int, int> flaky { get; } = Forms.Call(nameof(flaky));

    protected static ILoggerFactory LoggerFactory { get; } = NewWorld();

    public abstract Task Example();

    protected static async Task<TOut> Run<TIn, TOut>(WorkflowPrimitive<TIn, TOut> primitive, TIn input)
    {
        var durable = await Capture(NewWorld().Run(Form.Orchestration, primitive, input));
        var process = await Capture(NewWorld().Run(Form.Activity, primitive, input));
        (process.Failure?.GetType() == typeof(TaskFailedException)).ShouldBeFalse();
        (process.Failure is null).ShouldBe(durable.Failure is null);
        return durable.Failure is { } failure ? throw failure : durable.Value!;
    }

    protected static Task<TOut> RunInOrchestration<TIn, TOut>(WorkflowPrimitive<TIn, TOut> primitive, TIn input) =>
        NewWorld().Run(Form.Orchestration, primitive, input);

    protected static Task<TOut> RunInOrchestration<TIn, TOut>(Func<TaskOrchestrationContext, TIn, Task<TOut>> orchestrator, TIn input)
    {
        var orchestration = new SimulatedOrchestration(NewWorld());
        return orchestration.Run(WorkflowFunction.Of((TIn given, WorkflowContext _) => orchestrator(orchestration, given)), input);
    }

    protected static Task<TOut> RunInActivity<TIn, TOut>(ProcessPrimitive<TIn, TOut> primitive, TIn input) =>
        new SimulatedProcess(NewWorld()).Run(primitive, input);

    private static async Task<(T? Value, Exception? Failure)> Capture<T>(Task<T> run)
    {
        try
        {
            return (await run, null);
        }
        catch (Exception exception)
        {
            return (default, exception);
        }
    }

    private static World NewWorld()
    {
        var world = new World()
            .With<int, int>(nameof(broken), _ => throw new InvalidOperationException("always"))
            .With(nameof(flaky), (int number, int call) => call <= 2 ? throw new IOException("not yet") : number + 1)
            .With("Pipeline", (int number) => number + 1);
        foreach (var name in (string[])[nameof(checkout), nameof(build), nameof(delete), nameof(unitTests), nameof(fullTests), nameof(lint), nameof(scan)])
        {
            world.With(name, (int number) => number + 1, TimeSpan.FromSeconds(1));
        }

        return world;
    }
}

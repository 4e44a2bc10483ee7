using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Simulation;

/// <summary>The two forms of the context.</summary>
public enum Form
{
    Orchestration,

    Activity,
}

internal static class Forms
{
    public static Task<TOut> Run<TIn, TOut>(
        this World world, Form form, WorkflowPrimitive<TIn, TOut> primitive, TIn input, CancellationTokenSource? source = null) =>
        form is Form.Orchestration
            ? new SimulatedOrchestration(world).Run(primitive, input, source)
            : new SimulatedProcess(world).Run(primitive, input, source);

    /// <summary>What a run came to, with a failure in the one shape that both forms share.</summary>
    public static async Task<(T? Value, string? Failure)> Outcome<T>(this Task<T> run)
    {
        try
        {
            return (await run, null);
        }
        catch (Exception exception)
        {
            return (default, Failure.From(exception).ErrorType);
        }
    }

    public static WorkflowPrimitive<int, int> Call(string name) => new ActivityCall<int, int>(name);
}

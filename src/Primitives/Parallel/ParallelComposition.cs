using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Parallel;

/// <summary>Fan-out over a list of inputs, and over branches of different types. Failure, cancellation and replay are as in <see cref="ParallelPrimitive{TIn, TOut}"/>.</summary>
public static class ParallelComposition
{
    /// <summary>Runs the step once for each input; all or nothing. The results come in the inputs' order.</summary>
    public static WorkflowPrimitive<IReadOnlyList<TIn>, IReadOnlyList<TOut>> ForEach<TIn, TOut>(
        this WorkflowPrimitive<TIn, TOut> primitive, FanOutOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        var width = options ?? new FanOutOptions();
        return new WorkflowFunction<IReadOnlyList<TIn>, IReadOnlyList<TOut>>(
            (inputs, context) => FanOut.AllOrNothingAsync(Bind(primitive, inputs), width, context));
    }

    /// <summary>Runs the step once for each input; the result says of each what it came to.</summary>
    public static WorkflowPrimitive<IReadOnlyList<TIn>, FanOutResult<TOut>> ForEachCollecting<TIn, TOut>(
        this WorkflowPrimitive<TIn, TOut> primitive, FanOutOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        var width = options ?? new FanOutOptions();
        return new WorkflowFunction<IReadOnlyList<TIn>, FanOutResult<TOut>>(
            (inputs, context) => FanOut.CollectAsync(Bind(primitive, inputs), width, context));
    }

    /// <summary>Runs two branches of different results side by side; all or nothing.</summary>
    public static WorkflowPrimitive<TIn, (TFirst First, TSecond Second)> And<TIn, TFirst, TSecond>(
        this WorkflowPrimitive<TIn, TFirst> first, WorkflowPrimitive<TIn, TSecond> second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        var branches = new ParallelPrimitive<TIn, object?>(Boxed(first), Boxed(second));
        return new WorkflowFunction<TIn, (TFirst, TSecond)>(async (input, context) =>
        {
            var results = await branches.ExecuteAsync(input, context);
            return ((TFirst)results[0]!, (TSecond)results[1]!);
        });
    }

    /// <summary>Runs three branches of different results side by side; all or nothing.</summary>
    public static WorkflowPrimitive<TIn, (TFirst First, TSecond Second, TThird Third)> And<TIn, TFirst, TSecond, TThird>(
        this WorkflowPrimitive<TIn, TFirst> first, WorkflowPrimitive<TIn, TSecond> second, WorkflowPrimitive<TIn, TThird> third)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(third);
        var branches = new ParallelPrimitive<TIn, object?>(Boxed(first), Boxed(second), Boxed(third));
        return new WorkflowFunction<TIn, (TFirst, TSecond, TThird)>(async (input, context) =>
        {
            var results = await branches.ExecuteAsync(input, context);
            return ((TFirst)results[0]!, (TSecond)results[1]!, (TThird)results[2]!);
        });
    }

    private static WorkflowFunction<TIn, object?> Boxed<TIn, TOut>(WorkflowPrimitive<TIn, TOut> primitive) =>
        new(async (input, context) => await primitive.ExecuteAsync(input, context));

    private static Func<WorkflowContext, Task<TOut>>[] Bind<TIn, TOut>(WorkflowPrimitive<TIn, TOut> primitive, IReadOnlyList<TIn> inputs) =>
        [.. inputs.Select<TIn, Func<WorkflowContext, Task<TOut>>>(input => context => primitive.ExecuteAsync(input, context))];
}

using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Parallel;

/// <summary>
/// Fan-out and fan-in: every branch gets the same input, and the results come in the branches' order. Written <c>a | b | c</c>.
/// <b>Failure</b>: all or nothing. The first failure cancels the other branches; when all have settled, a
/// <see cref="ParallelFailedException"/> names every branch that failed. <see cref="Collecting"/> keeps what succeeded instead.
/// <b>Cancellation</b>: of every branch; branches that had not begun are not begun. <b>Replay</b>: as its branches, in the same order.
/// </summary>
public sealed class ParallelPrimitive<TIn, TOut> : WorkflowPrimitive<TIn, IReadOnlyList<TOut>>
{
    private static readonly FanOutOptions Unlimited = new();

    private readonly WorkflowPrimitive<TIn, TOut>[] _branches;

    /// <exception cref="ArgumentException">There is no branch, or one of them is null.</exception>
    public ParallelPrimitive(params IEnumerable<WorkflowPrimitive<TIn, TOut>> branches)
    {
        _branches = [.. branches];
        if (_branches.Length == 0 || Array.Exists(_branches, branch => branch is null))
        {
            throw new ArgumentException("A parallel needs at least one branch, and none of them null.", nameof(branches));
        }
    }

    public static ParallelPrimitive<TIn, TOut> operator |(ParallelPrimitive<TIn, TOut> left, WorkflowPrimitive<TIn, TOut> right) =>
        new([.. left._branches, right]);

    public static ParallelPrimitive<TIn, TOut> operator |(WorkflowPrimitive<TIn, TOut> left, ParallelPrimitive<TIn, TOut> right) =>
        new([left, .. right._branches]);

    public static ParallelPrimitive<TIn, TOut> operator |(ParallelPrimitive<TIn, TOut> left, ParallelPrimitive<TIn, TOut> right) =>
        new([.. left._branches, .. right._branches]);

    public override Task<IReadOnlyList<TOut>> ExecuteAsync(TIn input, WorkflowContext context) =>
        FanOut.AllOrNothingAsync(Bind(input), Unlimited, context);

    /// <summary>The same branches with a limit on their number at once. The result is closed: a further <c>|</c> does not join it.</summary>
    public WorkflowPrimitive<TIn, IReadOnlyList<TOut>> With(FanOutOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new WorkflowFunction<TIn, IReadOnlyList<TOut>>((input, context) => FanOut.AllOrNothingAsync(Bind(input), options, context));
    }

    /// <summary>The same branches, but a failing one stops nothing: the result says of each what it came to. Only cancellation is thrown.</summary>
    public WorkflowPrimitive<TIn, FanOutResult<TOut>> Collecting(FanOutOptions? options = null) =>
        new WorkflowFunction<TIn, FanOutResult<TOut>>((input, context) => FanOut.CollectAsync(Bind(input), options ?? Unlimited, context));

    private Func<WorkflowContext, Task<TOut>>[] Bind(TIn input) =>
        Array.ConvertAll<WorkflowPrimitive<TIn, TOut>, Func<WorkflowContext, Task<TOut>>>(
            _branches, branch => context => branch.ExecuteAsync(input, context));
}

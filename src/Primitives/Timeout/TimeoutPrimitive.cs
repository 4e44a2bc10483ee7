using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Timeout;

/// <summary>
/// A deadline. When it passes, the work's token is cancelled and the work is waited for, so that nothing goes on behind the caller's back and
/// a saga inside has undone its steps; work that ends with a result nevertheless has its result taken.
/// <b>Failure</b>: the work's, or a <see cref="WorkflowTimeoutException"/>. <b>Cancellation</b>: handed to the work.
/// <b>Replay</b>: the deadline is a durable timer, cancelled when the work ends first; which of the two came first is in the history.
/// </summary>
public sealed class TimeoutPrimitive<TIn, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, TOut> _primitive;
    private readonly TimeSpan _deadline;

    /// <param name="primitive">The work.</param>
    /// <param name="deadline">How long it may take; positive.</param>
    public TimeoutPrimitive(WorkflowPrimitive<TIn, TOut> primitive, TimeSpan deadline)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(deadline, TimeSpan.Zero);
        (_primitive, _deadline) = (primitive, deadline);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        using var work = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var running = _primitive.ExecuteAsync(input, context.WithCancellation(work.Token));
        if (running.IsCompleted)
        {
            return await running;
        }

        using var timer = new CancellationTokenSource();
        var deadline = context.DelayAsync(_deadline, timer.Token);
        await Task.WhenAny(running, deadline);
        if (running.IsCompleted || !deadline.IsCompletedSuccessfully)
        {
            timer.Cancel();
            return await running;
        }

        work.Cancel();
        try
        {
            return await running;
        }
        catch (OperationCanceledException)
        {
            throw new WorkflowTimeoutException(_deadline, innerException: null);
        }
        catch (Exception exception)
        {
            throw new WorkflowTimeoutException(_deadline, exception);
        }
    }
}

public static class TimeoutComposition
{
    /// <summary>Gives the work a deadline.</summary>
    public static WorkflowPrimitive<TIn, TOut> WithTimeout<TIn, TOut>(this WorkflowPrimitive<TIn, TOut> primitive, TimeSpan deadline) =>
        new TimeoutPrimitive<TIn, TOut>(primitive, deadline);
}

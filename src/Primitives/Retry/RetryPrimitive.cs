using AtomicDevOps.Primitives.Workflow;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Retry;

/// <summary>
/// Tries again. <b>Failure</b>: the last attempt's, as it was, when attempts or budget are used up or when it is not to be handled.
/// <b>Cancellation</b>: at once, also during a wait; never retried. <b>Replay</b>: the waits are durable timers, so attempts, their waits and
/// the jitter repeat exactly, and a wait survives a restart.
/// </summary>
public sealed class RetryPrimitive<TIn, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, TOut> _primitive;
    private readonly RetryOptions _options;

    public RetryPrimitive(WorkflowPrimitive<TIn, TOut> primitive, RetryOptions options)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        ArgumentNullException.ThrowIfNull(options);
        (_primitive, _options) = (primitive, options);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        var startedAt = context.UtcNow;
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan delay;
            try
            {
                return await _primitive.ExecuteAsync(input, context);
            }
            catch (Exception exception) when (attempt < _options.MaxAttempts && !context.IsCancellation(exception))
            {
                var failure = Failure.From(exception);
                if (!_options.ShouldHandle(failure))
                {
                    throw;
                }

                delay = _options.DelayAfter(attempt, _options.UseJitter ? context.NextDouble() : null);
                if (context.UtcNow - startedAt + delay > _options.Budget)
                {
                    throw;
                }

                context.CreateLogger("AtomicDevOps.Primitives.Retry").LogWarning(
                    "Attempt {Attempt} of {MaxAttempts} failed in {Path}, the next is in {Delay}: {Failure}",
                    attempt, _options.MaxAttempts, context.Path, delay, failure);
            }

            await context.DelayAsync(delay, context.CancellationToken);
        }
    }
}

public static class RetryComposition
{
    /// <summary>Tries again as the options say.</summary>
    public static WorkflowPrimitive<TIn, TOut> WithRetry<TIn, TOut>(this WorkflowPrimitive<TIn, TOut> primitive, RetryOptions options) =>
        new RetryPrimitive<TIn, TOut>(primitive, options);
}

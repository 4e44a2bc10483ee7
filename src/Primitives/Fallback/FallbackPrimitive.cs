using AtomicDevOps.Primitives.Workflow;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Fallback;

/// <summary>
/// The next alternative when one fails. <b>Failure</b>: one that is not to be handled, as it was; when every alternative has failed, a
/// <see cref="FallbackFailedException"/> that names them all. <b>Cancellation</b>: no further alternative is tried.
/// <b>Replay</b>: the same alternatives in the same order.
/// </summary>
public sealed class FallbackPrimitive<TIn, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, TOut>[] _alternatives;
    private readonly FallbackOptions _options;

    /// <param name="alternatives">In the order of trying; at least one.</param>
    /// <param name="options">Which failures lead to the next alternative.</param>
    public FallbackPrimitive(IEnumerable<WorkflowPrimitive<TIn, TOut>> alternatives, FallbackOptions? options = null)
    {
        _alternatives = [.. alternatives];
        if (_alternatives.Length == 0 || Array.Exists(_alternatives, alternative => alternative is null))
        {
            throw new ArgumentException("A fallback needs at least one alternative, and none of them null.", nameof(alternatives));
        }

        _options = options ?? new();
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        var failures = new List<Failure>();
        for (var current = 0; ; current++)
        {
            try
            {
                return await _alternatives[current].ExecuteAsync(input, context);
            }
            catch (Exception exception) when (!context.IsCancellation(exception))
            {
                var failure = Failure.From(exception);
                if (!_options.ShouldHandle(failure))
                {
                    throw;
                }

                failures.Add(failure);
                if (failures.Count == _alternatives.Length)
                {
                    throw new FallbackFailedException(failures, exception);
                }

                context.CreateLogger("AtomicDevOps.Primitives.Fallback").LogWarning(
                    "Alternative {Alternative} of {Alternatives} failed in {Path}, the next one follows: {Failure}",
                    failures.Count, _alternatives.Length, context.Path, failure);
            }
        }
    }
}

public static class FallbackComposition
{
    /// <summary>Tries the other step when this one fails.</summary>
    public static WorkflowPrimitive<TIn, TOut> WithFallback<TIn, TOut>(
        this WorkflowPrimitive<TIn, TOut> primitive, WorkflowPrimitive<TIn, TOut> alternative, FallbackOptions? options = null) =>
        new FallbackPrimitive<TIn, TOut>([primitive, alternative], options);
}

using AtomicDevOps.Primitives.Workflow;
using Polly;
using Polly.CircuitBreaker;

namespace AtomicDevOps.Primitives.CircuitBreaker;

/// <summary>
/// Stops calling what keeps failing, for everyone who uses this instance; then one call tries, and its success closes the circuit.
/// <b>Failure</b>: the work's, or a <see cref="CircuitOpenException"/> without the work being begun. <b>Cancellation</b>: of the call; it does not count
/// as a failure. <b>Replay</b>: none, as it is a process primitive: the circuit's state differs between replays.
/// </summary>
public sealed class CircuitBreakerPrimitive<TIn, TOut> : ProcessPrimitive<TIn, TOut>
{
    private readonly ProcessPrimitive<TIn, TOut> _primitive;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly ResiliencePipeline<TOut> _pipeline;

    /// <param name="primitive">The work.</param>
    /// <param name="options">When the circuit opens, and for how long.</param>
    /// <param name="timeProvider">The clock of the sampling window and of the break.</param>
    public CircuitBreakerPrimitive(ProcessPrimitive<TIn, TOut> primitive, CircuitBreakerOptions options, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        _primitive = primitive;
        _pipeline = new ResiliencePipelineBuilder<TOut> { TimeProvider = timeProvider }
            .AddCircuitBreaker(new()
            {
                FailureRatio = options.FailureRatio,
                MinimumThroughput = options.MinimumThroughput,
                SamplingDuration = options.SamplingDuration,
                BreakDuration = options.BreakDuration,
                StateProvider = _state,
                ShouldHandle = arguments => ValueTask.FromResult(
                    arguments.Outcome.Exception is { } exception
                    && !(exception is OperationCanceledException && arguments.Context.CancellationToken.IsCancellationRequested)
                    && options.ShouldHandle(Failure.From(exception))),
            })
            .Build();
    }

    /// <summary>Whether calls are refused right now.</summary>
    public bool IsOpen => _state.CircuitState is CircuitState.Open;

    public override async Task<TOut> ExecuteAsync(TIn input, ActivityWorkflowContext context)
    {
        try
        {
            return await _pipeline.ExecuteAsync(
                static async (call, _) => await call.Primitive.ExecuteAsync(call.Input, call.Context),
                (Primitive: _primitive, Input: input, Context: context),
                context.CancellationToken);
        }
        catch (BrokenCircuitException exception)
        {
            throw new CircuitOpenException(exception.RetryAfter, exception);
        }
    }
}

public static class CircuitBreakerComposition
{
    /// <summary>Stops calling the step while it keeps failing.</summary>
    public static CircuitBreakerPrimitive<TIn, TOut> WithCircuitBreaker<TIn, TOut>(
        this WorkflowPrimitive<TIn, TOut> primitive, CircuitBreakerOptions options, TimeProvider timeProvider) =>
        new(primitive, options, timeProvider);

    /// <summary>Stops calling the step while it keeps failing.</summary>
    public static CircuitBreakerPrimitive<TIn, TOut> WithCircuitBreaker<TIn, TOut>(
        this ProcessPrimitive<TIn, TOut> primitive, CircuitBreakerOptions options, TimeProvider timeProvider) =>
        new(primitive, options, timeProvider);
}

using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Workflow;

/// <summary>The form of the context for activities and everything else that a replay never runs again: clock, delays and ids are the process's.</summary>
/// <param name="correlationId">One id for everything that happens on behalf of one piece of work.</param>
/// <param name="timeProvider">Clock and timers.</param>
/// <param name="loggerFactory">Makes the loggers.</param>
/// <param name="cancellationToken">Cancelled when the work is no longer wanted.</param>
public sealed class ActivityWorkflowContext(
    string correlationId,
    TimeProvider timeProvider,
    ILoggerFactory loggerFactory,
    CancellationToken cancellationToken = default) : WorkflowContext(correlationId, cancellationToken)
{
    // A timer of the runtime reaches about 49 days.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    private readonly TimeProvider _timeProvider = timeProvider ?? throw new ArgumentNullException(nameof(timeProvider));
    private readonly ILoggerFactory _loggerFactory = loggerFactory ?? throw new ArgumentNullException(nameof(loggerFactory));

    /// <summary>Runs activities that a step calls by name; without it such a call is refused.</summary>
    public IActivityDispatcher? Dispatcher { get; init; }

    public override DateTimeOffset UtcNow => _timeProvider.GetUtcNow();

    public override bool IsReplaying => false;

    internal override bool IsDurable => false;

    public override Guid NewGuid() => Guid.NewGuid();

    public override ILogger CreateLogger(string category) => _loggerFactory.CreateLogger(category);

    public override async Task<TOut> CallActivityAsync<TIn, TOut>(string name, TIn input)
    {
        if (Dispatcher is null)
        {
            throw new NotSupportedException(
                $"Activity '{name}' was called by name outside of an orchestration. Call it from an orchestrator, or give the context a {nameof(Dispatcher)}.");
        }

        CancellationToken.ThrowIfCancellationRequested();
        return await Dispatcher.DispatchAsync<TIn, TOut>(name, input, this);
    }

    public override Task<TOut> CallSubOrchestratorAsync<TIn, TOut>(string name, TIn input, string? instanceId = null) =>
        Task.FromException<TOut>(new NotSupportedException(
            $"Orchestrator '{name}' was called outside of an orchestration, which alone can wait for another durably. Start it with a DurableTaskClient instead."));

    public override ActivityWorkflowContext Enter(string agentName) => (ActivityWorkflowContext)base.Enter(agentName);

    public override ActivityWorkflowContext WithCancellation(CancellationToken cancellationToken) =>
        (ActivityWorkflowContext)base.WithCancellation(cancellationToken);

    private protected override async Task StartTimerAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        for (; delay > LongestTimer; delay -= LongestTimer)
        {
            await Task.Delay(LongestTimer, _timeProvider, cancellationToken);
        }

        await Task.Delay(delay, _timeProvider, cancellationToken);
    }
}

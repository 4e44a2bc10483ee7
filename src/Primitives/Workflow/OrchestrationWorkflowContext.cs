using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Workflow;

/// <summary>The form of the context for orchestrators: clock, timers, ids and calls are recorded in the history and repeat exactly in a replay.</summary>
/// <param name="orchestration">The orchestrator function's own context.</param>
/// <param name="correlationId">One id for everything that happens on behalf of one piece of work; the instance's id where this is null.</param>
public sealed class OrchestrationWorkflowContext(TaskOrchestrationContext orchestration, string? correlationId = null)
    : WorkflowContext(correlationId ?? Checked(orchestration).InstanceId, CancellationToken.None)
{
    /// <summary>For what only orchestrations have: external events, custom status, entities, continue-as-new.</summary>
    public TaskOrchestrationContext Orchestration { get; } = Checked(orchestration);

    public override DateTimeOffset UtcNow => new(Orchestration.CurrentUtcDateTime, TimeSpan.Zero);

    public override bool IsReplaying => Orchestration.IsReplaying;

    internal override bool IsDurable => true;

    public override Guid NewGuid() => Orchestration.NewGuid();

    public override ILogger CreateLogger(string category) => Orchestration.CreateReplaySafeLogger(category);

    public override async Task<TOut> CallActivityAsync<TIn, TOut>(string name, TIn input)
    {
        CancellationToken.ThrowIfCancellationRequested();
        return await Orchestration.CallActivityAsync<TOut>(name, input).WaitAsync(CancellationToken);
    }

    public override async Task<TOut> CallSubOrchestratorAsync<TIn, TOut>(string name, TIn input, string? instanceId = null)
    {
        CancellationToken.ThrowIfCancellationRequested();
        var options = instanceId is null ? null : new SubOrchestrationOptions(retry: null, instanceId);
        return await Orchestration.CallSubOrchestratorAsync<TOut>(name, input, options).WaitAsync(CancellationToken);
    }

    public override OrchestrationWorkflowContext Enter(string agentName) => (OrchestrationWorkflowContext)base.Enter(agentName);

    public override OrchestrationWorkflowContext WithCancellation(CancellationToken cancellationToken) =>
        (OrchestrationWorkflowContext)base.WithCancellation(cancellationToken);

    private protected override Task StartTimerAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        Orchestration.CreateTimer(delay, cancellationToken);

    private static TaskOrchestrationContext Checked(TaskOrchestrationContext orchestration) =>
        orchestration ?? throw new ArgumentNullException(nameof(orchestration));
}

using System.Buffers.Binary;
using AtomicDevOps.Primitives.Compensation;
using AtomicDevOps.Primitives.Observable;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Workflow;

/// <summary>
/// What a step may know and use of the place it runs in. There are two forms: <see cref="OrchestrationWorkflowContext"/>, where clock,
/// delays and ids are deterministic and durable, and <see cref="ActivityWorkflowContext"/>, where they are the process's.
/// A context is immutable: the methods that change something give a new one.
/// </summary>
public abstract class WorkflowContext
{
    private AgentPath _path = AgentPath.Root;

    private protected WorkflowContext(string correlationId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(correlationId);
        CorrelationId = correlationId;
        CancellationToken = cancellationToken;
    }

    /// <summary>One id for everything that happens on behalf of one piece of work, across orchestrations and activities.</summary>
    public string CorrelationId { get; }

    /// <summary>The agents that the work has gone through, from L0 down.</summary>
    public AgentPath Path
    {
        get => _path;
        init => _path = value ?? throw new ArgumentNullException(nameof(value));
    }

    /// <summary>Cancelled when the work is no longer wanted. In an orchestration only what the orchestration itself decides may cancel it.</summary>
    public CancellationToken CancellationToken { get; private set; }

    /// <summary>Where audit records go; to the log unless something else was set.</summary>
    public IAuditSink AuditSink { get; init => field = value ?? throw new ArgumentNullException(nameof(value)); } = LoggerAuditSink.Instance;

    /// <summary>The time now; in an orchestration the time of the event that is being handled, the same in every replay.</summary>
    public abstract DateTimeOffset UtcNow { get; }

    /// <summary>Whether the code runs again over what already happened. Always false in an activity.</summary>
    public abstract bool IsReplaying { get; }

    internal abstract bool IsDurable { get; }

    internal CompensationScope? Compensation { get; private set; }

    /// <summary>Waits; in an orchestration by a durable timer that survives a restart.</summary>
    /// <param name="delay">How long; not negative.</param>
    /// <param name="cancellationToken">Ends the wait early, as the context's own token does.</param>
    /// <exception cref="OperationCanceledException">One of the two tokens was cancelled first.</exception>
    public async Task DelayAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken, cancellationToken);
        either.Token.ThrowIfCancellationRequested();
        await StartTimerAsync(delay, either.Token);
    }

    /// <summary>A new id; in an orchestration the same one in every replay.</summary>
    public abstract Guid NewGuid();

    /// <summary>A number in [0, 1) that is drawn from <see cref="NewGuid"/>, and so repeats in a replay.</summary>
    public double NextDouble()
    {
        Span<byte> bytes = stackalloc byte[16];
        NewGuid().TryWriteBytes(bytes);
        // A version 4 or 5 UUID keeps its fixed bits out of the first four bytes.
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes) / (uint.MaxValue + 1.0);
    }

    /// <summary>A logger that, in an orchestration, is silent during replay.</summary>
    public abstract ILogger CreateLogger(string category);

    /// <summary>Calls an activity function by its name.</summary>
    /// <exception cref="OperationCanceledException">
    /// The context's token was cancelled. In an orchestration an activity that runs already cannot be called back: it goes on and its result is ignored.
    /// </exception>
    /// <exception cref="NotSupportedException">The context is an activity's and has no dispatcher.</exception>
    public abstract Task<TOut> CallActivityAsync<TIn, TOut>(string name, TIn input);

    /// <summary>Calls an orchestrator function by its name and waits for its result.</summary>
    /// <param name="name">The orchestrator function.</param>
    /// <param name="input">Its input.</param>
    /// <param name="instanceId">The new instance's id; one is made up where this is null.</param>
    /// <exception cref="OperationCanceledException">The context's token was cancelled. An instance that runs already goes on and its result is ignored.</exception>
    /// <exception cref="NotSupportedException">The context is an activity's: only orchestrations have sub-orchestrations.</exception>
    public abstract Task<TOut> CallSubOrchestratorAsync<TIn, TOut>(string name, TIn input, string? instanceId = null);

    /// <summary>The same context one agent deeper.</summary>
    public virtual WorkflowContext Enter(string agentName) => Copy(Path.Enter(agentName), Compensation, CancellationToken);

    /// <summary>The same context with another token in place of its own. Link the two where the old one still counts.</summary>
    public virtual WorkflowContext WithCancellation(CancellationToken cancellationToken) => Copy(Path, Compensation, cancellationToken);

    internal WorkflowContext WithCompensation(CompensationScope? scope) => Copy(Path, scope, CancellationToken);

    /// <summary>Whether an exception means that the context's token was cancelled, rather than that something went wrong.</summary>
    internal bool IsCancellation(Exception exception) => exception is OperationCanceledException && CancellationToken.IsCancellationRequested;

    private protected abstract Task StartTimerAsync(TimeSpan delay, CancellationToken cancellationToken);

    private WorkflowContext Copy(AgentPath path, CompensationScope? compensation, CancellationToken cancellationToken)
    {
        var copy = (WorkflowContext)MemberwiseClone();
        copy.CancellationToken = cancellationToken;
        copy.Compensation = compensation;
        copy._path = path;
        return copy;
    }
}

using System.Diagnostics;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>One run of an entity's function: a batch of operations, which it hands to the entity by <see cref="RunAsync(ITaskEntity)"/>.</summary>
public sealed partial class EntityInvocation
{
    private readonly string? _state;
    private readonly IReadOnlyList<EntityOperationRequest> _operations;
    private readonly DataConverter _converter;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private bool _dispatched;

    internal EntityInvocation(
        EntityInstanceId id,
        string? state,
        IReadOnlyList<EntityOperationRequest> operations,
        DataConverter converter,
        IServiceProvider services,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken)
    {
        Id = id;
        Services = services;
        CancellationToken = cancellationToken;
        _state = state;
        _operations = operations;
        _converter = converter;
        _time = time;
        _logger = logger;
    }

    public EntityInstanceId Id { get; }

    /// <summary>A scope of its own for this run.</summary>
    public IServiceProvider Services { get; }

    /// <summary>Cancelled when the host shuts down; the batch then runs again after the next start.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>How many of the operations have begun.</summary>
    internal int Begun { get; private set; }

    /// <summary>Null until the batch has run.</summary>
    internal EntityBatchResult? Result { get; private set; }

    /// <summary>
    /// Runs the batch's operations one after another. Each is a transaction: one that fails leaves the state as it was and sends nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">The batch has been handed to an entity before.</exception>
    /// <exception cref="OperationCanceledException">The host shuts down, and an operation heeds it.</exception>
    public async Task RunAsync(ITaskEntity entity)
    {
        ArgumentNullException.ThrowIfNull(entity);
        if (_dispatched)
        {
            throw new InvalidOperationException(
                $"The function of entity '{Id}' dispatches its operations twice: they would run twice. Dispatch once.");
        }

        _dispatched = true;
        var outcomes = new List<EntityOperationOutcome>(_operations.Count);
        var state = _state;
        foreach (var request in _operations)
        {
            Begun++;
            var operation = new EntityOperation(Id, request, state, _converter);
            var outcome = request.Trace is { } trace && DurableTaskSpans.HasListeners
                ? await TracedAsync(entity, operation, request, trace)
                : await RunAsync(entity, operation);
            state = outcome.Failure is null ? operation.StoredState : state;
            outcomes.Add(outcome);
        }

        Result = new EntityBatchResult(outcomes, state);
    }

    private DateTime UtcNow => _time.GetUtcNow().UtcDateTime;

    /// <summary>The operation has a span of its own, and so has each signal and start of which it is the cause, if it succeeds.</summary>
    private async Task<EntityOperationOutcome> TracedAsync(
        ITaskEntity entity, EntityOperation operation, EntityOperationRequest request, ActivityContext trace)
    {
        using var span = DurableTaskSpans.StartOperation(Id, request, trace, UtcNow);
        var outcome = await RunAsync(entity, operation);
        outcome = outcome with { Actions = [.. outcome.Actions.Select(action => Traced(action, span?.Context ?? trace))] };
        if (span is not null)
        {
            DurableTaskSpans.EndOperation(span, outcome.Failure, UtcNow);
        }

        return outcome;
    }

    private EntityAction Traced(EntityAction action, ActivityContext parent)
    {
        var now = UtcNow;
        using var span = action switch
        {
            SendSignal signal => DurableTaskSpans.StartSignal(
                signal.Target, signal.Operation, signal.ScheduledTime, parent, now, sender: Id),
            StartOrchestration start => DurableTaskSpans.StartCreation(Id, start.InstanceId, start.StartAt, parent, now),
            _ => null,
        };
        if (span is not null)
        {
            DurableTaskSpans.End(span, now);
        }

        return action with { Trace = span?.Context ?? parent };
    }

    private async Task<EntityOperationOutcome> RunAsync(ITaskEntity entity, EntityOperation operation)
    {
        try
        {
            var result = await entity.RunAsync(operation);
            var written = Payload.Write(_converter, result, $"the result of operation '{operation.Name}' of entity '{Id}'");
            return new EntityOperationOutcome(written, null, operation.Actions);
        }
        catch (OperationCanceledException) when (CancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            LogFailed(exception, operation.Name, Id);
            return new EntityOperationOutcome(null, TaskFailureDetails.FromException(exception), []);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Operation {Operation} of entity {Entity} failed")]
    private partial void LogFailed(Exception exception, string operation, EntityInstanceId entity);
}

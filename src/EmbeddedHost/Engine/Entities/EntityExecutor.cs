using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>Runs batches of operations in their entity's function, each batch in a service scope of its own.</summary>
internal sealed partial class EntityExecutor(ExecutionEnvironment environment, IServiceScopeFactory scopes, TimeProvider time)
{
    // The error types by which the real Durable Functions tells callers that the function itself did not work.
    private const string NotFound = "EntityFunctionNotFound";
    private const string InvocationFailed = "FunctionInvocationFailed";

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<EntityExecutor>();

    /// <summary>Runs the operations one after another. If the function itself fails, all of them fail and leave the state as it was.</summary>
    /// <param name="state">As stored; null: none.</param>
    /// <exception cref="OperationCanceledException">The host shuts down: nothing of the batch counts.</exception>
    public async Task<EntityBatchResult> RunAsync(
        EntityInstanceId id, string? state, IReadOnlyList<EntityOperationRequest> operations, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        EntityInvocation? invocation = null;
        try
        {
            var run = environment.Functions.FindEntity(id.Name);
            await using var scope = scopes.CreateAsyncScope();
            invocation = new EntityInvocation(
                id, state, operations, environment.Converter, scope.ServiceProvider, time, _logger, cancellationToken);
            await run(invocation);
            return invocation.Result ?? throw new InvalidOperationException(
                $"The function of entity '{id}' ended before its operations did. Return or await the task of DispatchAsync.");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (FunctionNotFoundException exception)
        {
            LogFailed(exception, id);
            return AllFailed(new TaskFailureDetails(NotFound, exception.Message, null, null, null));
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            LogFailed(exception, id);
            var failure = new TaskFailureDetails(
                InvocationFailed, $"The function of entity '{id}' failed: {exception.Message}", null, TaskFailureDetails.FromException(exception), null);
            return AllFailed(failure);
        }

        EntityBatchResult AllFailed(TaskFailureDetails failure)
        {
            foreach (var request in operations.Skip(invocation?.Begun ?? 0))
            {
                TraceFailed(id, request, failure);
            }

            return new EntityBatchResult([.. Enumerable.Repeat(new EntityOperationOutcome(null, failure, []), operations.Count)], state);
        }
    }

    /// <summary>A message of an entity cannot be read, and is done with.</summary>
    public void TellSkipped(EntityInstanceId id, UnreadableRecordException damage) => LogSkipped(damage, id, damage.Message);

    public void TellOverrun(LiveEntity entity) => LogOverrun(entity.ToString(), TurnWatchdog.Limit);

    public void TellReturned(LiveEntity entity, TimeSpan time) => LogReturned(entity.ToString(), time);

    /// <summary>An operation that the function did not come to has a span too.</summary>
    private void TraceFailed(EntityInstanceId id, EntityOperationRequest request, TaskFailureDetails failure)
    {
        var now = time.GetUtcNow().UtcDateTime;
        using var span = request.Trace is { } trace && DurableTaskSpans.HasListeners ? DurableTaskSpans.StartOperation(id, request, trace, now) : null;
        if (span is not null)
        {
            DurableTaskSpans.EndOperation(span, failure, now);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A message for entity '{Entity}' is skipped; those behind it are handled. {Reason}")]
    private partial void LogSkipped(Exception exception, EntityInstanceId entity, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The operations of {Entity}, have run for {Limit} in one turn. What it is sent meanwhile waits, and so do its callers: "
            + "move long work into an activity or an orchestration that the entity starts")]
    private partial void LogOverrun(string entity, TimeSpan limit);

    [LoggerMessage(Level = LogLevel.Information, Message = "The operations of {Entity}, ended after {Time}")]
    private partial void LogReturned(string entity, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Error, Message = "The function of entity {Entity} failed")]
    private partial void LogFailed(Exception exception, EntityInstanceId entity);
}

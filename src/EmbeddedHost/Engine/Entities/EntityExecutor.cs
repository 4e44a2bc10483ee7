using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>Runs batches of operations in their entity's function, each batch in a service scope of its own.</summary>
internal sealed partial class EntityExecutor(ExecutionEnvironment environment, IServiceScopeFactory scopes)
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
        try
        {
            var run = environment.Functions.FindEntity(id.Name);
            await using var scope = scopes.CreateAsyncScope();
            var invocation = new EntityInvocation(
                id, state, operations, environment.Converter, scope.ServiceProvider, _logger, cancellationToken);
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
            return AllFailed(new TaskFailureDetails(NotFound, exception.Message, null, null, null), operations.Count, state);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            LogFailed(exception, id);
            var failure = new TaskFailureDetails(
                InvocationFailed, $"The function of entity '{id}' failed: {exception.Message}", null, TaskFailureDetails.FromException(exception), null);
            return AllFailed(failure, operations.Count, state);
        }
    }

    private static EntityBatchResult AllFailed(TaskFailureDetails failure, int count, string? state)
        => new([.. Enumerable.Repeat(new EntityOperationOutcome(null, failure, []), count)], state);

    [LoggerMessage(Level = LogLevel.Error, Message = "The function of entity {Entity} failed")]
    private partial void LogFailed(Exception exception, EntityInstanceId entity);
}

using DurableTask.Core;
using DurableTask.Core.Entities;
using DurableTask.Core.Entities.OperationFormat;
using DurableTask.Core.Middleware;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.DurableHosts;

/// <summary>The real dispatcher of entities, of DurableTask.Core, with the real worker's shim around each entity: the test host's sidecar has none.</summary>
internal sealed class EntityWorker : ITaskSet, IAsyncDisposable
{
    private readonly Dictionary<string, Func<ITaskEntity>> _entities = new(StringComparer.OrdinalIgnoreCase);
    private readonly DurableTaskShimFactory _shims;
    private readonly TaskHubWorker _worker;

    public EntityWorker(SkippedTimeService service, DurableTaskShimFactory shims, ILoggerFactory loggers)
    {
        _shims = shims;
        _worker = new TaskHubWorker(new EntityService(service), loggers) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        _worker.AddEntityDispatcherMiddleware(RunAsync);
    }

    public Task StartAsync() => _worker.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync(isForced: true);
        _worker.Dispose();
    }

    public ITaskSet AddEntity(string name, Func<ITaskEntity> make)
    {
        _entities.Add(name, make);
        return this;
    }

    public ITaskSet AddOrchestrator<TInput, TOutput>(string name, Func<Microsoft.DurableTask.TaskOrchestrationContext, TInput, Task<TOutput>> run) => this;

    public ITaskSet AddActivity<TInput, TOutput>(string name, Func<TaskActivityContext, TInput, CancellationToken, Task<TOutput>> run) => this;

    private async Task RunAsync(DispatchMiddlewareContext dispatch, Func<Task> next)
    {
        var request = dispatch.GetProperty<EntityBatchRequest>();
        var id = EntityId.FromString(request.InstanceId!);
        dispatch.SetProperty(_entities.TryGetValue(id.Name, out var make)
            ? await _shims.CreateEntity(id.Name, make(), id).ExecuteOperationBatchAsync(request)
            : NotFound(request, id));
    }

    /// <summary>The answer of the real worker.</summary>
    private static EntityBatchResult NotFound(EntityBatchRequest request, EntityId id) => new()
    {
        Actions = [],
        EntityState = request.EntityState,
        Results =
        [
            .. request.Operations!.Select(_ => new OperationResult
            {
                FailureDetails = new FailureDetails(
                    "EntityTaskNotFound", $"No entity task named '{id.Name}' was found.", stackTrace: null, innerFailure: null, isNonRetriable: true),
            }),
        ],
    };

    /// <summary>The part of the back end that entities need; orchestrations and activities are the sidecar's.</summary>
    private sealed class EntityService(SkippedTimeService service) : IEntityOrchestrationService
    {
        public EntityBackendProperties EntityBackendProperties { get; } = new()
        {
            EntityMessageReorderWindow = TimeSpan.Zero,
            MaxConcurrentTaskEntityWorkItems = service.MaxConcurrentTaskOrchestrationWorkItems,
            MaximumSignalDelayTime = TimeSpan.MaxValue,
            SupportsImplicitEntityDeletion = false,
            UseSeparateQueueForEntityWorkItems = true,
        };

        public EntityBackendQueries? EntityBackendQueries => null;

        public int TaskOrchestrationDispatcherCount => 1;

        public int TaskActivityDispatcherCount => 1;

        public int MaxConcurrentTaskOrchestrationWorkItems => 1;

        public int MaxConcurrentTaskActivityWorkItems => 1;

        public BehaviorOnContinueAsNew EventBehaviourForContinueAsNew => service.EventBehaviourForContinueAsNew;

        public async Task<TaskOrchestrationWorkItem> LockNextEntityWorkItemAsync(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
            await service.EntityWorkItems.ReadAsync(cancellationToken);

        public Task<TaskOrchestrationWorkItem> LockNextOrchestrationWorkItemAsync(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
            NeverAsync<TaskOrchestrationWorkItem>(cancellationToken);

        public Task<TaskOrchestrationWorkItem> LockNextTaskOrchestrationWorkItemAsync(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
            NeverAsync<TaskOrchestrationWorkItem>(cancellationToken);

        public Task<TaskActivityWorkItem> LockNextTaskActivityWorkItem(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
            NeverAsync<TaskActivityWorkItem>(cancellationToken);

        public Task CompleteTaskOrchestrationWorkItemAsync(
            TaskOrchestrationWorkItem workItem,
            OrchestrationRuntimeState newOrchestrationRuntimeState,
            IList<TaskMessage> outboundMessages,
            IList<TaskMessage> orchestratorMessages,
            IList<TaskMessage> timerMessages,
            TaskMessage continuedAsNewMessage,
            OrchestrationState orchestrationState) => service.CompleteTaskOrchestrationWorkItemAsync(
            workItem, newOrchestrationRuntimeState, outboundMessages, orchestratorMessages, timerMessages, continuedAsNewMessage, orchestrationState);

        public Task ReleaseTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => service.ReleaseTaskOrchestrationWorkItemAsync(workItem);

        public Task AbandonTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => service.AbandonTaskOrchestrationWorkItemAsync(workItem);

        public Task RenewTaskOrchestrationWorkItemLockAsync(TaskOrchestrationWorkItem workItem) => service.RenewTaskOrchestrationWorkItemLockAsync(workItem);

        public int GetDelayInSecondsAfterOnFetchException(Exception exception) => service.GetDelayInSecondsAfterOnFetchException(exception);

        public int GetDelayInSecondsAfterOnProcessException(Exception exception) => service.GetDelayInSecondsAfterOnProcessException(exception);

        public bool IsMaxMessageCountExceeded(int currentMessageCount, OrchestrationRuntimeState runtimeState) =>
            service.IsMaxMessageCountExceeded(currentMessageCount, runtimeState);

        public Task CompleteTaskActivityWorkItemAsync(TaskActivityWorkItem workItem, TaskMessage responseMessage) => NoActivities();

        public Task AbandonTaskActivityWorkItemAsync(TaskActivityWorkItem workItem) => NoActivities();

        public Task<TaskActivityWorkItem> RenewTaskActivityWorkItemLockAsync(TaskActivityWorkItem workItem) =>
            throw new NotSupportedException("Activities are the sidecar's.");

        public Task CreateAsync() => Task.CompletedTask;

        public Task CreateAsync(bool recreateInstanceStore) => Task.CompletedTask;

        public Task CreateIfNotExistsAsync() => Task.CompletedTask;

        public Task DeleteAsync() => Task.CompletedTask;

        public Task DeleteAsync(bool deleteInstanceStore) => Task.CompletedTask;

        public Task StartAsync() => Task.CompletedTask;

        public Task StopAsync() => Task.CompletedTask;

        public Task StopAsync(bool isForced) => Task.CompletedTask;

        private static Task NoActivities() => throw new NotSupportedException("Activities are the sidecar's.");

        private static async Task<T> NeverAsync<T>(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new OperationCanceledException(cancellationToken);
        }
    }
}

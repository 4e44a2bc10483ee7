using DurableTask.Core.Entities;
using DurableTask.Core.Tracing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.DurableTask.Protobuf;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.DurableHosts;

/// <summary>The real test host's sidecar, which tells workers the time of a clock that stands still.</summary>
internal sealed class SkippedTimeServer(
    IHostApplicationLifetime lifetime, ILoggerFactory loggerFactory, SkippedTimeService service, IOptions<TaskHubGrpcServerOptions> options)
    : TaskHubGrpcServer(lifetime, loggerFactory, service, service, options)
{
    private readonly SemaphoreSlim _worker = new(initialCount: 1);
    private TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the next worker to come has work items sent to it.</summary>
    public Task NextConnectionAsync() => (_connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public override async Task<SignalEntityResponse> SignalEntity(SignalEntityRequest request, ServerCallContext context)
    {
        var at = request.ScheduledTime?.ToDateTime();
        var signal = ClientEntityHelpers.EmitOperationSignal(
            new global::DurableTask.Core.OrchestrationInstance { InstanceId = request.InstanceId },
            Guid.Parse(request.RequestId),
            request.Name,
            request.Input,
            at is { } time ? (time, time) : null,
            request.ParentTraceContext is { } trace ? new DistributedTraceContext(trace.TraceParent, trace.TraceState) : null,
            request.RequestTime?.ToDateTimeOffset());
        await service.SendTaskOrchestrationMessageAsync(signal.AsTaskMessage());
        return new SignalEntityResponse();
    }

    public override async Task<GetEntityResponse> GetEntity(GetEntityRequest request, ServerCallContext context) =>
        await Entities.GetEntityAsync(EntityId.FromString(request.InstanceId), request.IncludeState, includeStateless: false, context.CancellationToken) is { } entity
            ? new GetEntityResponse { Exists = true, Entity = Message(entity) }
            : new GetEntityResponse();

    public override async Task<QueryEntitiesResponse> QueryEntities(QueryEntitiesRequest request, ServerCallContext context)
    {
        var query = request.Query;
        var found = await Entities.QueryEntitiesAsync(
            new EntityBackendQueries.EntityQuery
            {
                InstanceIdStartsWith = query.InstanceIdStartsWith,
                LastModifiedFrom = query.LastModifiedFrom?.ToDateTime(),
                LastModifiedTo = query.LastModifiedTo?.ToDateTime(),
                IncludeState = query.IncludeState,
                IncludeTransient = query.IncludeTransient,
                PageSize = query.PageSize,
                ContinuationToken = query.ContinuationToken,
            },
            context.CancellationToken);
        return new QueryEntitiesResponse { Entities = { found.Results.Select(Message) }, ContinuationToken = found.ContinuationToken };
    }

    public override async Task<CleanEntityStorageResponse> CleanEntityStorage(CleanEntityStorageRequest request, ServerCallContext context)
    {
        var cleaned = await Entities.CleanEntityStorageAsync(
            new EntityBackendQueries.CleanEntityStorageRequest
            {
                RemoveEmptyEntities = request.RemoveEmptyEntities,
                ReleaseOrphanedLocks = request.ReleaseOrphanedLocks,
                ContinuationToken = request.ContinuationToken,
            },
            context.CancellationToken);
        return new CleanEntityStorageResponse
        {
            EmptyEntitiesRemoved = cleaned.EmptyEntitiesRemoved,
            OrphanedLocksReleased = cleaned.OrphanedLocksReleased,
            ContinuationToken = cleaned.ContinuationToken,
        };
    }

    private EntityQueries Entities => new(service);

    private static EntityMetadata Message(EntityBackendQueries.EntityMetadata entity) => new()
    {
        InstanceId = entity.EntityId.ToString(),
        LastModifiedTime = Timestamp.FromDateTime(entity.LastModifiedTime),
        BacklogQueueSize = entity.BacklogQueueSize,
        LockedBy = entity.LockedBy,
        SerializedState = entity.SerializedState,
    };

    /// <summary>It takes one worker at a time, and the next one only when it has noticed that the last one has gone.</summary>
    public override async Task GetWorkItems(GetWorkItemsRequest request, IServerStreamWriter<WorkItem> responseStream, ServerCallContext context)
    {
        await _worker.WaitAsync(context.CancellationToken);
        try
        {
            var serving = base.GetWorkItems(request, new StampedStream(responseStream, service), context);
            _connected.TrySetResult();
            await serving;
        }
        finally
        {
            _worker.Release();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _worker.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class StampedStream(IServerStreamWriter<WorkItem> inner, SkippedTimeService clock) : IServerStreamWriter<WorkItem>
    {
        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public Task WriteAsync(WorkItem message)
        {
            var now = Timestamp.FromDateTime(clock.Now);
            if (message.OrchestratorRequest is { } turn)
            {
                turn.EntityParameters = new OrchestratorEntityParameters { EntityMessageReorderWindow = Duration.FromTimeSpan(TimeSpan.Zero) };
            }

            foreach (var happened in message.OrchestratorRequest?.NewEvents ?? [])
            {
                happened.Timestamp = now;
                if (happened.TimerFired is { } timer)
                {
                    timer.FireAt = now;
                }
            }

            return inner.WriteAsync(message);
        }
    }
}

using DurableTask.Core;
using DurableTask.Core.Entities;
using DurableTask.Core.Query;

namespace AtomicDevOps.DurableHosts;

/// <summary>Answers about entities from the instances that stand for them, as back ends of the real engine do.</summary>
internal sealed class EntityQueries(SkippedTimeService service) : EntityBackendQueries
{
    public override async Task<EntityMetadata?> GetEntityAsync(
        EntityId id, bool includeState = false, bool includeStateless = false, CancellationToken cancellation = default) =>
        await service.FindEntityAsync(id.ToString()) is { } state ? Read(state, includeState, includeStateless) : null;

    public override async Task<EntityQueryResult> QueryEntitiesAsync(EntityQuery query, CancellationToken cancellation)
    {
        var prefix = query.InstanceIdStartsWith ?? string.Empty;
        var page = await service.FindEntitiesAsync(
            new OrchestrationQuery
            {
                InstanceIdPrefix = prefix.StartsWith('@') ? prefix : $"@{prefix}",
                CreatedTimeFrom = query.LastModifiedFrom,
                CreatedTimeTo = query.LastModifiedTo,
                PageSize = query.PageSize ?? 100,
                ContinuationToken = query.ContinuationToken,
            },
            cancellation);
        return new EntityQueryResult
        {
            Results = [.. page.OrchestrationState.Select(state => Read(state, query.IncludeState, query.IncludeTransient)).OfType<EntityMetadata>()],
            ContinuationToken = page.ContinuationToken,
        };
    }

    public override async Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest request = default, CancellationToken cancellation = default)
    {
        var cleaned = default(CleanEntityStorageResult);
        var all = await service.FindEntitiesAsync(new OrchestrationQuery { InstanceIdPrefix = "@", PageSize = int.MaxValue }, cancellation);
        foreach (var state in all.OrchestrationState)
        {
            var status = ClientEntityHelpers.GetEntityStatus(state.Status);
            if (request.ReleaseOrphanedLocks && status?.LockedBy is { } owner && !await IsRunningAsync(owner))
            {
                await service.SendTaskOrchestrationMessageAsync(
                    ClientEntityHelpers.EmitUnlockForOrphanedLock(state.OrchestrationInstance, owner).AsTaskMessage());
                cleaned.OrphanedLocksReleased++;
            }

            if (request.RemoveEmptyEntities && status is { EntityExists: false, LockedBy: null, BacklogQueueSize: 0 })
            {
                service.Forget(state.OrchestrationInstance.InstanceId);
                cleaned.EmptyEntitiesRemoved++;
            }
        }

        return cleaned;
    }

    private static EntityMetadata? Read(OrchestrationState state, bool includeState, bool includeTransient)
    {
        if (!includeTransient && !EntityStatus.TestEntityExists(state.Status))
        {
            return null;
        }

        var status = ClientEntityHelpers.GetEntityStatus(state.Status);
        return new EntityMetadata
        {
            EntityId = EntityId.FromString(state.OrchestrationInstance.InstanceId),
            LastModifiedTime = state.CreatedTime,
            BacklogQueueSize = status?.BacklogQueueSize ?? 0,
            LockedBy = status?.LockedBy,
            SerializedState = includeState ? ClientEntityHelpers.GetEntityState(state.Input) : null,
        };
    }

    private async Task<bool> IsRunningAsync(string instanceId) =>
        (await service.GetOrchestrationStateAsync(instanceId, executionId: null))?.OrchestrationStatus
            is OrchestrationStatus.Pending or OrchestrationStatus.Running or OrchestrationStatus.Suspended;
}

using System.Diagnostics;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>The entities' part of the client of the engine in this process.</summary>
internal sealed class EmbeddedDurableEntityClient(DurableTaskEngine engine) : DurableEntityClient("embedded")
{
    private const int CleaningPageSize = 100;

    private DataConverter Converter => engine.Environment.Converter;

    public override Task SignalEntityAsync(
        EntityInstanceId id,
        string operationName,
        object? input = null,
        SignalEntityOptions? options = null,
        CancellationToken cancellation = default)
    {
        EntityArguments.Require(id, operationName);
        cancellation.ThrowIfCancellationRequested();
        var signal = new EntityOperationRequest(
            Sender: null,
            RequestId: null,
            operationName,
            Payload.Write(Converter, input, $"the input of operation '{operationName}' of entity '{id}'"),
            options?.SignalTime?.UtcDateTime);
        return DurableTaskSpans.HasListeners
            ? SignalTracedAsync(id, signal, cancellation)
            : engine.WriteAsync(new SignalWrite(engine, id, signal)).WaitAsync(cancellation);
    }

    public override Task<EntityMetadata?> GetEntityAsync(
        EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default)
        => Task.FromResult(Find(id, includeState, cancellation) is { } entity ? Describe(entity) : null);

    public override Task<EntityMetadata<T>?> GetEntityAsync<T>(
        EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default)
        => Task.FromResult(Find(id, includeState, cancellation) is { } entity ? Describe<T>(entity) : null);

    public override AsyncPageable<EntityMetadata> GetAllEntitiesAsync(EntityQuery? filter = null) => Query(filter, Describe);

    public override AsyncPageable<EntityMetadata<T>> GetAllEntitiesAsync<T>(EntityQuery? filter = null) => Query(filter, Describe<T>);

    public override async Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest? request = null, bool continueUntilComplete = true, CancellationToken cancellation = default)
    {
        var wanted = request ?? CleanEntityStorageRequest.Default;
        var all = new EntityQuery { IncludeTransient = true, IncludeState = false };
        var result = new CleanEntityStorageResult { ContinuationToken = wanted.ContinuationToken };
        do
        {
            cancellation.ThrowIfCancellationRequested();
            var page = engine.Store.Query(all, result.ContinuationToken, CleaningPageSize);
            var cleaning = await engine.WriteAsync(new CleanEntitiesWrite(
                engine, [.. page.Values.Select(static entity => entity.Sequence)], wanted.RemoveEmptyEntities, wanted.ReleaseOrphanedLocks));
            result = new CleanEntityStorageResult
            {
                EmptyEntitiesRemoved = result.EmptyEntitiesRemoved + cleaning.Removed,
                OrphanedLocksReleased = result.OrphanedLocksReleased + cleaning.Released,
                ContinuationToken = page.ContinuationToken,
            };
        }
        while (continueUntilComplete && result.ContinuationToken is not null);
        return result;
    }

    private async Task SignalTracedAsync(EntityInstanceId id, EntityOperationRequest signal, CancellationToken cancellation)
    {
        using var span = DurableTaskSpans.StartSignal(id, signal.Operation, signal.ScheduledTime, parent: default, engine.UtcNow);
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } parent)
        {
            signal = signal with { Trace = parent.Context };
        }

        try
        {
            await engine.WriteAsync(new SignalWrite(engine, id, signal)).WaitAsync(cancellation);
        }
        catch (Exception exception)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
        finally
        {
            if (span is not null)
            {
                DurableTaskSpans.End(span, engine.UtcNow);
            }
        }
    }

    private StoredEntity? Find(EntityInstanceId id, bool withState, CancellationToken cancellation)
    {
        if (id == default)
        {
            throw new ArgumentException("The entity id has no name: make it with its constructor.", nameof(id));
        }

        cancellation.ThrowIfCancellationRequested();
        return engine.Store.FindEntity(id, withState) is { HasState: true } entity ? entity : null;
    }

    private AsyncPageable<TMetadata> Query<TMetadata>(EntityQuery? filter, Func<StoredEntity, TMetadata> describe)
        where TMetadata : notnull
    {
        var query = filter ?? new EntityQuery();
        return Pageable.Create((continuation, pageSize, cancellation) =>
        {
            cancellation.ThrowIfCancellationRequested();
            var page = engine.Store.Query(
                query, continuation ?? query.ContinuationToken, pageSize ?? query.PageSize ?? EntityQuery.DefaultPageSize);
            return Task.FromResult(new Page<TMetadata>([.. page.Values.Select(describe)], page.ContinuationToken));
        });
    }

    private EntityMetadata Describe(StoredEntity entity) => new(
        entity.Id, entity.State is { } state ? new SerializedData(state, Converter) : null)
    {
        LastModifiedTime = new DateTimeOffset(entity.ModifiedAt),
        BacklogQueueSize = Backlog(entity),
        LockedBy = entity.Lock?.Owner,
    };

    private EntityMetadata<T> Describe<T>(StoredEntity entity) => entity.State is { } state
        ? new(entity.Id, Payload.Read<T>(Converter, state, $"the state of entity '{entity.Id}'"))
        {
            LastModifiedTime = new DateTimeOffset(entity.ModifiedAt),
            BacklogQueueSize = Backlog(entity),
            LockedBy = entity.Lock?.Owner,
        }
        : new(entity.Id)
        {
            LastModifiedTime = new DateTimeOffset(entity.ModifiedAt),
            BacklogQueueSize = Backlog(entity),
            LockedBy = entity.Lock?.Owner,
        };

    private int Backlog(StoredEntity entity)
    {
        var now = engine.UtcNow;
        return entity.Messages.Count(message => message.Arrival is not EntityOperationRequest { ScheduledTime: { } due } || due <= now);
    }
}

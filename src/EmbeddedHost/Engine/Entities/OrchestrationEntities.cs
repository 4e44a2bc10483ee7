using System.Diagnostics.CodeAnalysis;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>What the entity calls of an orchestrator need of its context. All of it belongs to the turn's thread.</summary>
internal interface IEntityRequests
{
    string InstanceId { get; }

    DataConverter Converter { get; }

    /// <exception cref="NonDurableAwaitException">Not called on the turn's thread.</exception>
    void RequireTurn();

    Guid NewGuid();

    /// <summary>The number of the orchestrator's next action.</summary>
    int NextTaskId();

    void Decide(EntityDecision decision);

    /// <summary>
    /// Waits for the response to a request. The wait does not hold up the end of the execution, as the real Durable Task does not: an
    /// orchestration whose call to a locked entity took too long may end without it.
    /// </summary>
    Task<EntityResponse> OpenAsync(Guid requestId);
}

/// <summary>An orchestrator's view of entities: turns its calls into decisions and keeps the rules of critical sections.</summary>
internal sealed class OrchestrationEntities(IEntityRequests requests) : TaskOrchestrationEntityFeature
{
    private CriticalSection? _section;

    public override async Task<TResult> CallEntityAsync<TResult>(
        EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null)
    {
        var result = await CallAsync(id, operationName, input);
        return Payload.Read<TResult>(
            requests.Converter, result, $"the result of operation '{operationName}' of entity '{id}' in instance '{requests.InstanceId}'");
    }

    public override Task CallEntityAsync(
        EntityInstanceId id, string operationName, object? input = null, CallEntityOptions? options = null)
        => CallAsync(id, operationName, input);

    public override Task SignalEntityAsync(
        EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null)
    {
        requests.RequireTurn();
        EntityArguments.Require(id, operationName);
        if (_section?.Contains(id) == true)
        {
            throw Refused($"must not signal '{id}', which it has locked. Call it, or signal it after the critical section");
        }

        var payload = Write(id, operationName, input);

        // The real Durable Task numbers signals too, and so the ids that the code makes are the same.
        requests.NewGuid();
        requests.Decide(new EntitySignaled(requests.NextTaskId(), id, operationName, payload, options?.SignalTime?.UtcDateTime));
        return Task.CompletedTask;
    }

    public override async Task<IAsyncDisposable> LockEntitiesAsync(IEnumerable<EntityInstanceId> entityIds)
    {
        requests.RequireTurn();
        ArgumentNullException.ThrowIfNull(entityIds);
        var lockSet = EntityLockSet.Of(entityIds);
        if (lockSet.Count == 0)
        {
            throw new ArgumentException("There is no entity to lock: give at least one.", nameof(entityIds));
        }

        if (lockSet.Contains(default))
        {
            throw new ArgumentException("An entity to lock has no name: make its id with the constructor.", nameof(entityIds));
        }

        if (_section is not null)
        {
            throw Refused("must not enter a critical section inside another one. Lock all entities at once, or leave the first one before");
        }

        var section = new CriticalSection(requests.NewGuid(), lockSet);
        _section = section;
        requests.Decide(new EntityLockRequested(requests.NextTaskId(), section.RequestId, lockSet));
        await requests.OpenAsync(section.RequestId);
        section.Enter();
        return new Exit(this, section);
    }

    public override bool InCriticalSection([NotNullWhen(true)] out IReadOnlyList<EntityInstanceId>? entityIds)
    {
        requests.RequireTurn();
        entityIds = _section?.Available ?? [];
        return _section is not null;
    }

    /// <exception cref="InvalidOperationException">A critical section is open.</exception>
    public void RequireNoCriticalSection()
    {
        if (_section is not null)
        {
            throw Refused("must not call a sub-orchestration inside a critical section. Call it before or after");
        }
    }

    /// <summary>Gives back what is locked or asked for. To be called whenever an execution ends, in whatever way.</summary>
    public void ExitCriticalSection()
    {
        if (_section is not { } section)
        {
            return;
        }

        _section = null;
        if (section.IsEntered)
        {
            foreach (var entity in section.LockSet)
            {
                requests.Decide(new EntityUnlocked(requests.NextTaskId(), entity, section.RequestId, EntityLockSet.Empty));
            }
        }
        else
        {
            requests.Decide(
                new EntityUnlocked(requests.NextTaskId(), section.LockSet[0], section.RequestId, section.LockSet.From(1)));
        }
    }

    private void Leave(CriticalSection section)
    {
        requests.RequireTurn();
        if (_section == section)
        {
            ExitCriticalSection();
        }
    }

    private async Task<string?> CallAsync(EntityInstanceId id, string operationName, object? input)
    {
        requests.RequireTurn();
        EntityArguments.Require(id, operationName);
        var section = _section;
        if (section?.WhyNotCall(id) is { } reason)
        {
            throw Refused(reason);
        }

        var payload = Write(id, operationName, input);
        section?.BeginCall(id);
        var requestId = requests.NewGuid();
        requests.Decide(new EntityCalled(requests.NextTaskId(), id, requestId, operationName, payload));
        var response = await requests.OpenAsync(requestId);
        section?.EndCall(id);
        return response switch
        {
            EntityCallCompleted completed => completed.Result,
            EntityCallFailed failed => throw new EntityOperationFailedException(id, operationName, failed.Failure),
            _ => throw new InvalidOperationException($"A call to entity '{id}' got {response} for an answer."),
        };
    }

    private string? Write(EntityInstanceId id, string operationName, object? input) => Payload.Write(
        requests.Converter, input, $"the input of operation '{operationName}' of entity '{id}' in instance '{requests.InstanceId}'");

    private InvalidOperationException Refused(string reason) => new($"Instance '{requests.InstanceId}' {reason}.");

    private sealed class CriticalSection(Guid requestId, EntityLockSet lockSet)
    {
        private readonly HashSet<EntityInstanceId> _called = [];

        public Guid RequestId => requestId;

        public EntityLockSet LockSet => lockSet;

        public bool IsEntered { get; private set; }

        public IReadOnlyList<EntityInstanceId> Available
            => IsEntered ? [.. lockSet.Where(entity => !_called.Contains(entity))] : [];

        public void Enter() => IsEntered = true;

        public bool Contains(EntityInstanceId id) => lockSet.Contains(id);

        public string? WhyNotCall(EntityInstanceId id) => this switch
        {
            { IsEntered: false } => $"must not call '{id}' before it has its locks. Await LockEntitiesAsync first",
            _ when !Contains(id) => $"must not call '{id}' inside a critical section that does not lock it. Lock it too, or call it outside",
            _ when _called.Contains(id) => $"must not call '{id}' inside a critical section while a call to it is still open. Await that one first",
            _ => null,
        };

        public void BeginCall(EntityInstanceId id) => _called.Add(id);

        public void EndCall(EntityInstanceId id) => _called.Remove(id);
    }

    private sealed class Exit(OrchestrationEntities entities, CriticalSection section) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            entities.Leave(section);
            return ValueTask.CompletedTask;
        }
    }
}

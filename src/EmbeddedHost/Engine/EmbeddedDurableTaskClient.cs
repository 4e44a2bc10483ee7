using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Engine.Rewind;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>The client of the engine in this process.</summary>
internal sealed class EmbeddedDurableTaskClient(DurableTaskEngine engine) : DurableTaskClient("embedded")
{
    private static readonly FrozenSet<OrchestrationRuntimeStatus> RunningStatuses =
        new[] { OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended }.ToFrozenSet();

    public override DurableEntityClient Entities { get; } = new EmbeddedDurableEntityClient(engine);

    public override Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(orchestratorName.Name, nameof(orchestratorName));
        cancellation.ThrowIfCancellationRequested();
        var instanceId = options?.InstanceId ?? Guid.NewGuid().ToString("N");
        RequireInstanceId(instanceId);
        return StartAsync(
            new NewInstance(
                instanceId,
                orchestratorName.Name,
                options?.Version?.Version ?? string.Empty,
                Payload.Write(Converter, input, $"the input of orchestration '{orchestratorName}'"),
                engine.UtcNow,
                options?.StartAt?.UtcDateTime,
                options?.Tags.ToImmutableSortedDictionary(StringComparer.Ordinal)
                    ?? ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal),
                Parent: null),
            DedupeStatuses(options?.DedupeStatuses));
    }

    public override Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var raised = new EventRaised(eventName, Payload.Write(Converter, eventPayload, $"event '{eventName}'"));
        return DurableTaskSpans.HasListeners
            ? RaiseTracedAsync(instanceId, raised, cancellation)
            : SendAsync(instanceId, raised, cancellation);
    }

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
        => WaitAsync(instanceId, static status => status is not OrchestrationRuntimeStatus.Pending, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
        => WaitAsync(instanceId, static status => status?.IsFinished() ?? true, getInputsAndOutputs, cancellation);

    public override Task TerminateInstanceAsync(
        string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        var output = Payload.Write(Converter, options?.Output, "the output of a termination");
        return SendAsync(instanceId, new ExecutionTerminated(output, options?.Recursive ?? false), cancellation);
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
        => SendAsync(instanceId, new ExecutionSuspended(reason), cancellation);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
        => SendAsync(instanceId, new ExecutionResumed(reason), cancellation);

    public override Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        RequireInstanceId(instanceId);
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(engine.Store.Metadata(instanceId, Converter, getInputsAndOutputs));
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        EntityArguments.RequireOrchestration(query.InstanceIdPrefix, nameof(filter));
        return Pageable.Create((continuation, pageSize, cancellation) =>
        {
            cancellation.ThrowIfCancellationRequested();
            return Task.FromResult(
                engine.Store.Query(query, continuation ?? query.ContinuationToken, pageSize ?? query.PageSize, Converter));
        });
    }

    public override async Task<PurgeResult> PurgeInstanceAsync(
        string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        RequireInstanceId(instanceId);
        cancellation.ThrowIfCancellationRequested();
        if (engine.Store.Find(instanceId) is not { } state)
        {
            return new PurgeResult(0, isComplete: true);
        }

        if (!state.IsFinished)
        {
            throw new InvalidOperationException(
                $"Only a finished instance can be purged; '{instanceId}' is {state.Status}. Terminate it first.");
        }

        return new PurgeResult(await PurgeAsync([state.Sequence], options), isComplete: true);
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.Timeout <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(filter), filter.Timeout, "The timeout of a purge must be more than zero.");
        }

        var deadline = filter.Timeout is { } timeout ? engine.UtcNow + timeout : DateTime.MaxValue;
        var purged = 0;
        foreach (var batch in engine.Store.FindFinished(filter).Chunk(200))
        {
            cancellation.ThrowIfCancellationRequested();
            if (engine.UtcNow > deadline)
            {
                return new PurgeResult(purged, isComplete: false);
            }

            purged += await PurgeAsync(batch, options);
        }

        return new PurgeResult(purged, isComplete: true);
    }

    public override async Task<string> RestartAsync(
        string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellation = default)
    {
        RequireInstanceId(instanceId);
        var instance = await GetInstanceAsync(instanceId, getInputsAndOutputs: true, cancellation)
            ?? throw Missing(instanceId);
        if (!restartWithNewInstanceId && !instance.IsCompleted)
        {
            throw new InvalidOperationException(
                $"Only a finished instance can be restarted under its id; '{instanceId}' is {instance.RuntimeStatus}.");
        }

        var state = engine.Store.Find(instanceId) ?? throw Missing(instanceId);
        var version = engine.Store.Load(state.Sequence)?.Identity.Version ?? string.Empty;
        return await StartAsync(
            new NewInstance(
                restartWithNewInstanceId ? Guid.NewGuid().ToString("N") : instanceId,
                instance.Name,
                version,
                instance.SerializedInput,
                engine.UtcNow,
                StartAt: null,
                instance.Tags.ToImmutableSortedDictionary(StringComparer.Ordinal),
                Parent: null),
            RunningStatuses);
    }

    public override async Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellation = default)
    {
        RequireInstanceId(instanceId);
        cancellation.ThrowIfCancellationRequested();
        var state = engine.Store.Find(instanceId) ?? throw Missing(instanceId);
        var isRewound = state.Status == OrchestrationRuntimeStatus.Failed
            && engine.Store.Load(state.Sequence) is { } stored
            && await engine.WriteAsync(new RewindWrite(engine, Rewinding.Prepare(engine.Store, stored, engine.Environment), reason));
        if (!isRewound)
        {
            throw new InvalidOperationException(
                $"Only a failed instance can be rewound; '{instanceId}' is {engine.Store.Find(instanceId)?.Status.ToString() ?? "gone"}.");
        }
    }

    public override Task<Page<string>> ListInstanceIdsAsync(
        IEnumerable<OrchestrationRuntimeStatus>? runtimeStatus = null,
        DateTimeOffset? completedTimeFrom = null,
        DateTimeOffset? completedTimeTo = null,
        int pageSize = OrchestrationQuery.DefaultPageSize,
        string? lastInstanceKey = null,
        CancellationToken cancellation = default)
    {
        cancellation.ThrowIfCancellationRequested();
        return Task.FromResult(engine.Store.InstanceIds(runtimeStatus, completedTimeFrom, completedTimeTo, pageSize, lastInstanceKey));
    }

    /// <summary>The engine belongs to the host.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private DataConverter Converter => engine.Environment.Converter;

    private static ArgumentException Missing(string instanceId)
        => new($"There is no orchestration with instance ID '{instanceId}'.", nameof(instanceId));

    private static void RequireInstanceId(string instanceId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceId);
        EntityArguments.RequireOrchestration(instanceId, nameof(instanceId));
    }

    private FrozenSet<OrchestrationRuntimeStatus> DedupeStatuses(IReadOnlyList<string>? names)
    {
        if (names is null)
        {
            return engine.DedupesByDefault ? RunningStatuses : FrozenSet<OrchestrationRuntimeStatus>.Empty;
        }

        var statuses = names.Select(ParseStatus).ToFrozenSet();
        if (statuses.Contains(OrchestrationRuntimeStatus.Terminated) && !RunningStatuses.All(statuses.Contains))
        {
            throw new ArgumentException(
                "Dedupe statuses with Terminated must also have Pending, Running and Suspended: otherwise a running instance would be terminated "
                + "to make room, and its Terminated status would then refuse the start.",
                nameof(names));
        }

        return statuses;
    }

    private static OrchestrationRuntimeStatus ParseStatus(string name)
        => Enum.TryParse<OrchestrationRuntimeStatus>(name, ignoreCase: true, out var status)
            ? status
            : throw new ArgumentException(
                $"'{name}' is not a runtime status. Valid ones: {string.Join(", ", StartOrchestrationOptionsExtensions.ValidDedupeStatuses)}.",
                nameof(name));

    private Task<string> StartAsync(NewInstance instance, IReadOnlySet<OrchestrationRuntimeStatus> refusing)
        => DurableTaskSpans.HasListeners
            ? StartTracedAsync(instance, refusing)
            : engine.StartAsync(new StartWrite(engine, instance, refusing));

    private async Task<string> StartTracedAsync(NewInstance instance, IReadOnlySet<OrchestrationRuntimeStatus> refusing)
    {
        using var span = DurableTaskSpans.StartCreation(instance);
        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } parent)
        {
            instance = instance with { Trace = ExecutionTrace.Under(parent.Context) };
        }

        await EndWithAsync(span, engine.StartAsync(new StartWrite(engine, instance, refusing)));
        return instance.InstanceId;
    }

    private async Task RaiseTracedAsync(string instanceId, EventRaised raised, CancellationToken cancellation)
    {
        using var span = DurableTaskSpans.StartEvent(raised.Name, instanceId, engine.UtcNow);
        await EndWithAsync(span, SendAsync(instanceId, raised, cancellation));
    }

    private async Task EndWithAsync(Activity? span, Task work)
    {
        try
        {
            await work;
        }
        catch (Exception exception)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
            throw;
        }
        finally
        {
            span?.SetEndTime(engine.UtcNow);
        }
    }

    private Task<int> PurgeAsync(IReadOnlyList<long> sequences, PurgeInstanceOptions? options)
        => engine.WriteAsync(new PurgeWrite(engine, sequences, options?.Recursive ?? false));

    private Task SendAsync(string instanceId, Arrival arrival, CancellationToken cancellation)
    {
        RequireInstanceId(instanceId);
        cancellation.ThrowIfCancellationRequested();
        return engine.SendAsync(instanceId, arrival).WaitAsync(cancellation);
    }

    private async Task<OrchestrationMetadata> WaitAsync(
        string instanceId, Func<OrchestrationRuntimeStatus?, bool> isReached, bool getInputsAndOutputs, CancellationToken cancellation)
    {
        RequireInstanceId(instanceId);
        await engine.Waiters.WaitAsync(instanceId, isReached, () => engine.Store.Find(instanceId)?.Status, cancellation);
        return engine.Store.Metadata(instanceId, Converter, getInputsAndOutputs)
            ?? throw new InvalidOperationException($"There is no orchestration with instance ID '{instanceId}', or it was purged.");
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;
using DurableTask.Core.Query;
using Microsoft.DurableTask.Testing.Sidecar;

namespace AtomicDevOps.DurableHosts;

/// <summary>
/// The in-memory back end of the real test host under a clock that stands still until it is told to go on. What is scheduled waits here until the
/// clock reaches it, and what the engine stamps with the machine's time gets this clock's.
/// </summary>
internal sealed class SkippedTimeService(DateTime start) :
    IOrchestrationService, IOrchestrationServiceClient, IOrchestrationServiceQueryClient, IOrchestrationServicePurgeClient
{
    /// <summary>Workers split timers that are longer, by default than three days, and send the whole history with every part.</summary>
    public static readonly TimeSpan LongestTimer = TimeSpan.FromDays(3650);

    private const string Barrier = "barrier";
    private const int ManyWorkItems = 1000;

    /// <summary>Then something hangs that should not.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly InMemoryOrchestrationService _inner = new();
    private readonly PriorityQueue<TaskMessage, (DateTime Due, long Order)> _waiting = new();
    private readonly List<TaskActivityWorkItem> _withheld = [];
    private readonly ConcurrentQueue<ActivityRecord> _activities = new();
    private readonly Channel<TaskOrchestrationWorkItem> _entityWorkItems = Channel.CreateUnbounded<TaskOrchestrationWorkItem>();
    private readonly ConcurrentDictionary<string, bool> _forgotten = new(StringComparer.Ordinal);
    private TaskCompletionSource _passed = NewSignal();
    private TaskCompletionSource _changed = NewSignal();
    private DateTime _now = start;
    private long _changes;
    private int _busy;
    private bool _withholds;

    public DateTime Now
    {
        get
        {
            lock (_gate)
            {
                return _now;
            }
        }
    }

    /// <summary>Those that have ended, in the order of their ends.</summary>
    public IReadOnlyList<ActivityRecord> Activities => [.. _activities];

    /// <summary>Entities that have been sent something.</summary>
    public ChannelReader<TaskOrchestrationWorkItem> EntityWorkItems => _entityWorkItems.Reader;

    public int TaskOrchestrationDispatcherCount => _inner.TaskOrchestrationDispatcherCount;

    public int TaskActivityDispatcherCount => _inner.TaskActivityDispatcherCount;

    /// <summary>The sidecar polls twice a second when it has as many as are allowed.</summary>
    public int MaxConcurrentTaskOrchestrationWorkItems => ManyWorkItems;

    public int MaxConcurrentTaskActivityWorkItems => ManyWorkItems;

    public BehaviorOnContinueAsNew EventBehaviourForContinueAsNew => _inner.EventBehaviourForContinueAsNew;

    /// <summary>Lets everything happen that is due until then, in order, and ends at that time, or at the last thing that happened if there is none.</summary>
    /// <exception cref="TimeoutException">There is always something left.</exception>
    public async Task RunAsync(DateTime? end, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await WhenIdleAsync(patience.Token);
            while (await NextAsync(end ?? DateTime.MaxValue) is { Count: > 0 } due)
            {
                foreach (var message in due)
                {
                    ForgetTime(message);
                    await SendTaskOrchestrationMessageAsync(message);
                }

                await WhenIdleAsync(patience.Token);
            }
        }
        catch (OperationCanceledException ended) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"After {Patience} there is still something left to do.", ended);
        }

        lock (_gate)
        {
            _now = end > _now ? end.Value : _now;
        }
    }

    /// <summary>From now on no activity is handed out, and what those at work come to does not count.</summary>
    public void WithholdActivities()
    {
        lock (_gate)
        {
            _withholds = true;
        }
    }

    /// <summary>Hands out all that was withheld.</summary>
    public async Task ReleaseActivitiesAsync()
    {
        List<TaskActivityWorkItem> items;
        lock (_gate)
        {
            _withholds = false;
            items = [.. _withheld];
            _withheld.Clear();
        }

        foreach (var item in items)
        {
            await _inner.AbandonTaskActivityWorkItemAsync(item);
        }

        Change(0);
    }

    public async Task CreateTaskOrchestrationAsync(TaskMessage creationMessage, OrchestrationStatus[] dedupeStatuses)
    {
        creationMessage.Event.Timestamp = Now;
        await _inner.CreateTaskOrchestrationAsync(creationMessage, dedupeStatuses);
        var state = await _inner.GetOrchestrationStateAsync(creationMessage.OrchestrationInstance.InstanceId, creationMessage.OrchestrationInstance.ExecutionId);
        if (state is { OrchestrationStatus: OrchestrationStatus.Pending })
        {
            state.CreatedTime = Now;
            state.LastUpdatedTime = Now;
        }

        Change(0);
    }

    public Task CreateTaskOrchestrationAsync(TaskMessage creationMessage) =>
        CreateTaskOrchestrationAsync(creationMessage, [OrchestrationStatus.Pending, OrchestrationStatus.Running]);

    public async Task SendTaskOrchestrationMessageAsync(TaskMessage message)
    {
        message.Event.Timestamp = Now;
        if (!Hold(message))
        {
            Remember(message);
            await _inner.SendTaskOrchestrationMessageAsync(message);
        }

        Change(0);
    }

    private void Stamp(IEnumerable<HistoryEvent> events)
    {
        var now = Now;
        foreach (var happened in events)
        {
            happened.Timestamp = now;
        }
    }

    public async Task SendTaskOrchestrationMessageBatchAsync(params TaskMessage[] messages)
    {
        foreach (var message in messages)
        {
            await SendTaskOrchestrationMessageAsync(message);
        }
    }

    public async Task ForceTerminateTaskOrchestrationAsync(string instanceId, string reason)
    {
        await _inner.ForceTerminateTaskOrchestrationAsync(instanceId, reason);
        Change(0);
    }

    /// <summary>
    /// Messages to instances that do not exist go no further: DurableTask.Core drops them too, but the sidecar hands them back for ever.
    /// </summary>
    public async Task<TaskOrchestrationWorkItem> LockNextTaskOrchestrationWorkItemAsync(TimeSpan receiveTimeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            var item = await _inner.LockNextTaskOrchestrationWorkItemAsync(receiveTimeout, cancellationToken);
            if (Entities.IsEntityInstance(item.InstanceId))
            {
                if (item.OrchestrationRuntimeState.ExecutionStartedEvent is null && Entities.AutoStart(item.InstanceId, item.NewMessages))
                {
                    item.NewMessages[0].Event.Timestamp = Now;
                }

                Change(1);
                await _entityWorkItems.Writer.WriteAsync(item, cancellationToken);
                continue;
            }

            if (item.OrchestrationRuntimeState.ExecutionStartedEvent is not null
                || item.NewMessages.Any(static message => message.Event is ExecutionStartedEvent))
            {
                Change(1);
                return item;
            }

            await _inner.ReleaseTaskOrchestrationWorkItemAsync(item);
            if (string.Equals(item.InstanceId, Barrier, StringComparison.Ordinal))
            {
                _passed.TrySetResult();
            }
        }
    }

    public async Task CompleteTaskOrchestrationWorkItemAsync(
        TaskOrchestrationWorkItem workItem,
        OrchestrationRuntimeState newOrchestrationRuntimeState,
        IList<TaskMessage> outboundMessages,
        IList<TaskMessage> orchestratorMessages,
        IList<TaskMessage> timerMessages,
        TaskMessage continuedAsNewMessage,
        OrchestrationState orchestrationState)
    {
        var outbound = outboundMessages ?? [];
        var sent = orchestratorMessages ?? [];
        Stamp([.. newOrchestrationRuntimeState.NewEvents, .. outbound.Concat(sent).Select(static message => message.Event)]);
        if (orchestrationState is not null)
        {
            orchestrationState.CreatedTime = newOrchestrationRuntimeState.CreatedTime;
            orchestrationState.CompletedTime = newOrchestrationRuntimeState.CompletedTime;
            orchestrationState.LastUpdatedTime = Now;
        }

        foreach (var message in sent)
        {
            Remember(message);
        }

        Change(outbound.Count);
        await _inner.CompleteTaskOrchestrationWorkItemAsync(
            workItem, newOrchestrationRuntimeState, outbound, AtOnce(sent), AtOnce(timerMessages ?? []), continuedAsNewMessage, orchestrationState!);
    }

    public async Task ReleaseTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem)
    {
        await _inner.ReleaseTaskOrchestrationWorkItemAsync(workItem);
        Change(-1);
    }

    public async Task CompleteTaskActivityWorkItemAsync(TaskActivityWorkItem workItem, TaskMessage responseMessage)
    {
        if (Withhold(workItem))
        {
            return;
        }

        responseMessage.Event.Timestamp = Now;
        var failure = (responseMessage.Event as TaskFailedEvent)?.FailureDetails;
        var call = (TaskScheduledEvent)workItem.TaskMessage.Event;
        _activities.Enqueue(new ActivityRecord(
            workItem.TaskMessage.OrchestrationInstance.InstanceId,
            call.Name!,
            ArgumentOf(call),
            (responseMessage.Event as TaskCompletedEvent)?.Result,
            failure is null ? null : (failure.ErrorType, failure.ErrorMessage)));
        await _inner.CompleteTaskActivityWorkItemAsync(workItem, responseMessage);
        Change(-1);
    }

    public async Task<TaskActivityWorkItem> LockNextTaskActivityWorkItem(TimeSpan receiveTimeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            var item = await _inner.LockNextTaskActivityWorkItem(receiveTimeout, cancellationToken);
            if (!Withhold(item))
            {
                return item;
            }
        }
    }

    public Task AbandonTaskActivityWorkItemAsync(TaskActivityWorkItem workItem) =>
        Withhold(workItem) ? Task.CompletedTask : _inner.AbandonTaskActivityWorkItemAsync(workItem);

    public Task AbandonTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => _inner.AbandonTaskOrchestrationWorkItemAsync(workItem);

    public Task<TaskActivityWorkItem> RenewTaskActivityWorkItemLockAsync(TaskActivityWorkItem workItem) => _inner.RenewTaskActivityWorkItemLockAsync(workItem);

    public Task RenewTaskOrchestrationWorkItemLockAsync(TaskOrchestrationWorkItem workItem) => _inner.RenewTaskOrchestrationWorkItemLockAsync(workItem);

    public int GetDelayInSecondsAfterOnFetchException(Exception exception) => _inner.GetDelayInSecondsAfterOnFetchException(exception);

    public int GetDelayInSecondsAfterOnProcessException(Exception exception) => _inner.GetDelayInSecondsAfterOnProcessException(exception);

    public bool IsMaxMessageCountExceeded(int currentMessageCount, OrchestrationRuntimeState runtimeState) =>
        _inner.IsMaxMessageCountExceeded(currentMessageCount, runtimeState);

    public Task CreateAsync() => _inner.CreateAsync();

    public Task CreateAsync(bool recreateInstanceStore) => _inner.CreateAsync(recreateInstanceStore);

    public Task CreateIfNotExistsAsync() => _inner.CreateIfNotExistsAsync();

    public Task DeleteAsync() => _inner.DeleteAsync();

    public Task DeleteAsync(bool deleteInstanceStore) => _inner.DeleteAsync(deleteInstanceStore);

    public Task StartAsync() => _inner.StartAsync();

    public Task StopAsync() => _inner.StopAsync();

    public Task StopAsync(bool isForced) => _inner.StopAsync(isForced);

    public Task<string> GetOrchestrationHistoryAsync(string instanceId, string executionId) => _inner.GetOrchestrationHistoryAsync(instanceId, executionId);

    public Task<IList<OrchestrationState>> GetOrchestrationStateAsync(string instanceId, bool allExecutions) =>
        _inner.GetOrchestrationStateAsync(instanceId, allExecutions);

    public async Task<OrchestrationState> GetOrchestrationStateAsync(string instanceId, string? executionId) =>
        Entities.IsEntityInstance(instanceId) ? null! : await _inner.GetOrchestrationStateAsync(instanceId, executionId);

    public async Task<OrchestrationQueryResult> GetOrchestrationWithQueryAsync(OrchestrationQuery query, CancellationToken cancellationToken)
    {
        var found = await _inner.GetOrchestrationWithQueryAsync(query, cancellationToken);
        return new OrchestrationQueryResult([.. found.OrchestrationState.Where(static state => !Entities.IsEntityInstance(state.OrchestrationInstance.InstanceId))], found.ContinuationToken);
    }

    public async Task<OrchestrationState?> FindEntityAsync(string id) =>
        _forgotten.ContainsKey(id) ? null : await _inner.GetOrchestrationStateAsync(id, executionId: null);

    public async Task<OrchestrationQueryResult> FindEntitiesAsync(OrchestrationQuery query, CancellationToken cancellationToken)
    {
        var found = await _inner.GetOrchestrationWithQueryAsync(query, cancellationToken);
        return new OrchestrationQueryResult([.. found.OrchestrationState.Where(state => !_forgotten.ContainsKey(state.OrchestrationInstance.InstanceId))], found.ContinuationToken);
    }

    /// <summary>Nothing is known of this entity until somebody sends it something.</summary>
    public void Forget(string entityId) => _forgotten[entityId] = true;

    public Task PurgeOrchestrationHistoryAsync(DateTime thresholdDateTimeUtc, OrchestrationStateTimeRangeFilterType timeRangeFilterType) =>
        _inner.PurgeOrchestrationHistoryAsync(thresholdDateTimeUtc, timeRangeFilterType);

    public Task<PurgeResult> PurgeInstanceStateAsync(string instanceId) => _inner.PurgeInstanceStateAsync(instanceId);

    public Task<PurgeResult> PurgeInstanceStateAsync(PurgeInstanceFilter purgeInstanceFilter) => _inner.PurgeInstanceStateAsync(purgeInstanceFilter);

    public Task<OrchestrationState> WaitForOrchestrationAsync(string instanceId, string? executionId, TimeSpan timeout, CancellationToken cancellationToken) =>
        _inner.WaitForOrchestrationAsync(instanceId, executionId!, timeout, cancellationToken);

    /// <summary>The worker sends the one argument as a list of one.</summary>
    private static string? ArgumentOf(TaskScheduledEvent call)
    {
        if (call.Input is not { } arguments)
        {
            return null;
        }

        using var list = JsonDocument.Parse(arguments);
        return list.RootElement.EnumerateArray().Single().GetRawText();
    }

    private void Remember(TaskMessage message) => _forgotten.TryRemove(message.OrchestrationInstance.InstanceId, out _);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// Instances that are ready are handed out in the order in which they became so. When the barrier is handed out, all before it have been; if
    /// then none of them is at work and nothing has happened meanwhile, nothing is left.
    /// </summary>
    private async Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            long changes;
            lock (_gate)
            {
                changes = _changes;
                _passed = NewSignal();
            }

            await _inner.SendTaskOrchestrationMessageAsync(new TaskMessage
            {
                OrchestrationInstance = new OrchestrationInstance { InstanceId = Barrier },
                Event = new EventRaisedEvent(-1, null) { Name = Barrier },
            });
            await _passed.Task.WaitAsync(cancellationToken);
            Task changed;
            lock (_gate)
            {
                if (_busy == _withheld.Count && _changes == changes)
                {
                    return;
                }

                changed = _busy == _withheld.Count ? Task.CompletedTask : _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>The store and the dispatcher of entities would compare it with the machine's clock.</summary>
    private static void ForgetTime(TaskMessage message)
    {
        const string TimeOfSignal = "due";
        if (message.Event is TimerFiredEvent timer)
        {
            timer.FireAt = DateTime.UnixEpoch;
        }
        else if (Entities.IsDelayedEntityMessage(message, out _))
        {
            var signal = JsonNode.Parse(((EventRaisedEvent)message.Event).Input)!.AsObject();
            signal.Remove(TimeOfSignal);
            message.Event = new EventRaisedEvent(-1, signal.ToJsonString()) { Name = "op" };
        }
    }

    private bool Withhold(TaskActivityWorkItem item)
    {
        lock (_gate)
        {
            if (!_withholds)
            {
                return false;
            }

            _withheld.Add(item);
        }

        Change(0);
        return true;
    }

    /// <summary>Whether it is a timer that is not due yet, or a signal to an entity with a time.</summary>
    private bool Hold(TaskMessage message)
    {
        var due = message.Event switch
        {
            TimerFiredEvent timer => timer.FireAt,
            _ => Entities.IsDelayedEntityMessage(message, out var time) ? time : DateTime.MinValue,
        };
        lock (_gate)
        {
            if (due <= _now)
            {
                return false;
            }

            _waiting.Enqueue(message, (due, _changes++));
            return true;
        }
    }

    private List<TaskMessage> AtOnce(IEnumerable<TaskMessage> messages) => [.. messages.Where(message => !Hold(message))];

    private void Change(int busy)
    {
        lock (_gate)
        {
            _busy += busy;
            _changes++;
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    /// <summary>What happens next, with the clock moved there. What belongs to ended executions never happens.</summary>
    private async Task<List<TaskMessage>> NextAsync(DateTime end)
    {
        var due = new List<TaskMessage>();
        while (TakeBefore(due.Count == 0 ? end : Now) is var (message, time))
        {
            var state = await _inner.GetOrchestrationStateAsync(message.OrchestrationInstance.InstanceId, message.OrchestrationInstance.ExecutionId);
            if (!Entities.IsEntityInstance(message.OrchestrationInstance.InstanceId) && state is null or { OrchestrationStatus: OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated })
            {
                continue;
            }

            due.Add(message);
            lock (_gate)
            {
                _now = time > _now ? time : _now;
            }
        }

        return due;
    }

    private (TaskMessage Message, DateTime Due)? TakeBefore(DateTime end)
    {
        lock (_gate)
        {
            return _waiting.TryPeek(out var message, out var key) && key.Due <= end ? (_waiting.Dequeue(), key.Due) : null;
        }
    }
}

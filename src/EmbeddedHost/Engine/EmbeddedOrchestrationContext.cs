using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>What stays the same over all turns of one execution.</summary>
/// <param name="Executions">How often this start of the instance has continued as new.</param>
internal sealed record OrchestrationIdentity(
    string Name,
    string InstanceId,
    string Version,
    string? Input,
    ParentOrchestrationInstance? Parent,
    int Executions = 0,
    ExecutionTrace? Trace = null);

/// <summary>The orchestrator's view: turns its calls into decisions, and arrivals into completed tasks.</summary>
internal sealed class EmbeddedOrchestrationContext : TaskOrchestrationContext, IEntityRequests
{
    // The real Durable Task's name space, so that the same instance gets the same ids there.
    private static readonly Guid GuidNamespace = new("9e952958-5e33-4daf-827f-2fa12937b875");

    private readonly OrchestrationIdentity _identity;
    private readonly DataConverter _converter;
    private readonly OrchestratorSynchronizationContext _scheduler;
    private readonly Dictionary<int, OpenTask> _openTasks = [];
    private readonly Dictionary<string, Stack<IEventWaiter>> _eventWaiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Queue<(long Order, EventRaised Event)>> _bufferedEvents = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<EventRaised> _carriedEvents = [];
    private Dictionary<Guid, TaskCompletionSource<EntityResponse>>? _entityRequests;
    private OrchestrationEntities? _entities;
    private List<Decision> _decisions = [];
    private int _nextTaskId;
    private int _nextGuid;
    private long _nextEventOrder;
    private int _openWaits;
    private (string? Input, string? Version)? _continueAsNew;

    public EmbeddedOrchestrationContext(
        OrchestrationIdentity identity, DataConverter converter, ILoggerFactory loggerFactory, OrchestratorSynchronizationContext scheduler)
    {
        _identity = identity;
        _converter = converter;
        _scheduler = scheduler;
        LoggerFactory = loggerFactory;
    }

    public override TaskName Name => _identity.Name;

    public override string InstanceId => _identity.InstanceId;

    public override string Version => _identity.Version;

    public override ParentOrchestrationInstance? Parent => _identity.Parent;

    public override DateTime CurrentUtcDateTime => Now;

    public override bool IsReplaying => Replaying;

    public override TaskOrchestrationEntityFeature Entities => _entities ??= new OrchestrationEntities(this);

    protected override ILoggerFactory LoggerFactory { get; }

    internal DateTime Now { get; set; }

    internal bool Replaying { get; set; }

    internal string? CustomStatus { get; set; }

    internal bool HasOpenTasks => _openTasks.Count > 0;

    DataConverter IEntityRequests.Converter => _converter;

    internal bool IsWaitingForEvent => _openWaits > 0 || _entityRequests is { Count: > 0 };

    internal bool HasContinueAsNew => _continueAsNew is not null;

    public override T? GetInput<T>()
        where T : default
        => Payload.Read<T>(_converter, _identity.Input, $"the input of orchestration '{Name}', instance '{InstanceId}'");

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        RejectOptionsAsInput(input, options);
        var version = options?.Version?.Version ?? Version;
        var payload = Write(input, $"the input of activity '{name}'");
        return WithRetryAsync(name, options?.Retry, () => ScheduleActivityAsync<TResult>(name, version, payload));
    }

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        RejectOptionsAsInput(input, options);
        RequireTurn();
        var wantedId = (options as SubOrchestrationOptions)?.InstanceId;
        EntityArguments.RequireOrchestration(wantedId, nameof(options));
        _entities?.RequireNoCriticalSection();
        var instanceId = wantedId ?? NewGuid().ToString("N");
        var version = options?.Version?.Version ?? string.Empty;
        var tags = options?.Tags?.ToImmutableSortedDictionary(StringComparer.Ordinal) ?? NoTags;
        var payload = Write(input, $"the input of orchestration '{orchestratorName}'");
        return WithRetryAsync(
            orchestratorName, options?.Retry, () => ScheduleSubOrchestrationAsync<TResult>(orchestratorName, version, instanceId, payload, tags));
    }

    public override async Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        RequireTurn();
        var id = _nextTaskId++;
        _decisions.Add(new TimerCreated(id, fireAt.ToUniversalTime()));
        var task = Open(id, "timer");
        await using var registration = cancellationToken.Register(() => CancelTimer(id, task));
        await task.Completion.Task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        RequireTurn();
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        var waiter = new EventWaiter<T>(_converter, $"event '{eventName}' of instance '{InstanceId}'");
        ref var waiters = ref CollectionsMarshal.GetValueRefOrAddDefault(_eventWaiters, eventName, out _);
        waiters ??= new Stack<IEventWaiter>();
        if (waiters.TryPeek(out var existing) && existing.EventType != typeof(T))
        {
            throw new ArgumentException(
                $"Waits for events of one name must ask for one type: '{eventName}' is awaited as {existing.EventType}, not {typeof(T)}.",
                nameof(eventName));
        }

        if (_bufferedEvents.TryGetValue(eventName, out var buffered) && buffered.TryDequeue(out var first))
        {
            waiter.Complete(first.Event.Payload);
            return waiter.Task;
        }

        waiters.Push(waiter);
        _openWaits++;
        cancellationToken.Register(() => CancelWait(waiter, cancellationToken));
        return waiter.Task;
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        RequireTurn();
        ArgumentException.ThrowIfNullOrWhiteSpace(instanceId);
        EntityArguments.RequireOrchestration(instanceId, nameof(instanceId));
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        _decisions.Add(new EventSent(_nextTaskId++, instanceId, eventName, Write(payload, $"event '{eventName}'")));
    }

    public override void SetCustomStatus(object? customStatus)
    {
        RequireTurn();
        CustomStatus = Write(customStatus, "the custom status");
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
        => ContinueAsNew(new ContinueAsNewOptions { NewInput = newInput, PreserveUnprocessedEvents = preserveUnprocessedEvents });

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        RequireTurn();
        ArgumentNullException.ThrowIfNull(options);
        _continueAsNew = (
            Write(options.NewInput, "the new input"),
            string.IsNullOrWhiteSpace(options.NewVersion) ? null : options.NewVersion);
        if (options.PreserveUnprocessedEvents)
        {
            _carriedEvents.AddRange(_bufferedEvents.Values.SelectMany(static queue => queue).OrderBy(static e => e.Order).Select(static e => e.Event));
        }

        _bufferedEvents.Clear();
    }

    public override Guid NewGuid()
    {
        RequireTurn();
        var name = string.Create(CultureInfo.InvariantCulture, $"{InstanceId}_{Now:o}_{_nextGuid++}");
        if (_identity.Executions > 0)
        {
            // Executions of no duration all see the same time.
            name = string.Create(CultureInfo.InvariantCulture, $"{name}_{_identity.Executions}");
        }

        var input = new byte[16 + Encoding.UTF8.GetByteCount(name)];
        GuidNamespace.TryWriteBytes(input, bigEndian: true, out _);
        Encoding.UTF8.GetBytes(name, input.AsSpan(16));
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
        SHA1.HashData(input, hash);
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    void IEntityRequests.RequireTurn() => RequireTurn();

    int IEntityRequests.NextTaskId() => _nextTaskId++;

    void IEntityRequests.Decide(EntityDecision decision) => _decisions.Add(decision);

    Task<EntityResponse> IEntityRequests.OpenAsync(Guid requestId)
    {
        var completion = new TaskCompletionSource<EntityResponse>();
        (_entityRequests ??= []).Add(requestId, completion);
        return completion.Task;
    }

    /// <summary>Gives back the locks that the code has not given back, as the execution ends.</summary>
    internal void ExitCriticalSection() => _entities?.ExitCriticalSection();

    internal List<Decision> TakeDecisions()
    {
        var taken = _decisions;
        _decisions = [];
        return taken;
    }

    internal ContinuedAsNew TakeContinueAsNew()
        => new(_continueAsNew!.Value.Input, _continueAsNew.Value.Version, [.. _carriedEvents]);

    /// <summary>Gives an arrival to whoever awaits it. An outcome of a task that is no longer open is ignored.</summary>
    internal void Handle(Arrival arrival)
    {
        switch (arrival)
        {
            case EventRaised raised when HasContinueAsNew:
                _carriedEvents.Add(raised);
                break;
            case EventRaised raised:
                HandleEvent(raised);
                break;
            case EntityResponse response when _entityRequests is not null && _entityRequests.Remove(response.RequestId, out var request):
                request.SetResult(response);
                break;
            case TaskOutcome outcome when _openTasks.Remove(outcome.TaskId, out var task):
                Complete(task, outcome);
                break;
            default:
                break;
        }
    }

    private static readonly ImmutableSortedDictionary<string, string> NoTags =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    private static void Complete(OpenTask task, TaskOutcome outcome)
    {
        switch (outcome)
        {
            case TaskCompleted completed:
                task.Completion.SetResult(completed.Result);
                break;
            case SubOrchestrationCompleted completed:
                task.Completion.SetResult(completed.Result);
                break;
            case TaskFailed failed:
                task.Completion.SetException(new OpenTaskFailedException(outcome.TaskId, failed.Failure, failed.IsFinal));
                break;
            case SubOrchestrationFailed failed:
                var isMissing = string.Equals(failed.Failure.ErrorType, typeof(FunctionNotFoundException).FullName, StringComparison.Ordinal);
                task.Completion.SetException(new OpenTaskFailedException(outcome.TaskId, failed.Failure, isMissing));
                break;
            default:
                task.Completion.SetResult(null);
                break;
        }
    }

    private static void RejectOptionsAsInput(object? input, TaskOptions? options)
    {
        if (input is TaskOptions && options is null)
        {
            throw new ArgumentException($"{nameof(TaskOptions)} were passed as the input: name the parameter 'options'.", nameof(input));
        }
    }

    private async Task<TResult> ScheduleActivityAsync<TResult>(string name, string version, string? input)
    {
        RequireTurn();
        var id = _nextTaskId++;
        _decisions.Add(new TaskScheduled(id, name, version, input));
        var result = await Open(id, name).Completion.Task;
        return Payload.Read<TResult>(_converter, result, $"the result of activity '{name}' (#{id}) of instance '{InstanceId}'");
    }

    private async Task<TResult> ScheduleSubOrchestrationAsync<TResult>(
        string name, string version, string instanceId, string? input, ImmutableSortedDictionary<string, string> tags)
    {
        RequireTurn();
        var id = _nextTaskId++;
        _decisions.Add(new SubOrchestrationScheduled(id, name, version, instanceId, input, tags));
        var result = await Open(id, name).Completion.Task;
        return Payload.Read<TResult>(_converter, result, $"the result of sub-orchestration '{name}', instance '{instanceId}'");
    }

    private async Task<TResult> WithRetryAsync<TResult>(string name, TaskRetryOptions? retry, Func<Task<TResult>> attempt)
    {
        var started = Now;
        for (var failures = 1; ; failures++)
        {
            OpenTaskFailedException failure;
            try
            {
                return await attempt();
            }
            catch (OpenTaskFailedException exception)
            {
                failure = exception;
            }

            if (failure.IsFinal || !await RetriesAfterAsync(retry, failure.Details, failures, started))
            {
                throw new TaskFailedException(name, failure.TaskId, failure.Details);
            }
        }
    }

    private async Task<bool> RetriesAfterAsync(TaskRetryOptions? retry, TaskFailureDetails failure, int failures, DateTime started)
    {
        switch (retry)
        {
            case { Handler: { } handler }:
                return await handler(new RetryContext(this, failures, failure, Now - started, CancellationToken.None));
            case { Policy: { } policy } when failures == policy.MaxNumberOfAttempts:
                // The real Durable Task makes this timer too: without it the numbers of the tasks after it would differ.
                await CreateTimer(Now, CancellationToken.None);
                return false;
            case { Policy: { } policy } when policy.DelayAfter(failures, Now - started, failure) is { } delay:
                await CreateTimer(Now.Add(delay), CancellationToken.None);
                return true;
            default:
                return false;
        }
    }

    private OpenTask Open(int id, string name)
    {
        var task = new OpenTask(name);
        _openTasks.Add(id, task);
        return task;
    }

    private void CancelTimer(int id, OpenTask task)
    {
        RequireTurn();
        if (_openTasks.Remove(id))
        {
            _decisions.Add(new TimerCanceled(id));
            task.Completion.TrySetCanceled();
        }
    }

    private void CancelWait(IEventWaiter waiter, CancellationToken cancellationToken)
    {
        RequireTurn();
        if (!waiter.IsCompleted)
        {
            _openWaits--;
            waiter.Cancel(cancellationToken);
        }
    }

    private void HandleEvent(EventRaised raised)
    {
        // As in the real Durable Task, a wait that was canceled still stands in line, and takes an event that no newer wait takes.
        if (_eventWaiters.TryGetValue(raised.Name, out var waiters) && waiters.TryPop(out var waiter))
        {
            _openWaits -= waiter.IsCompleted ? 0 : 1;
            waiter.Complete(raised.Payload);
            return;
        }

        ref var buffered = ref CollectionsMarshal.GetValueRefOrAddDefault(_bufferedEvents, raised.Name, out _);
        buffered ??= new Queue<(long, EventRaised)>();
        buffered.Enqueue((_nextEventOrder++, raised));
    }

    private string? Write(object? value, string what) => Payload.Write(_converter, value, $"{what} in instance '{InstanceId}'");

    private void RequireTurn()
    {
        if (!_scheduler.IsCurrent)
        {
            throw new NonDurableAwaitException(
                $"The context of orchestration '{Name}', instance '{InstanceId}', was used outside of the orchestrator's turn: "
                + "its code runs on one thread and awaits only the context's own tasks (no Task.Run, no ConfigureAwait(false), no CancelAsync).");
        }
    }

    private sealed record OpenTask(string Name)
    {
        public TaskCompletionSource<string?> Completion { get; } = new();
    }

    private sealed class OpenTaskFailedException(int taskId, TaskFailureDetails details, bool isFinal) : Exception(details.ErrorMessage)
    {
        public int TaskId { get; } = taskId;

        public TaskFailureDetails Details { get; } = details;

        public bool IsFinal { get; } = isFinal;
    }

    private interface IEventWaiter
    {
        Type EventType { get; }

        bool IsCompleted { get; }

        void Complete(string? payload);

        void Cancel(CancellationToken cancellationToken);
    }

    private sealed class EventWaiter<T>(DataConverter converter, string what) : IEventWaiter
    {
        private readonly TaskCompletionSource<T> _completion = new();

        public Type EventType => typeof(T);

        public bool IsCompleted => _completion.Task.IsCompleted;

        public Task<T> Task => _completion.Task;

        public void Cancel(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);

        public void Complete(string? payload)
        {
            try
            {
                _completion.TrySetResult(Payload.Read<T>(converter, payload, what));
            }
            catch (PayloadException exception)
            {
                _completion.TrySetException(exception);
            }
        }
    }
}

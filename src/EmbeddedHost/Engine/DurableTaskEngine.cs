using System.Diagnostics.Metrics;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Engine.Tracing;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Runs the instances of one data directory: from <see cref="StartAsync(CancellationToken)"/>, which recovers them, to <see cref="StopAsync"/>.</summary>
internal sealed partial class DurableTaskEngine : IHostedLifecycleService, IDisposable
{
    /// <summary>Stands for the start of an instance among its timers.</summary>
    private const int StartTimer = -1;

    /// <summary>Stands for the next signal of an entity that has a time.</summary>
    private const int SignalTimer = -2;

    private readonly EmbeddedDurableTaskOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly InstanceCache _instances;
    private readonly TurnRetries _retries;
    private readonly TurnWatchdog _watchdog;
    private readonly StartDeadline _starts = new();
    private readonly BoundedQueue<LiveInstance> _turns;
    private readonly BoundedQueue<LiveEntity> _entityTurns;
    private readonly EntityExecutor _entities;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ActivityDispatcher _activities;
    private readonly TimerQueue _timers;
    private EngineStore? _store;

    public DurableTaskEngine(
        FunctionRegistry functions,
        DataConverter converter,
        IOptions<EmbeddedDurableTaskOptions> options,
        IServiceScopeFactory scopes,
        TimeProvider time,
        IMeterFactory meters,
        ILoggerFactory loggerFactory)
    {
        _options = options.Value;
        _time = time = time == TimeProvider.System ? time : new GuardedTimeProvider(time);
        loggerFactory = new GuardedLoggerFactory(loggerFactory);
        _logger = loggerFactory.CreateLogger<DurableTaskEngine>();
        Environment = new ExecutionEnvironment(functions, new LimitedDataConverter(converter, _options.MaxPayloadBytes), loggerFactory);
        Metrics = new EngineMetrics(meters, () => InstancesInMemory, () => _turns!.Waiting, () => _activities!.Waiting);
        _instances = new InstanceCache(_options, time);
        _retries = new TurnRetries(time, static instance => instance.Schedule());
        _watchdog = new TurnWatchdog(time, OnTurnOverrun, OnTurnReturned);
        _turns = new BoundedQueue<LiveInstance>(_options.MaxConcurrentOrchestratorFunctions, TakeTurnAsync);
        _entityTurns = new BoundedQueue<LiveEntity>(_options.MaxConcurrentEntityFunctions, TakeTurnAsync);
        _entities = new EntityExecutor(Environment, scopes, time);
        _activities = new ActivityDispatcher(
            Environment,
            scopes,
            _options.MaxConcurrentActivityFunctions,
            time,
            Metrics,
            Work,
            _options.Faults,
            Report);
        _timers = new TimerQueue(
            time, timer => Post(timer.Sequence, timer.TaskId < 0 ? Mail.WakeUp : new Mail(new TimerFired(timer.TaskId))));
    }

    public ExecutionEnvironment Environment { get; }

    public EngineMetrics Metrics { get; }

    public WorkTracker Work { get; } = new();

    public InstanceWaiters Waiters { get; } = new();

    public int InstancesInMemory => _instances.Count;

    public long BytesInMemory => _instances.Bytes;

    /// <summary>Whether a start is refused while an instance with its id runs.</summary>
    public bool DedupesByDefault => _options.OverridableExistingInstanceStates is OverridableStates.NonRunningStates;

    public DateTime UtcNow => _time.GetUtcNow().UtcDateTime;

    /// <summary>When the next durable timer or scheduled start is due; null if there is none.</summary>
    public DateTime? NextDue => _timers.NextDue;

    /// <summary>Fires what is due by the clock, which wakes the engine by itself only at whole milliseconds.</summary>
    public void FireDueTimers() => _timers.FireDue();

    /// <exception cref="InvalidOperationException">The engine is not running.</exception>
    public EngineStore Store => _store ?? throw new InvalidOperationException(
        "The durable task engine is not running: it starts and stops with the host.");

    /// <exception cref="DataDirectoryException">The data directory cannot be used.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _store = EngineStore.Open(_options.DataDirectory, _options.IsDurable, _logger, _time, Metrics, _options.Faults, _options.MaxRowBytes);
        _store.Outage.Over = _retries.StoreIsBack;
        if (_options.TakesTurns)
        {
            Recover(_store);
        }

        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _timers.Dispose();
        _watchdog.Dispose();
        _starts.Dispose();
        _instances.Dispose();
        _activities.Dispose();
        _stopping.Dispose();
        _hurry.Dispose();
        _store?.Dispose();
    }

    public void Schedule(LiveInstance instance) => _turns.Enqueue(instance);

    public void Schedule(LiveEntity entity) => _entityTurns.Enqueue(entity);

    /// <summary>
    /// Gives mail that is on disk to an instance or an entity, which is loaded if it is not in memory. While the engine stops it is left to the
    /// next start.
    /// </summary>
    public void Post(long sequence, params ReadOnlySpan<Mail> mail)
    {
        if (TakesWork)
        {
            PostNow(sequence, mail);
        }
    }

    public void Deliver(InboxMessage message) => Post(message.Sequence, new Mail(message.Arrival, message.MessageId));

    /// <summary>Starts an instance that is on disk, now or when it is due.</summary>
    public void Begin(long sequence, DateTime? startAt)
    {
        if (startAt is { } due && due > UtcNow)
        {
            _timers.Add(new PendingTimer(sequence, StartTimer, due));
        }
        else
        {
            Post(sequence, Mail.WakeUp);
        }
    }

    /// <summary>Wakes an entity at a time. It may be woken before that for an earlier wish, and then asks anew.</summary>
    public void WakeAt(long sequence, DateTime due) => _timers.Add(new PendingTimer(sequence, SignalTimer, due));

    public void Dispatch(IEnumerable<PendingActivity> activities)
    {
        foreach (var activity in activities)
        {
            _activities.Enqueue(activity);
        }
    }

    /// <summary>Lets out what a turn decided, now that it is on disk.</summary>
    public void Release(TurnEffects effects)
    {
        Dispatch(effects.Activities);
        foreach (var timer in effects.Timers)
        {
            _timers.Add(timer);
        }

        foreach (var (sequence, taskId) in effects.CanceledTimers)
        {
            _timers.Cancel(sequence, taskId);
        }

        foreach (var message in effects.Messages)
        {
            Deliver(message);
        }

        foreach (var (sequence, startAt) in effects.StartedInstances)
        {
            Begin(sequence, startAt);
        }

        foreach (var (instanceId, status) in effects.Ended)
        {
            Waiters.Notify(instanceId, status);
        }
    }

    /// <summary>Writes the spans that end with a turn, now that it is on disk: once, and lost rather than written twice.</summary>
    public void Trace(TurnSpans spans, string instanceId)
    {
        try
        {
            spans.Write(UtcNow);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            LogNotTraced(exception, instanceId);
        }
    }

    /// <summary>Keeps an idle instance; beyond the limits, those that have been idle longest make room.</summary>
    public void KeepInMemory(Mailbox instance) => _instances.Keep(instance);

    public void Remove(Mailbox instance) => _instances.Remove(instance);

    /// <summary>A turn could not be taken, or not be stored for a reason of its own: it is taken again later, from what is on disk.</summary>
    /// <param name="attempts">How often that has happened in a row.</param>
    /// <returns>False if the engine stops, and has dropped the instance.</returns>
    public bool RetryLater(Mailbox instance, int attempts, Exception exception)
    {
        if (exception is SimulatedCrashException || !_retries.TryWait(instance, attempts, out var delay))
        {
            instance.Abandon(exception);
            return false;
        }

        LogTurnFailed(exception, instance.ToString(), delay);
        return true;
    }

    /// <summary>A turn could not be stored because nothing can: it is taken again when the store is back.</summary>
    /// <returns>False if the engine stops, and has dropped the instance.</returns>
    public bool WaitForStore(Mailbox instance)
    {
        if (_retries.TryWaitForStore(instance))
        {
            return true;
        }

        instance.Abandon(Stopped());
        return false;
    }

    /// <summary>Somebody waits for the answer: whether the turn can be taken by now is found out at once.</summary>
    public void RetryNow(Mailbox instance)
    {
        if (_retries.TryTakeBack(instance))
        {
            instance.Schedule();
        }
    }

    /// <summary>Warns of a history that grows long, once at the limit and at each doubling of it.</summary>
    public void WatchHistory(LoadedInstance instance)
    {
        if (instance.PassesHistoryLimit(_options.HistoryLengthWarning))
        {
            LogLongHistory(instance.Identity.InstanceId, instance.Identity.Name, instance.Events);
        }
    }

    /// <summary>Lets nothing more begin, as if the process had died; <see cref="StopAsync"/> is still to be called.</summary>
    public void Crash()
    {
        _timers.Dispose();
        _activities.Stop();
        _stopping.Cancel();
        AbandonRetries();
    }

    /// <summary>
    /// Starts an instance. Where a turn can be taken at once, the first one is taken before the start is written, and both share a commit.
    /// </summary>
    public Task<string> StartAsync(StartWrite start)
    {
        if (!TakesWork || start.StartAt is not null || !_turns.HasRoom || Store.Find(start.InstanceId) is not null)
        {
            return WriteAsync(start);
        }

        Work.Begin();
        var instance = LiveInstance.WithStart(start, this);
        _instances.Add(instance);
        _starts.Watch(instance);
        PostNow(start.Sequence, Mail.WakeUp);
        return start.Task;
    }

    public Task<TResult> WriteAsync<TResult>(ClientWrite<TResult> write)
    {
        Work.Begin();
        try
        {
            Store.Write(write);
        }
        catch
        {
            Work.End();
            throw;
        }

        return write.Task;
    }

    /// <summary>Gives an arrival to the running instance of this id and returns once it is on disk; without one nothing happens.</summary>
    public Task SendAsync(string instanceId, Arrival arrival)
    {
        if (Store.Find(instanceId) is not { IsFinished: false } state)
        {
            return Task.CompletedTask;
        }

        if (!TakesWork)
        {
            return WriteAsync(new MessageWrite(this, state.Sequence, arrival));
        }

        var acknowledgement = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        PostNow(state.Sequence, new Mail(arrival, Acknowledgement: acknowledgement));
        return acknowledgement.Task;
    }

    private static OperationCanceledException Stopped() => new("The durable task engine stopped.");

    private void PostNow(long sequence, params ReadOnlySpan<Mail> mail)
    {
        Work.Begin(mail.Length);
        while (!_instances.GetOrAdd(sequence, this).TryPost(mail))
        {
            Thread.Yield();
        }
    }

    /// <summary>What an activity came to; without a store, because the engine has stopped, it counts for nothing.</summary>
    private void Report(long sequence, TaskOutcome outcome)
    {
        if (_store is not null)
        {
            PostNow(sequence, new Mail(outcome));
        }
    }

    private void AbandonRetries()
    {
        foreach (var instance in _retries.Stop())
        {
            instance.Abandon(Stopped());
        }
    }

    private Task TakeTurnAsync(LiveEntity entity) => _watchdog.WatchAsync(
        () => entity.TakeTurnAsync(_entities, _options.MaxEntityOperationBatchSize, _stopping.Token),
        () => _entities.TellOverrun(entity),
        time => _entities.TellReturned(entity, time));

    private Task TakeTurnAsync(LiveInstance instance)
    {
        _watchdog.Watch(instance, instance.TakeTurn);
        return Task.CompletedTask;
    }

    private void OnTurnOverrun(LiveInstance instance)
    {
        LogTurnOverrun(instance.ToString(), TurnWatchdog.Limit);
        _turns.Widen();
    }

    private void OnTurnReturned(LiveInstance instance, TimeSpan time)
    {
        _turns.Narrow();
        LogTurnReturned(instance.ToString(), time);
    }

    private void Recover(EngineStore store)
    {
        var resumable = store.ResumableInstances();
        var messages = store.PendingMessages();
        foreach (var timer in store.PendingTimers())
        {
            _timers.Add(timer);
        }

        var mail = messages.ToLookup(static message => message.Sequence, static message => message.Mail);
        foreach (var instance in resumable.Where(static instance => instance.OwesActivities))
        {
            // In one piece: a turn in between would have its activities dispatched twice, and some that have a result waiting once more.
            Post(instance.Sequence, [Mail.Resume, .. mail[instance.Sequence]]);
        }

        var resumed = resumable.Where(static instance => instance.OwesActivities).Select(static instance => instance.Sequence).ToHashSet();
        foreach (var message in messages.Where(message => !resumed.Contains(message.Sequence)))
        {
            Post(message.Sequence, message.Mail);
        }

        foreach (var instance in resumable.Where(static instance => !instance.OwesActivities))
        {
            Begin(instance.Sequence, instance.StartAt);
        }

        foreach (var (name, count, example) in store.RunningOrchestrators().Where(orchestrator => !Environment.Functions.HasOrchestrator(orchestrator.Name)))
        {
            LogFunctionMissing(name, count, example);
        }

        LogRecovered(store.Path, resumable.Count, messages.Count);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Durable store {Path} is open: {Instances} instances go on, {Messages} messages are delivered")]
    private partial void LogRecovered(string path, int instances, int messages);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A listener to the spans of instance {InstanceId} failed")]
    private partial void LogNotTraced(Exception exception, string instanceId);

    [LoggerMessage(Level = LogLevel.Error, Message = "A turn of instance {Instance} failed, and is taken again in {Delay} from what is on disk; other instances go on")]
    private partial void LogTurnFailed(Exception exception, string instance, TimeSpan delay);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "There is no orchestrator '{Name}': {Count} instances that it has begun wait, such as '{Example}', and keep what comes for them. "
            + "They go on when the host starts with that function again; terminate them if it does not come back")]
    private partial void LogFunctionMissing(string name, int count, string example);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Instance {Instance} has held its thread for {Limit} in one turn. Orchestrator code must not block or compute for long: "
            + "move that into an activity and await it. Until the turn returns, one more than usual may run beside it")]
    private partial void LogTurnOverrun(string instance, TimeSpan limit);

    [LoggerMessage(Level = LogLevel.Information, Message = "The turn of instance {Instance} returned after {Time}")]
    private partial void LogTurnReturned(string instance, TimeSpan time);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The history of instance '{InstanceId}' of orchestrator '{Name}' has {Events} events. All of them are replayed when it is loaded "
            + "after a restart: let the orchestrator continue as new (ContinueAsNew) from time to time")]
    private partial void LogLongHistory(string instanceId, string name, int events);
}

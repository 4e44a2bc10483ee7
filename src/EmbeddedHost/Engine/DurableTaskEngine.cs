using System.Collections.Concurrent;
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

/// <summary>Runs the instances of one data directory: from <see cref="StartAsync"/>, which recovers them, to <see cref="StopAsync"/>.</summary>
internal sealed partial class DurableTaskEngine : IHostedService, IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>Stands for the start of an instance among its timers.</summary>
    private const int StartTimer = -1;

    /// <summary>Stands for the next signal of an entity that has a time.</summary>
    private const int SignalTimer = -2;

    private readonly EmbeddedDurableTaskOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<long, Mailbox> _live = new();
    private readonly LinkedList<Mailbox> _evictable = new();
    private readonly BoundedQueue<LiveInstance> _turns;
    private readonly BoundedQueue<LiveEntity> _entityTurns;
    private readonly EntityExecutor _entities;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ActivityDispatcher _activities;
    private readonly TimerQueue _timers;
    private EngineStore? _store;
    private volatile bool _isStopping;

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
        _time = time;
        _logger = loggerFactory.CreateLogger<DurableTaskEngine>();
        Environment = new ExecutionEnvironment(functions, converter, loggerFactory);
        Metrics = new EngineMetrics(meters, () => InstancesInMemory, () => _turns!.Waiting, () => _activities!.Waiting);
        _turns = new BoundedQueue<LiveInstance>(_options.MaxConcurrentOrchestratorFunctions, TakeTurnAsync);
        _entityTurns = new BoundedQueue<LiveEntity>(_options.MaxConcurrentEntityFunctions, TakeTurnAsync);
        _entities = new EntityExecutor(Environment, scopes);
        _activities = new ActivityDispatcher(
            Environment, scopes, _options.MaxConcurrentActivityFunctions, time, Metrics, Work, (sequence, outcome) => Post(sequence, new Mail(outcome)));
        _timers = new TimerQueue(
            time, timer => Post(timer.Sequence, timer.TaskId < 0 ? Mail.WakeUp : new Mail(new TimerFired(timer.TaskId))));
    }

    public ExecutionEnvironment Environment { get; }

    public EngineMetrics Metrics { get; }

    public WorkTracker Work { get; } = new();

    public InstanceWaiters Waiters { get; } = new();

    public int InstancesInMemory => _live.Count;

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
        _store = EngineStore.Open(_options.DataDirectory, _options.IsDurable, _logger, Metrics);
        if (_options.TakesTurns)
        {
            Recover(_store);
        }

        return Task.CompletedTask;
    }

    /// <summary>Lets turns end, cancels activities, and closes the store. What is cut off goes on after the next start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_store is not { } store || _isStopping)
        {
            return;
        }

        _isStopping = true;
        _timers.Dispose();
        _activities.Stop();
        await _stopping.CancelAsync();
        try
        {
            await Work.WhenIdleAsync().WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            LogCutOff();
        }

        Waiters.FailAll(new OperationCanceledException("The durable task engine stopped."));
        _store = null;
        store.Dispose();
    }

    public void Dispose()
    {
        _timers.Dispose();
        _activities.Dispose();
        _stopping.Dispose();
        _store?.Dispose();
    }

    public void Schedule(LiveInstance instance) => _turns.Enqueue(instance);

    public void Schedule(LiveEntity entity) => _entityTurns.Enqueue(entity);

    /// <summary>Gives mail to an instance or an entity, which is loaded if it is not in memory.</summary>
    public void Post(long sequence, params ReadOnlySpan<Mail> mail)
    {
        if (!_options.TakesTurns)
        {
            return;
        }

        Work.Begin(mail.Length);
        while (!_live.GetOrAdd(sequence, static (key, engine) => MakeMailbox(key, engine), this).TryPost(mail))
        {
            Thread.Yield();
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

    /// <summary>Keeps an idle instance; beyond the limit, those that have been idle longest make room.</summary>
    public void KeepInMemory(Mailbox instance)
    {
        lock (_evictable)
        {
            if (!_live.TryGetValue(instance.Sequence, out var current) || current != instance)
            {
                return;
            }

            MakeNewest(instance);
            for (var oldest = _evictable.First; oldest is not null && _live.Count > _options.MaxInstancesInMemory;)
            {
                var candidate = oldest.Value;
                oldest = oldest.Next;
                if (candidate.TryEvict())
                {
                    Remove(candidate);
                }
            }
        }
    }

    public void Remove(Mailbox instance)
    {
        lock (_evictable)
        {
            _live.TryRemove(KeyValuePair.Create(instance.Sequence, instance));
            if (instance.EvictionPlace is { } place)
            {
                _evictable.Remove(place);
                instance.EvictionPlace = null;
            }
        }
    }

    /// <summary>A turn could not be stored: it is taken again a little later, from what is on disk.</summary>
    public void RetryLater(Mailbox instance, string instanceId, Exception exception)
    {
        if (_isStopping)
        {
            return;
        }

        LogTurnNotStored(exception, instanceId, RetryDelay);
        ITimer? timer = null;
        timer = _time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                instance.Schedule();
            },
            state: null,
            RetryDelay,
            Timeout.InfiniteTimeSpan);
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

        if (!_options.TakesTurns)
        {
            return WriteAsync(new MessageWrite(this, state.Sequence, arrival));
        }

        var acknowledgement = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(state.Sequence, new Mail(arrival, Acknowledgement: acknowledgement));
        return acknowledgement.Task;
    }

    private void MakeNewest(Mailbox instance)
    {
        if (instance.EvictionPlace is { } place)
        {
            _evictable.Remove(place);
            _evictable.AddLast(place);
        }
        else
        {
            instance.EvictionPlace = _evictable.AddLast(instance);
        }
    }

    private static Mailbox MakeMailbox(long sequence, DurableTaskEngine engine)
        => sequence < 0 ? new LiveEntity(sequence, engine) : new LiveInstance(sequence, engine);

    private Task TakeTurnAsync(LiveEntity entity) => entity.TakeTurnAsync(_entities, _options.MaxEntityOperationBatchSize, _stopping.Token);

    private static Task TakeTurnAsync(LiveInstance instance)
    {
        instance.TakeTurn();
        return Task.CompletedTask;
    }

    private void Recover(EngineStore store)
    {
        var resumable = store.ResumableInstances();
        var messages = store.PendingMessages();
        foreach (var timer in store.PendingTimers())
        {
            _timers.Add(timer);
        }

        var mail = messages.ToLookup(static message => message.Sequence, static message => new Mail(message.Arrival, message.MessageId));
        foreach (var instance in resumable.Where(static instance => instance.OwesActivities))
        {
            // In one piece: a turn in between would have its activities dispatched twice, and some that have a result waiting once more.
            Post(instance.Sequence, [Mail.Resume, .. mail[instance.Sequence]]);
        }

        var resumed = resumable.Where(static instance => instance.OwesActivities).Select(static instance => instance.Sequence).ToHashSet();
        foreach (var message in messages.Where(message => !resumed.Contains(message.Sequence)))
        {
            Deliver(message);
        }

        foreach (var instance in resumable.Where(static instance => !instance.OwesActivities))
        {
            Begin(instance.Sequence, instance.StartAt);
        }

        LogRecovered(store.Path, resumable.Count, messages.Count);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Durable store {Path} is open: {Instances} instances go on, {Messages} messages are delivered")]
    private partial void LogRecovered(string path, int instances, int messages);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The host's shutdown time is over; work that is cut off goes on after the next start")]
    private partial void LogCutOff();

    [LoggerMessage(Level = LogLevel.Warning, Message = "A listener to the spans of instance {InstanceId} failed")]
    private partial void LogNotTraced(Exception exception, string instanceId);

    [LoggerMessage(Level = LogLevel.Error, Message = "A turn of instance {InstanceId} could not be taken or stored; it is tried again in {Delay}")]
    private partial void LogTurnNotStored(Exception exception, string instanceId, TimeSpan delay);
}

using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AtomicDevOps.EmbeddedHost.Testing;

/// <summary>
/// Makes things go wrong in a <see cref="DurableTestHost"/>. Rules stay over a restart; each activity obeys the first one that fits.
/// <code>
/// host.Faults.FailActivity("Charge", times: 2);                    // the next two runs fail
/// host.Faults.FailActivity("Ship", run => run.Number == 3);        // its third run fails
/// var slow = host.Faults.HangActivity("Notify");                   // the next run waits for slow.Release()
/// host.Faults.CrashAtCommit(5);                                    // the process dies instead of the fifth commit from now
/// host.Faults.IsDiskFull = true;                                   // nothing can be stored until it is false again
/// </code>
/// </summary>
public sealed class FaultInjection : IEngineFaults
{
    private readonly Lock _gate = new();
    private readonly List<ActivityFault> _faults = [];
    private readonly Dictionary<string, int> _runs = new(StringComparer.OrdinalIgnoreCase);
    private readonly DurableStoreException _diskFull;
    private readonly Action _onCrash;
    private long _commitsUntilCrash;
    private bool _commitsFirst;

    internal FaultInjection(string databasePath, Action onCrash)
    {
        _diskFull = DurableStoreException.From(
            new SqliteException("database or disk is full", raw.SQLITE_FULL), databasePath)!;
        _onCrash = onCrash;
    }

    /// <summary>Whether the process has died, as far as the test is concerned, and <see cref="DurableTestHost.RestartAsync()"/> has not been called.</summary>
    public bool HasCrashed { get; private set; }

    /// <summary>Whether the disk is full: while it is, nothing is stored, and calls fail with a <see cref="DurableStoreException"/>.</summary>
    public bool IsDiskFull
    {
        get
        {
            lock (_gate)
            {
                return field;
            }
        }

        set
        {
            lock (_gate)
            {
                field = value;
            }
        }
    }

    /// <summary>How many commits there have been since the host was made.</summary>
    public long Commits { get; private set; }

    /// <param name="activity">The activity's name, in any case.</param>
    /// <param name="times">How many of its next runs fail.</param>
    /// <param name="exception">What they fail with; an <see cref="InjectedFaultException"/> unless given.</param>
    public FaultInjection FailActivity(string activity, int times = 1, Func<Exception>? exception = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        return FailActivity(activity, new Countdown(times).Take, exception);
    }

    /// <param name="when">Which runs fail.</param>
    /// <inheritdoc cref="FailActivity(string, int, Func{Exception}?)"/>
    public FaultInjection FailActivity(string activity, Func<ActivityRun, bool> when, Func<Exception>? exception = null)
    {
        Add(activity, when, run => throw exception?.Invoke() ?? new InjectedFaultException(
            $"Activity '{run.Name}' of instance '{run.InstanceId}' fails in its run {run.Number}, as the test asked for."));
        return this;
    }

    /// <summary>
    /// The next runs of an activity wait before they do anything. Meanwhile the host counts as idle: <see cref="DurableTestHost.RunUntilIdleAsync"/>
    /// lets timers fire, and returns.
    /// </summary>
    /// <inheritdoc cref="FailActivity(string, int, Func{Exception}?)"/>
    public HungActivity HangActivity(string activity, int times = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(times);
        var hung = new HungActivity();
        Add(activity, new Countdown(times).Take, _ => hung);
        return hung;
    }

    /// <summary>
    /// The process dies at a commit: nothing is stored or answered any more, and calls fail with a <see cref="SimulatedCrashException"/>, until
    /// <see cref="DurableTestHost.RestartAsync()"/> goes on from the disk.
    /// </summary>
    /// <param name="number">Which commit from now on, from 1; one holds the changes of all instances that were waiting to be stored.</param>
    /// <param name="afterIt">Whether that commit is on disk, though nobody has learnt of it.</param>
    public FaultInjection CrashAtCommit(int number, bool afterIt = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(number);
        lock (_gate)
        {
            (_commitsUntilCrash, _commitsFirst) = (number, afterIt);
        }

        return this;
    }

    /// <summary>Takes back what was asked for. What hangs goes on hanging until it is released.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _faults.Clear();
            _commitsUntilCrash = 0;
        }
    }

    internal void Revive()
    {
        lock (_gate)
        {
            HasCrashed = false;
        }
    }

    ValueTask IEngineFaults.BeforeActivityAsync(PendingActivity activity, WorkTracker work, CancellationToken cancellationToken)
    {
        ActivityFault? fault;
        ActivityRun run;
        lock (_gate)
        {
            var number = _runs.GetValueOrDefault(activity.Name) + 1;
            _runs[activity.Name] = number;
            run = new ActivityRun(activity.Name, activity.InstanceId, number, activity.Input);
            fault = _faults.Find(each => Names.Same(each.Activity, run.Name) && each.When(run));
        }

        return fault is null ? ValueTask.CompletedTask : new ValueTask(fault.Happen(run)?.WaitAsync(work, cancellationToken) ?? Task.CompletedTask);
    }

    void IStoreFaults.BeforeCommit()
    {
        if (IsDiskFull)
        {
            throw _diskFull;
        }

        lock (_gate)
        {
            if (!HasCrashed && (_commitsUntilCrash != 1 || _commitsFirst))
            {
                return;
            }
        }

        Crash();
    }

    void IStoreFaults.AfterCommit()
    {
        lock (_gate)
        {
            Commits++;
            if (_commitsUntilCrash == 0 || --_commitsUntilCrash > 0)
            {
                return;
            }
        }

        Crash();
    }

    private void Crash()
    {
        bool isNew;
        lock (_gate)
        {
            (isNew, HasCrashed, _commitsUntilCrash) = (!HasCrashed, true, 0);
        }

        if (isNew)
        {
            _onCrash();
        }

        throw new SimulatedCrashException();
    }

    private void Add(string activity, Func<ActivityRun, bool> when, Func<ActivityRun, HungActivity?> happen)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(activity);
        ArgumentNullException.ThrowIfNull(when);
        lock (_gate)
        {
            _faults.Add(new ActivityFault(activity, when, happen));
        }
    }

    private sealed record ActivityFault(string Activity, Func<ActivityRun, bool> When, Func<ActivityRun, HungActivity?> Happen);

    private sealed class Countdown(int count)
    {
        private int _left = count;

        public bool Take(ActivityRun run) => _left > 0 && _left-- > 0;
    }
}

/// <summary>A run of an activity that is about to begin.</summary>
/// <param name="Number">The how-many-eth run of this activity it is in the host, over all instances, from 1.</param>
public sealed record ActivityRun(string Name, string InstanceId, int Number, string? SerializedInput);

/// <summary>A failure that a test asked for.</summary>
public sealed class InjectedFaultException(string message) : Exception(message);

/// <summary>Runs of an activity that wait until the test lets them go on.</summary>
public sealed class HungActivity
{
    private readonly Lock _gate = new();
    private readonly List<(TaskCompletionSource Go, WorkTracker Work)> _waiting = [];
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isReleased;

    internal HungActivity()
    {
    }

    /// <summary>Completed once a run hangs.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Lets the runs go on, and those to come pass.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _isReleased = true;
            foreach (var (go, work) in _waiting)
            {
                work.Begin();
                go.SetResult();
            }

            _waiting.Clear();
        }
    }

    internal async Task WaitAsync(WorkTracker work, CancellationToken cancellationToken)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isReleased)
            {
                return;
            }

            _waiting.Add((go, work));
        }

        _reached.TrySetResult();
        await using var registration = cancellationToken.Register(() => GiveUp(go, work, cancellationToken));
        work.End();
        await go.Task;
    }

    private void GiveUp(TaskCompletionSource go, WorkTracker work, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_waiting.Remove((go, work)))
            {
                work.Begin();
                go.SetCanceled(cancellationToken);
            }
        }
    }
}

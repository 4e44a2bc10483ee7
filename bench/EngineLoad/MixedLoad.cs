using System.Collections.Concurrent;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;

namespace AtomicDevOps.EngineLoad;

/// <summary>
/// Orchestrations of all kinds in turn: activities one after another and at once, timers, external events, sub-orchestrations, continue-as-new, calls
/// and signals of entities, critical sections. Each result is checked, and finished instances are purged.
/// </summary>
internal sealed class MixedLoad(LoadHost host)
{
    private const int MostInFlight = 5_000;
    private const int MostComplaints = 10;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PurgeInterval = TimeSpan.FromSeconds(5);

    /// <summary>The engine stamps an instance a moment later than it is counted here.</summary>
    private static readonly TimeSpan PurgeMargin = TimeSpan.FromSeconds(1);

    private static readonly (string Orchestrator, int Steps)[] Kinds =
    [
        (LoadFunctions.Chain, 3),
        (LoadFunctions.FanOut, 5),
        (LoadFunctions.Nap, 2),
        (LoadFunctions.Wait, 0),
        (LoadFunctions.Family, 3),
        (LoadFunctions.Loop, 3),
        (LoadFunctions.Count, 2),
        (LoadFunctions.Transfer, 5),
    ];

    private readonly ConcurrentDictionary<long, DateTimeOffset> _inFlight = new();
    private long _started;
    private long _completed;
    private long _failed;
    private long _purged;
    private long _counted;

    public long Started => Interlocked.Read(ref _started);

    public long Completed => Interlocked.Read(ref _completed);

    /// <summary>Orchestrations that failed or gave a wrong result, and purges that failed.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Instances purged, sub-orchestrations among them.</summary>
    public long Purged => Interlocked.Read(ref _purged);

    public int InFlight => _inFlight.Count;

    /// <summary>As fast as it goes, with so many in flight at any time.</summary>
    /// <returns>Completions a second.</returns>
    public async Task<double> MeasureMaximumAsync(int inFlight, TimeSpan duration, CancellationToken cancellationToken)
    {
        var stretch = Stretch.Begin();
        var before = Completed;
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(async _ =>
        {
            while (stretch.Seconds < duration.TotalSeconds)
            {
                await RunOneAsync(cancellationToken);
            }
        }));
        return (Completed - before) / stretch.Seconds;
    }

    /// <summary>Starts so many a second, and catches up if it is late, until cancelled; then waits for those in flight.</summary>
    public async Task KeepRateAsync(double perSecond, CancellationToken untilCancelled, CancellationToken cancellationToken)
    {
        var running = new ConcurrentDictionary<Task, byte>();
        var stretch = Stretch.Begin();
        var startedBefore = Started;
        using var timer = new PeriodicTimer(Tick);
        while (!untilCancelled.IsCancellationRequested)
        {
            var due = (long)(perSecond * stretch.Seconds) - (Started - startedBefore);
            for (; due > 0 && InFlight < MostInFlight; due--)
            {
                var run = RunOneAsync(cancellationToken);
                running.TryAdd(run, 0);
                _ = run.ContinueWith(done => running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }

        await Task.WhenAll(running.Keys);
    }

    /// <summary>Purges what has finished, again and again until cancelled.</summary>
    public async Task KeepPurgingAsync(CancellationToken untilCancelled)
    {
        using var timer = new PeriodicTimer(PurgeInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(untilCancelled))
            {
                await PurgeAsync();
            }
        }
        catch (OperationCanceledException) when (untilCancelled.IsCancellationRequested)
        {
            // The load is over.
        }
    }

    /// <summary>Purges what had finished before the oldest that is in flight was started: the results of later ones may not be read yet.</summary>
    public async Task PurgeAsync()
    {
        var oldest = _inFlight.Values.DefaultIfEmpty(DateTimeOffset.UtcNow).Min();
        try
        {
            var result = await host.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(CreatedTo: oldest - PurgeMargin));
            Interlocked.Add(ref _purged, result.PurgedInstanceCount);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Fail($"A purge failed: {exception}");
        }
    }

    /// <summary>What the entities hold when nothing is in flight any more: each call and signal counted once, and no transfer by halves.</summary>
    public async Task<IReadOnlyList<Goal>> JudgeEntitiesAsync(CancellationToken cancellationToken)
    {
        var counted = await SumAsync(nameof(Counter), cancellationToken);
        var held = await SumAsync(nameof(Account), cancellationToken);
        var expected = Interlocked.Read(ref _counted);
        return
        [
            new Goal("soak", FormattableString.Invariant($"counters sum to {expected}"), FormattableString.Invariant($"{counted}"), counted == expected),
            new Goal("soak", "accounts sum to 0", FormattableString.Invariant($"{held}"), held == 0),
        ];
    }

    private async Task<long> SumAsync(string entity, CancellationToken cancellationToken)
    {
        var sum = 0L;
        var all = host.Client.Entities.GetAllEntitiesAsync<long>(new EntityQuery { InstanceIdStartsWith = entity });
        await foreach (var one in all.WithCancellation(cancellationToken))
        {
            sum += one.State;
        }

        return sum;
    }

    private async Task RunOneAsync(CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _started);
        var (orchestrator, steps) = Kinds[number % Kinds.Length];
        var id = FormattableString.Invariant($"{orchestrator}-{number}");
        var input = Parcel.Create((int)number, steps);
        _inFlight[number] = DateTimeOffset.UtcNow;
        try
        {
            if (orchestrator is LoadFunctions.Count)
            {
                await host.Client.Entities.SignalEntityAsync(LoadFunctions.CounterOf(input), nameof(Counter.Add), 1, cancellation: cancellationToken);
                Interlocked.Add(ref _counted, 1 + steps);
            }

            await host.StartAsync(orchestrator, id, input, cancellationToken);
            if (orchestrator is LoadFunctions.Wait)
            {
                await host.Client.RaiseEventAsync(id, LoadFunctions.Go, input, cancellationToken);
            }

            if (await host.EndsWithAsync(id, input.Done(), cancellationToken))
            {
                Interlocked.Increment(ref _completed);
            }
            else
            {
                Interlocked.Increment(ref _failed);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not OutOfMemoryException)
        {
            Fail($"'{id}' failed: {exception}");
        }
        finally
        {
            _inFlight.TryRemove(number, out _);
        }
    }

    private void Fail(string complaint)
    {
        if (Interlocked.Increment(ref _failed) <= MostComplaints)
        {
            Console.Error.WriteLine(complaint);
        }
    }
}

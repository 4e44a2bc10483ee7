using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EngineLoad.Workloads;

/// <summary>
/// W6: 100,000 instances wait on an event in the store. Measured from the start of a process on it until it has served a query, and an instance that it
/// raised has completed; and what that process holds in memory.
/// </summary>
internal static class ManyWaiting
{
    public const string OpenVerb = "w6-open";
    private const int Instances = 100_000;
    private const int StartedAtOnce = 2_000;
    private const int TouchedInstances = 12_000;
    private const int PageSize = 1_000;
    private const double BytesPerMegabyte = 1_000_000;

    public static async Task RunAsync(string directory, Report report, CancellationToken cancellationToken)
    {
        await FillAsync(directory, LoadFunctions.Wait, Instances, static number => Parcel.Create(number), cancellationToken);
        using var opening = ChildProcess.Start(OpenVerb, directory);
        var ready = await opening.ReadAsync<ReadyReport>(cancellationToken);
        var seconds = opening.Seconds;
        var memory = await opening.ReadAsync<MemoryReport>(cancellationToken);
        await opening.WaitForExitAsync(cancellationToken);
        var ok = memory.Waiting + (ready.IsRight ? 1 : 0);
        report.Add(new Measurement(
            "atomic", "W6", Instances, seconds, null, null, null, null, Measurement.FsyncPerCommit, ok, Instances - ok, ready.CpuSeconds));
        report.Add(new MemoryMeasurement(
            "atomic",
            "W6-memory",
            Instances,
            ready.Resident / BytesPerMegabyte,
            memory.AfterCollection / BytesPerMegabyte,
            memory.CacheFull / BytesPerMegabyte,
            memory.Peak / BytesPerMegabyte));
    }

    /// <summary>Makes instances that have taken their first turn.</summary>
    public static async Task FillAsync(
        string directory, string orchestrator, int instances, Func<int, Parcel> input, CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartWarmAsync(directory, cancellationToken);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, instances),
            new ParallelOptions { MaxDegreeOfParallelism = StartedAtOnce, CancellationToken = cancellationToken },
            async (number, token) =>
            {
                await host.StartAsync(orchestrator, Id(number), input(number), token);
                await host.Client.WaitForInstanceStartAsync(Id(number), token);
            });
    }

    public static async Task OpenAsync(string directory, CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartAsync(directory, cancellationToken);
        var found = await host.Client.GetInstanceAsync(Id(0), cancellationToken);
        await host.Client.RaiseEventAsync(Id(0), LoadFunctions.Go, Parcel.Create(0), cancellationToken);
        var isRight = await host.EndsWithAsync(Id(0), Parcel.Create(0), cancellationToken) && found is { IsRunning: true };
        JsonLines.Write(new ReadyReport(isRight, ResidentMemory.Current, Environment.CpuUsage.TotalTime.TotalSeconds));

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var afterCollection = ResidentMemory.Current;
        await Parallel.ForEachAsync(
            Enumerable.Range(1, TouchedInstances),
            new ParallelOptions { MaxDegreeOfParallelism = StartedAtOnce, CancellationToken = cancellationToken },
            async (number, token) => await host.Client.RaiseEventAsync(Id(number), "nobody waits for this", Parcel.Create(number), token));
        var cacheFull = ResidentMemory.Current;
        var waiting = await CountAsync(host.Client, LoadFunctions.Wait, cancellationToken);
        JsonLines.Write(new MemoryReport(waiting, afterCollection, cacheFull, ResidentMemory.Peak));
    }

    /// <summary>How many instances of an orchestrator are running.</summary>
    public static async Task<int> CountAsync(DurableTaskClient client, string orchestrator, CancellationToken cancellationToken)
    {
        var count = 0;
        var query = new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Running], PageSize: PageSize);
        await foreach (var instance in client.GetAllInstancesAsync(query).WithCancellation(cancellationToken))
        {
            count += string.Equals(instance.Name, orchestrator, StringComparison.Ordinal) ? 1 : 0;
        }

        return count;
    }

    public static string Id(int number) => FormattableString.Invariant($"waiting-{number}");

    private sealed record ReadyReport(bool IsRight, long Resident, double CpuSeconds);

    private sealed record MemoryReport(int Waiting, long AfterCollection, long CacheFull, long Peak);
}

using System.Diagnostics;

namespace AtomicDevOps.EngineLoad.Workloads;

/// <summary>The workloads that one process runs from start to end: W1 to W4.</summary>
internal static class Throughput
{
    /// <summary>W1: 1,000 orchestrations at once, five activities one after another in each.</summary>
    public static async Task ManyChainsAsync(string directory, Report report, CancellationToken cancellationToken)
    {
        const int Orchestrations = 1_000;
        const int Steps = 5;
        await using var host = await LoadHost.StartWarmAsync(directory, cancellationToken);
        var runsBefore = host.Functions.ActivityRuns;
        var stretch = Stretch.Begin();
        var results = await Task.WhenAll(Enumerable.Range(0, Orchestrations).Select(
            number => host.RunAsync(LoadFunctions.Chain, $"w1-{number}", Parcel.Create(number, Steps), cancellationToken)));
        var (seconds, cpu) = stretch.End();
        RequireRuns(Orchestrations * Steps, host.Functions.ActivityRuns - runsBefore);
        var ok = results.Count(static isRight => isRight);
        report.Add(new Measurement(
            "atomic", "W1", Orchestrations, seconds, Orchestrations / seconds, Orchestrations * Steps / seconds, null, null, Measurement.FsyncPerCommit, ok, Orchestrations - ok, cpu));
    }

    /// <summary>W2: one orchestration, 1,000 activities at once.</summary>
    public static async Task OneFanOutAsync(string directory, Report report, CancellationToken cancellationToken)
    {
        const int Activities = 1_000;
        await using var host = await LoadHost.StartWarmAsync(directory, cancellationToken);
        await OneOrchestrationAsync(host, LoadFunctions.FanOut, "W2", Activities, report, cancellationToken);
    }

    /// <summary>W3: 200 orchestrations of one activity, each started when the one before has completed.</summary>
    public static async Task OneAfterAnotherAsync(string directory, Report report, CancellationToken cancellationToken)
    {
        const int Orchestrations = 200;
        await using var host = await LoadHost.StartWarmAsync(directory, cancellationToken);
        var latencies = new List<double>(Orchestrations);
        var ok = 0;
        var stretch = Stretch.Begin();
        for (var number = 0; number < Orchestrations; number++)
        {
            var started = Stopwatch.GetTimestamp();
            ok += await host.RunAsync(LoadFunctions.Chain, $"w3-{number}", Parcel.Create(number, steps: 1), cancellationToken) ? 1 : 0;
            latencies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        var (seconds, cpu) = stretch.End();
        report.Add(new Measurement(
            "atomic",
            "W3",
            Orchestrations,
            seconds,
            Orchestrations / seconds,
            Orchestrations / seconds,
            Statistics.Percentile(latencies, 0.50),
            Statistics.Percentile(latencies, 0.99),
            Measurement.FsyncPerCommit,
            ok,
            Orchestrations - ok,
            cpu));
    }

    /// <summary>W4: one orchestration, this many activities one after another.</summary>
    public static async Task OneChainAsync(string directory, string workload, int activities, Report report, CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartWarmAsync(directory, cancellationToken);
        await OneOrchestrationAsync(host, LoadFunctions.Chain, workload, activities, report, cancellationToken);
    }

    private static async Task OneOrchestrationAsync(
        LoadHost host, string orchestrator, string workload, int activities, Report report, CancellationToken cancellationToken)
    {
        var runsBefore = host.Functions.ActivityRuns;
        var stretch = Stretch.Begin();
        var isRight = await host.RunAsync(orchestrator, workload, Parcel.Create(number: 1, activities), cancellationToken);
        var (seconds, cpu) = stretch.End();
        RequireRuns(activities, host.Functions.ActivityRuns - runsBefore);
        report.Add(new Measurement(
            "atomic", workload, activities, seconds, activities / seconds, activities / seconds, null, null, Measurement.FsyncPerCommit, isRight ? 1 : 0, isRight ? 0 : 1, cpu));
    }

    private static void RequireRuns(long expected, long actual)
    {
        if (actual != expected)
        {
            throw new WrongResultException($"{expected} activities were called, and {actual} ran.");
        }
    }
}

namespace AtomicDevOps.EngineLoad.Workloads;

/// <summary>What a run is asked for.</summary>
/// <param name="IdleSeconds">How long W7 idles in real time.</param>
internal sealed record WorkloadSettings(double IdleSeconds);

/// <summary>One row of the table: runs on a fresh data directory and hands over what it measured.</summary>
/// <param name="Name">As <c>--workloads</c> takes it.</param>
internal sealed record Workload(string Name, Func<string, WorkloadSettings, Report, CancellationToken, Task> RunAsync)
{
    public static IReadOnlyList<Workload> All { get; } =
    [
        new("W1", static (directory, _, report, token) => Throughput.ManyChainsAsync(directory, report, token)),
        new("W2", static (directory, _, report, token) => Throughput.OneFanOutAsync(directory, report, token)),
        new("W3", static (directory, _, report, token) => Throughput.OneAfterAnotherAsync(directory, report, token)),
        new("W4", static async (directory, _, report, token) =>
        {
            await Throughput.OneChainAsync(Path.Combine(directory, "short"), "W4-1000", 1_000, report, token);
            await Throughput.OneChainAsync(Path.Combine(directory, "long"), "W4-10000", 10_000, report, token);
        }),
        new("W5", static (directory, _, report, token) => KilledWhileWaiting.RunAsync(directory, report, token)),
        new("W6", static (directory, _, report, token) => ManyWaiting.RunAsync(directory, report, token)),
        new("W7", static async (directory, settings, report, token) =>
        {
            await IdleTimers.InSkippedTimeAsync(report, token);
            await IdleTimers.InRealTimeAsync(directory, settings.IdleSeconds, report, token);
        }),
    ];
}

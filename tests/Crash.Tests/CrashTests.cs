using System.Diagnostics;
using System.Globalization;
using AtomicDevOps.Crash.Tests.Driver;

namespace AtomicDevOps.Crash.Tests;

/// <summary>
/// Whatever instant the process is killed at, started again it goes on where it was. 200 kills; the variable ATOMIC_CRASH_KILLS sets another
/// number, and CRASH_TEST_SEED repeats a run as far as random choices go.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private const int Lanes = 4;
    private const int KillsPerInstanceOfEach = 2;

    /// <summary>No life, counted from the opening of the store, is longer.</summary>
    private const double LongestLifeMilliseconds = 250;

    [Fact]
    public async Task Killed_at_random_instants_the_mixed_workload_ends_as_if_it_had_not_been()
    {
        var settings = CrashSettings.Read();
        output.WriteLine($"{settings}");
        var statistics = new KillStatistics();
        var began = Stopwatch.GetTimestamp();
        var lanes = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => RunAsync(settings.Seed + lane, KillsOf(lane, settings.Kills), statistics)));
        output.WriteLine($"{statistics} in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");

        foreach (var (lane, values) in lanes.Index())
        {
            (await RunAsync(settings.Seed + lane, 0, statistics, InstancesOfEach(KillsOf(lane, settings.Kills))))
                .ShouldBe(values, "an uncrashed run of the same seed");
        }

        statistics.Kills.ShouldBe(settings.Kills);
    }

    private static int KillsOf(int lane, int kills) => (kills / Lanes) + (lane < kills % Lanes ? 1 : 0);

    private static int InstancesOfEach(int kills) => Math.Max(2, kills / KillsPerInstanceOfEach);

    private static Task<IReadOnlyDictionary<string, string>> RunAsync(int seed, int kills, KillStatistics statistics)
        => RunAsync(seed, kills, statistics, InstancesOfEach(kills));

    private static async Task<IReadOnlyDictionary<string, string>> RunAsync(int seed, int kills, KillStatistics statistics, int instancesOfEach)
    {
        using var directory = new TemporaryDirectory();
        var site = new WorkerSite(directory.Path, Ledger.Draw(seed, instancesOfEach));
        var random = new Random(seed);
        for (var i = 0; i < kills; i++)
        {
            var active = site.Ledger.Instances.Count * (i + 1) / kills;
            await LiveAndDieAsync(site, TimeSpan.FromMilliseconds(random.NextDouble() * LongestLifeMilliseconds), active, statistics);
        }

        var values = await site.FinishAsync();
        site.Ledger.Refusals.ShouldBeEmpty();
        return values;
    }

    private static async Task LiveAndDieAsync(WorkerSite site, TimeSpan life, int active, KillStatistics statistics)
    {
        await using var worker = site.StartWorker();
        await worker.Opening;
        var load = site.ApplyLoadAsync(worker, active);
        await Task.Delay(life, TestContext.Current.CancellationToken);
        var wasReady = worker.Ready.IsCompleted;
        await worker.KillAsync();
        await load;
        (await worker.Errors).ShouldBeEmpty();
        statistics.Add(life, wasReady, site.Files.ReadLog());
        site.Files.CheckIntegrity(site.ScratchDirectory);
    }
}

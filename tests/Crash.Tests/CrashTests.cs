using System.Diagnostics;
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

    [Fact]
    public async Task Killed_at_random_instants_the_mixed_workload_ends_as_if_it_had_not_been()
    {
        var settings = CrashSettings.Read();
        output.WriteLine($"{settings}");
        var instants = new RandomInstants(settings.Seed);
        var lanes = Enumerable.Range(0, Lanes).Select(lane => CompareAsync(settings.Seed + lane, KillsOf(lane, settings.Kills), instants));
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(lanes);
        output.WriteLine($"{instants} in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        instants.Count.ShouldBe(settings.Kills);
    }

    private static int KillsOf(int lane, int kills) => (kills / Lanes) + (lane < kills % Lanes ? 1 : 0);

    private static async Task CompareAsync(int seed, int count, RandomInstants instants)
    {
        var instancesOfEach = Math.Max(2, count / KillsPerInstanceOfEach);
        var crashed = await RunAsync(seed, instancesOfEach, count, instants);
        var uncrashed = await RunAsync(seed, instancesOfEach, count: 0, instants);
        crashed.ShouldBe(uncrashed, "the values of an uncrashed run with the same seed");
    }

    private static async Task<IReadOnlyDictionary<string, string>> RunAsync(int seed, int instancesOfEach, int count, RandomInstants instants)
    {
        using var directory = new TemporaryDirectory();
        var site = new WorkerSite(directory.Path, Ledger.Draw(seed, instancesOfEach));
        for (var i = 1; i <= count; i++)
        {
            await LiveAndDieAsync(site, site.Ledger.Instances.Count * i / count, instants);
        }

        var values = await site.FinishAsync();
        site.Ledger.Refusals.ShouldBeEmpty();
        return values;
    }

    private static async Task LiveAndDieAsync(WorkerSite site, int active, RandomInstants instants)
    {
        await using var worker = site.StartWorker();
        var load = site.ApplyLoadAsync(worker, active);
        await instants.WaitAsync(worker);
        await worker.KillAsync();
        await load;
        (await worker.Errors).ShouldBeEmpty();
        site.Files.CheckIntegrity(site.ScratchDirectory);
    }
}

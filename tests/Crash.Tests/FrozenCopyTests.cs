using System.Diagnostics;
using System.Globalization;
using AtomicDevOps.Crash.Tests.Driver;

namespace AtomicDevOps.Crash.Tests;

/// <summary>
/// The process is frozen at random instants and its files are copied, as a backup or a power cut would see them: a worker on the copy goes on
/// with all that was acknowledged. As many freezes, each with two copies, as a tenth of the kills of <see cref="CrashTests"/>, by the same variables.
/// </summary>
public sealed class FrozenCopyTests(ITestOutputHelper output)
{
    private const int KillsPerFreeze = 10;
    private const int InstancesOfEachPerFreeze = 3;
    private const int Lanes = 4;

    [Fact]
    public async Task A_copy_of_the_files_of_a_frozen_process_and_what_a_power_cut_leaves_of_it_go_on_to_the_right_end()
    {
        var settings = CrashSettings.Read();
        output.WriteLine($"{settings}");
        var freezes = Math.Max(1, settings.Kills / KillsPerFreeze / Lanes);
        var instants = new RandomInstants(settings.Seed);
        var began = Stopwatch.GetTimestamp();
        var cuts = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => RunAsync(settings.Seed + lane, freezes, instants)));
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{instants}, {cuts.Sum()} power cuts with a commit to lose, in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s"));
        cuts.Sum().ShouldBeGreaterThan(0, "power cuts that have a commit to lose");
    }

    private static async Task<int> RunAsync(int seed, int freezes, RandomInstants instants)
    {
        using var directory = new TemporaryDirectory();
        var site = new WorkerSite(Path.Combine(directory.Path, "site"), Ledger.Draw(seed, InstancesOfEachPerFreeze * freezes));
        var random = new Random(seed);
        var cuts = 0;
        for (var i = 1; i <= freezes; i++)
        {
            var copies = Path.Combine(directory.Path, string.Create(CultureInfo.InvariantCulture, $"copies-{i}"));
            var (whole, cut, hasLostCommit) = await FreezeAsync(site, site.Ledger.Instances.Count * i / freezes, copies, instants, random);
            cuts += hasLostCommit ? 1 : 0;
            await Task.WhenAll(whole.FinishAsync(), cut.FinishAsync());
            Directory.Delete(copies, recursive: true);
        }

        await site.FinishAsync();
        return cuts;
    }

    private static async Task<(WorkerSite Whole, WorkerSite Cut, bool HasLostCommit)> FreezeAsync(
        WorkerSite site, int active, string target, RandomInstants instants, Random random)
    {
        await using var worker = site.StartWorker();
        var load = site.ApplyLoadAsync(worker, active);
        await instants.WaitAsync(worker);
        worker.Freeze();
        var known = site.Ledger.Clock;
        var knownLog = site.Files.ReadLog();
        var writtenAt = site.Files.LogWrittenAt;
        var whole = new WorkerSite(Path.Combine(target, "whole"), site.Ledger.Copy(known, active));
        site.Files.CopyTo(whole.Files);
        var attempts = Attempts.Copy(site.AttemptDirectory, whole.AttemptDirectory);
        worker.Thaw();
        await instants.WaitForWriteAsync(site.Files, writtenAt);
        worker.Freeze();
        var cut = new WorkerSite(Path.Combine(target, "cut"), site.Ledger.Copy(known, active));
        site.Files.CopyTo(cut.Files);
        Attempts.Copy(site.AttemptDirectory, cut.AttemptDirectory, attempts);
        await worker.KillAsync();
        await load;
        whole.Files.CheckIntegrity(whole.ScratchDirectory);
        var hasLostCommit = cut.Files.CutPower(knownLog, random);
        cut.Files.CheckIntegrity(cut.ScratchDirectory);
        return (whole, cut, hasLostCommit);
    }
}

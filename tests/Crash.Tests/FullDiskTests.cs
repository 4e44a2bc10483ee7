using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.Crash.Tests.Worker;

namespace AtomicDevOps.Crash.Tests;

/// <summary>When no space is left, starts and events are refused and the host lives; when there is space again it goes on by itself.</summary>
public sealed class FullDiskTests
{
    private const int InstancesOfEach = 6;
    private const int AnswersBeforeTheEnd = 30;
    private const int PaddingLength = 2_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task On_a_full_disk_nothing_is_lost_and_all_goes_on_when_there_is_space_again()
    {
        await using var disk = await SmallFileSystem.MountAsync();
        await FillAndFreeAsync(disk);
    }

    [Fact]
    public async Task Where_files_may_grow_no_more_nothing_is_lost_and_all_goes_on_when_they_may()
    {
        await using var disk = new LimitedFileSize();
        await FillAndFreeAsync(disk);
    }

    private static async Task FillAndFreeAsync(LimitedDisk disk)
    {
        using var directory = new TemporaryDirectory();
        var ledger = Ledger.Draw(seed: 3, InstancesOfEach, PaddingLength);
        var site = new WorkerSite(directory.Path, ledger, disk.Directory, new StoreFiles(disk.OwnView));
        await using (var worker = site.StartWorker(disk.Launcher))
        {
            var load = site.ApplyLoadAsync(worker, ledger.Instances.Count);
            await worker.AnswersAsync(AnswersBeforeTheEnd);
            await disk.FillAsync(worker);
            await load.WaitAsync(Patience);
            ledger.Refusals.ShouldNotBeEmpty();
            ledger.Refusals.ShouldAllBe(refusal => refusal.Contains($"'{disk.Directory}/durable.db' cannot be written", StringComparison.Ordinal));
            (await worker.SendAsync(WorkerProgram.List)).ShouldNotBeNull("the host lives").Word.ShouldBe(WorkerProgram.Ok);

            await disk.FreeAsync(worker);
            await site.FinishAsync(worker);
            await worker.EndAsync();
        }

        site.Files.CheckIntegrity(site.ScratchDirectory);
    }
}

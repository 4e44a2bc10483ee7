using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.Crash.Tests.Worker;

namespace AtomicDevOps.Crash.Tests;

/// <summary>When no space is left, starts and events are refused and the host lives; when there is space again it goes on by itself.</summary>
public sealed class FullDiskTests
{
    private const int InstancesOfEach = 6;
    private const int MostInstancesMoreOfEach = 60;
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

    [Fact]
    public async Task Killed_on_a_full_disk_it_starts_again_or_says_why_not_and_nothing_is_lost()
    {
        await using var disk = await SmallFileSystem.MountAsync();
        using var directory = new TemporaryDirectory();
        var ledger = Ledger.Draw(seed: 4, InstancesOfEach, PaddingLength);
        var site = new WorkerSite(directory.Path, ledger, disk.Directory, new StoreFiles(disk.OwnView));
        await using (var worker = site.StartWorker(disk.Launcher))
        {
            await FillUnderLoadAsync(site, worker, disk);
            await worker.KillAsync();
        }

        site.Files.CheckIntegrity(site.ScratchDirectory);
        await using (var worker = site.StartWorker(disk.Launcher))
        {
            if (await worker.Ready)
            {
                await worker.KillAsync();
            }
            else
            {
                (await worker.Errors).ShouldContain(disk.Directory);
            }

            await disk.FreeAsync(worker);
        }

        await using (var worker = site.StartWorker(disk.Launcher))
        {
            await site.FinishAsync(worker);
            await worker.EndAsync();
        }
    }

    private static async Task FillAndFreeAsync(LimitedDisk disk)
    {
        using var directory = new TemporaryDirectory();
        var ledger = Ledger.Draw(seed: 3, InstancesOfEach, PaddingLength);
        var site = new WorkerSite(directory.Path, ledger, disk.Directory, new StoreFiles(disk.OwnView));
        await using (var worker = site.StartWorker(disk.Launcher))
        {
            await FillUnderLoadAsync(site, worker, disk);
            ledger.Refusals.ShouldAllBe(refusal => refusal.Contains($"'{disk.Directory}/durable.db' cannot be written", StringComparison.Ordinal));
            (await worker.SendAsync(WorkerProgram.List)).ShouldNotBeNull("the host lives").Word.ShouldBe(WorkerProgram.Ok);

            await disk.FreeAsync(worker);
            await site.FinishAsync(worker);
            await worker.EndAsync();
        }

        site.Files.CheckIntegrity(site.ScratchDirectory);
    }

    private static async Task FillUnderLoadAsync(WorkerSite site, WorkerProcess worker, LimitedDisk disk)
    {
        var load = site.ApplyLoadAsync(worker, site.Ledger.Instances.Count);
        await worker.AnswersAsync(AnswersBeforeTheEnd);
        await disk.FillAsync(worker);
        await load.WaitAsync(Patience);

        // Less than what is free in files that are there already may have been left to ask for.
        for (var more = 0; site.Ledger.Refusals.Count == 0; more++)
        {
            more.ShouldBeLessThan(MostInstancesMoreOfEach, "the disk is full, and nothing was refused");
            site.Ledger.DrawOneOfEach(PaddingLength);
            await site.ApplyLoadAsync(worker, site.Ledger.Instances.Count).WaitAsync(Patience);
        }
    }
}

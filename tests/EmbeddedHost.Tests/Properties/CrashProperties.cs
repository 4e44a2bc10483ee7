using System.Globalization;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using DurableTask.Core.Exceptions;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Properties;

public sealed class CrashProperties
{
    private const string Id = "plan";
    private const string PlansVariable = "ATOMIC_CRASH_PLANS";
    private const int DefaultPlans = 4;

    private static readonly string[] AllStatuses = [.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses.Select(static status => status.ToString())];

    [Fact]
    public void A_crash_at_any_commit_gives_the_result_of_no_crash()
        => Prop.ForAll(Step.Plans(most: 4).ToArbitrary(), plan => HoldsAsync(plan).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(Plans));

    private static int Plans => Environment.GetEnvironmentVariable(PlansVariable) is { Length: > 0 } text
        ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture)
        : DefaultPlans;

    private static async Task<bool> HoldsAsync(Step[] plan)
    {
        var (uncrashed, commits) = await RunAsync(plan, crashAt: null, afterIt: false);
        for (var commit = 1; commit <= commits; commit++)
        {
            foreach (var afterIt in new[] { false, true })
            {
                var (crashed, _) = await RunAsync(plan, commit, afterIt);
                crashed.ShouldBe(uncrashed, $"crash {(afterIt ? "after" : "before")} commit {commit} of {string.Join(", ", plan.AsEnumerable())}");
            }
        }

        return true;
    }

    /// <returns>The output, with what the entities hold in the end, and how many commits it took.</returns>
    private static async Task<(string Output, long Commits)> RunAsync(Step[] plan, int? crashAt, bool afterIt)
    {
        await using var host = await DurableTestHost.StartAsync(PlanFunctions.AddTo);
        if (crashAt is { } commit)
        {
            host.Faults.CrashAtCommit(commit, afterIt);
        }

        var input = new PlanInput(plan, string.Empty, Fails: false);
        var options = new StartOrchestrationOptions(Id) { DedupeStatuses = AllStatuses };
        await UntilDoneAsync(host, () => host.Client.ScheduleNewOrchestrationInstanceAsync(PlanFunctions.Orchestrator, input, options));
        for (var i = 0; i < input.Events; i++)
        {
            await UntilDoneAsync(host, () => host.Client.RaiseEventAsync(Id, PlanFunctions.EventName, 1));
        }

        await UntilDoneAsync(host, async () =>
        {
            await host.RunUntilIdleAsync();
            if (host.Faults.HasCrashed)
            {
                throw new SimulatedCrashException();
            }
        });
        return ($"{(await host.ReadAsync(Id)).Output<string>()} {await TotalsAsync(host)}", host.Faults.Commits);
    }

    private static async Task<string> TotalsAsync(DurableTestHost host)
    {
        var totals = await host.Client.Entities.GetAllEntitiesAsync<int>().ToListAsync();
        totals.ShouldAllBe(static total => total.LockedBy == null && total.BacklogQueueSize == 0);
        return string.Join(' ', totals.OrderBy(static total => total.Id.Key, StringComparer.Ordinal).Select(static total => $"{total.Id}={total.State}"));
    }

    /// <summary>As a caller does that does not know whether the process died before or after it took the call.</summary>
    private static async Task UntilDoneAsync(DurableTestHost host, Func<Task> call)
    {
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (SimulatedCrashException)
            {
                await host.RestartAsync();
            }
            catch (OrchestrationAlreadyExistsException)
            {
                return;
            }
        }
    }
}

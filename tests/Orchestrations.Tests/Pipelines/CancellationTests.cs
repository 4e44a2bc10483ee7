using System.Collections.Concurrent;
using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Tests.Support;

namespace AtomicDevOps.Orchestrations.Tests.Pipelines;

/// <summary>Whenever a run is told to end, it ends well.</summary>
public sealed class CancellationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Everywhere()
    {
        var data = new TheoryData<string, bool>();
        string[] activities =
        [
            "Platform_ReadPolicy", "PipelineRuns_SignalOthers", GitHubExpert.GetPullRequest.Name, GitHubExpert.GetFile.Name,
            GitHubExpert.ListPullRequestFiles.Name, GitCoreExpert.CheckMerge.Name, GitHubExpert.PutCheckRun.Name, GitCoreExpert.Checkout.Name,
            DockerExpert.BuildImage.Name, PyTestExpert.RunTests.Name, DockerExpert.RunCommand.Name, GitHubExpert.MergePullRequest.Name,
            GitHubExpert.PutComment.Name, DockerExpert.RemoveRun.Name, GitCoreExpert.DropWorkspaces.Name,
        ];
        foreach (var activity in activities)
        {
            data.Add(activity, false);
        }

        foreach (var activity in new[] { GitCoreExpert.Checkout.Name, DockerExpert.BuildImage.Name, PyTestExpert.RunTests.Name, DockerExpert.RunCommand.Name })
        {
            data.Add(activity, true);
        }

        return data;
    }

    /// <param name="goesOn">The activity goes on until its containers are killed.</param>
    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task A_run_that_is_cancelled_during_any_activity_ends_well(string activity, bool goesOn)
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
        {
            tools.Configuration = "merge: { automatic: true }";
            CancelDuring(tools, activity, goesOn);
        });
        var result = await platform.RunAsync();

        result.Verdict.ShouldBeOneOf(goesOn ? [PipelineVerdict.Cancelled] : [PipelineVerdict.Cancelled, PipelineVerdict.Merged]);
        platform.Tools.CallsOf(GitHubExpert.MergePullRequest).Count.ShouldBe(result.Verdict == PipelineVerdict.Merged ? 1 : 0);
        ShouldHaveConcluded(platform);
        if (platform.Tools.CallsOf(GitCoreExpert.Checkout).Count > 0)
        {
            platform.ShouldHaveCleanedUpOnce();
        }

        if (goesOn)
        {
            result.Stages.ShouldContain(stage => stage.State == StageState.Cancelled);
            platform.Tools.CallsOf(DockerExpert.KillRun).ShouldNotBeEmpty();
        }
    }

    [Fact]
    public async Task A_run_that_another_one_of_the_same_head_takes_over_leaves_the_check_runs_to_it()
    {
        await using var platform = await TestPlatform.StartAsync(tools =>
            CancelDuring(tools, PyTestExpert.RunTests.Name, goesOn: true, newHeadSha: ScriptedTools.HeadSha));
        (await platform.RunAsync()).Verdict.ShouldBe(PipelineVerdict.Cancelled);
        platform.CheckRuns()["build"].ShouldBe(CheckRunConclusion.Success);
        platform.CheckRuns()["tests"].ShouldBeNull("the other run concludes it");
        platform.ShouldHaveCleanedUpOnce();
    }

    [Fact]
    public async Task A_run_that_waits_for_a_tool_is_cancelled_without_waiting_for_it()
    {
        await using var platform = await TestPlatform.StartAsync(tools => tools.Away(
            PyTestExpert.RunTests, int.MaxValue, _ => throw new InvalidOperationException()));
        var run = await platform.BeginAsync();
        await platform.Host.PassAsync(TimeSpan.FromMinutes(5));
        await platform.CancelAsync(run);
        await platform.Host.PassAsync(TimeSpan.FromMinutes(1));
        (await platform.EndedAsync(run)).Verdict.ShouldBe(PipelineVerdict.Cancelled);
        platform.ShouldHaveCleanedUpOnce();
    }

    private static void CancelDuring(ScriptedTools tools, string activity, bool goesOn, string? newHeadSha = null)
    {
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        tools.Before = async (call, stopping) =>
        {
            if (string.Equals(call.Activity, DockerExpert.KillRun.Name, StringComparison.Ordinal))
            {
                killed.TrySetResult();
            }

            if (!string.Equals(call.Activity, activity, StringComparison.Ordinal) || !asked.TryAdd(activity, true))
            {
                return;
            }

            await tools.Client.RaiseEventAsync(
                RunId.ForPullRequest(ScriptedTools.Repository, 12, "first"),
                PipelineEvents.Cancel,
                new CancellationRequest(PipelineVerdict.Cancelled, "Asked to end.") { NewHeadSha = newHeadSha },
                stopping);
            if (goesOn)
            {
                await killed.Task.WaitAsync(stopping);
            }
        };
    }

    private static void ShouldHaveConcluded(TestPlatform platform)
    {
        foreach (var (stage, conclusion) in platform.CheckRuns())
        {
            conclusion.ShouldNotBeNull($"the check run of {stage} was never concluded");
        }
    }
}

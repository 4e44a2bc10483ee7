using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Tests.Support;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.Orchestrations.Tests.Pipelines;

/// <summary>A host that stops at any moment, and starts again, makes no difference.</summary>
public sealed class RestartTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stopped_in_any_activity_a_run_ends_the_same_and_has_the_same_effects(bool beforeTheEffect)
    {
        var (expected, effects, activities) = await RunAsync(stopAt: null, beforeTheEffect);
        activities.ShouldBeGreaterThan(20);
        for (var stopAt = 1; stopAt <= activities; stopAt++)
        {
            var (result, again, _) = await RunAsync(stopAt, beforeTheEffect);
            Outline(result).ShouldBe(Outline(expected), $"stopped in activity {stopAt}");
            again.ShouldBe(effects, ignoreOrder: true, $"stopped in activity {stopAt}");
        }
    }

    private static (PipelineVerdict Verdict, string Summary, string Stages) Outline(PipelineResult result) =>
        (result.Verdict, result.Summary, string.Join(", ", result.Stages.Select(stage => $"{stage.Name} {stage.State}")));

    private static async Task<(PipelineResult Result, IReadOnlyList<string> Effects, int Activities)> RunAsync(int? stopAt, bool beforeTheEffect)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var begun = 0;
        await using var platform = await TestPlatform.StartAsync(tools =>
        {
            tools.Configuration = "merge: { automatic: true }";
            async Task StopAsync(CancellationToken stopped)
            {
                if (Interlocked.Increment(ref begun) == stopAt)
                {
                    reached.SetResult();
                    await Task.Delay(Timeout.Infinite, stopped);
                }
            }

            if (beforeTheEffect)
            {
                tools.Before = (_, stopping) => StopAsync(stopping);
            }
            else
            {
                tools.After = (_, stopping) => StopAsync(stopping);
            }
        });
        var run = await platform.BeginAsync();
        if (stopAt is not null)
        {
            await reached.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
            await platform.Host.RestartAsync();
        }

        await platform.Host.SettleAsync();
        return (await platform.EndedAsync(run), Effects(platform), begun);
    }

    private static IReadOnlyList<string> Effects(TestPlatform platform) =>
    [
        .. platform.Tools.CallsOf(GitHubExpert.PutCheckRun).Select(request => $"{request.ExternalId} {request.HeadSha} {request.Status} {request.Conclusion}")
            .Concat(platform.Tools.CallsOf(GitHubExpert.PutComment).Select(request => $"comment {request.Number} {request.Marker}"))
            .Concat(platform.Tools.CallsOf(GitHubExpert.MergePullRequest).Select(request => System.Text.Json.JsonSerializer.Serialize(request, JsonDefaults.Options)))
            .Distinct(StringComparer.Ordinal),
    ];
}

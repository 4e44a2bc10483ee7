using System.Globalization;
using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests.Crash;

/// <summary>Whatever instant the platform is killed at, started again it goes on where it was: everything happens, and happens once.</summary>
public sealed class CrashTests : EndToEndTest
{
    /// <summary>Makes a run of the test repeatable as far as random choices go.</summary>
    private const string SeedVariable = "CRASH_TEST_SEED";

    private const int Rounds = 3;
    private const int ShownLogLines = 200;

    [Fact]
    public async Task Killed_at_thirty_random_points_the_platform_does_everything_exactly_once()
    {
        var seed = Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"{SeedVariable}={seed}");
        using var engine = DockerEngine.Usual();
        await engine.RequireAsync();
        await using var installation = Use(await Installation.StartAsync(engine));
        var marker = $"CRASH_TEST={Guid.NewGuid():N}";
        ForgeRepository[] repositories =
        [
            await installation.CreateRepositoryAsync(("Dockerfile", ProposedChange.Dockerfile(marker))),
            await installation.CreateRepositoryAsync(("Dockerfile", ProposedChange.Dockerfile(marker))),
        ];
        var scenario = new CrashScenario(installation, repositories, marker);
        try
        {
            await RunAsync(scenario, KillPlan.Draw(seed, Rounds));
            scenario.Kills.ShouldBe(30);
            foreach (var change in scenario.Changes)
            {
                await VerifyAsync(change);
            }

            foreach (var repository in repositories)
            {
                await VerifyHistoryAsync(installation.Forge, repository, scenario.Changes);
            }

            foreach (var run in await scenario.RunsAsync())
            {
                run.State.ShouldBe("Completed", run.ToString());
                (await engine.LeftoversAsync(run.Id)).ShouldBeEmpty(run.Id);
            }

            (await engine.FindByEnvironmentAsync(marker)).ShouldBeEmpty();
        }
        catch (Exception)
        {
            TestContext.Current.TestOutputHelper.WriteLine(await DescribeAsync(installation, scenario));
            throw;
        }
        finally
        {
            TestContext.Current.TestOutputHelper.WriteLine(scenario.Journal);
        }
    }

    private static async Task RunAsync(CrashScenario scenario, IReadOnlyList<IReadOnlyList<KillPoint>> rounds)
    {
        ChangeKind[] failures = [ChangeKind.FailingTests, ChangeKind.FailingLint, ChangeKind.FailingBuild];
        foreach (var (round, points) in rounds.Index())
        {
            await scenario.ProposeAsync(failures[round % failures.Length]);
            await scenario.ProposeAsync(ChangeKind.Good);
            await scenario.ProposeAsync(ChangeKind.Good);
            foreach (var (index, point) in points.Index())
            {
                await scenario.KillAsync(point);
                if (round > 0 && index == points.Count / 2)
                {
                    await scenario.MoveHeadAsync();
                }
            }
        }

        await scenario.EndAsync();
    }

    private static async Task VerifyAsync(ProposedChange change)
    {
        change.Run!.Verdict.ShouldBe(change.Verdict, $"{change}: {change.Run.Summary}");
        var checks = await change.Repository.CheckRunsAsync(change.Head);
        checks.Select(check => (check.Stage, check.Conclusion)).ShouldBe(
            change.Conclusions.Select(stage => (stage.Stage, (string?)stage.Conclusion)), ignoreOrder: true, $"{change}");
        checks.SelectMany(check => check.Annotations).Select(annotation => $"{annotation.Path}:{annotation.StartLine}").ShouldBe(
            change.Annotations, ignoreOrder: true, $"{change}");

        foreach (var earlier in change.Heads.SkipLast(1))
        {
            var old = await change.Repository.CheckRunsAsync(earlier);
            old.ShouldAllBe(check => check.Status == "completed", $"{change}");
            old.Select(check => check.Stage).ShouldBeUnique($"{change}");
        }

        var comment = (await change.Repository.CommentsAsync(change.Number)).ShouldHaveSingleItem($"{change}");
        comment.User.Login.ShouldBe(Forge.Bot);
        comment.Body.ShouldContain(change.Head[..7]);
        var pullRequest = await change.Repository.PullRequestAsync(change.Number);
        pullRequest.Merged.ShouldBe(change.Kind == ChangeKind.Good, $"{change}");
        pullRequest.Head.Sha.ShouldBe(change.Head);
        if (pullRequest.Merged)
        {
            pullRequest.MergeCommitSha.ShouldBe(change.Run.MergeSha);
        }
    }

    /// <summary>Main has what it had, and for each merged pull request its commits once and one merge.</summary>
    private static async Task VerifyHistoryAsync(Forge forge, ForgeRepository repository, IEnumerable<ProposedChange> changes)
    {
        var merged = changes.Where(change => change.Repository == repository && change.Kind == ChangeKind.Good).ToList();
        var client = await forge.AsAsync(repository.Owner);
        var answer = await client.GetStringAsync($"/repos/{repository.FullName}/commits?sha=main&per_page=100", Cancelled);
        var commits = JsonNode.Parse(answer)!.AsArray()
            .Select(commit => (
                Sha: commit!["sha"]!.GetValue<string>(),
                Parents: commit["parents"]!.AsArray().Select(parent => parent!["sha"]!.GetValue<string>()).ToArray()))
            .ToList();

        commits.Where(commit => commit.Parents.Length == 2).Select(commit => commit.Parents[1]).ShouldBe(merged.Select(change => change.Head), ignoreOrder: true);
        commits.Where(commit => commit.Parents.Length == 1).Select(commit => commit.Sha).ShouldBe(merged.SelectMany(change => change.Heads), ignoreOrder: true);
        commits.Count(commit => commit.Parents.Length == 0).ShouldBe(1);
    }

    private static async Task<string> DescribeAsync(Installation installation, CrashScenario scenario)
    {
        var runs = new List<string>();
        foreach (var change in scenario.Changes)
        {
            try
            {
                runs.Add($"{change}:");
                foreach (var run in await installation.Client.RunsAsync(change.Repository.FullName, change.Number))
                {
                    runs.Add(await installation.Client.Http.GetStringAsync($"api/pipelines/{Uri.EscapeDataString(run.Id)}", Cancelled));
                }
            }
            catch (HttpRequestException exception)
            {
                runs.Add($"The platform does not answer: {exception.Message}");
            }
        }

        return $"{string.Join('\n', runs)}\n{installation.Platform.Log(ShownLogLines)}";
    }
}

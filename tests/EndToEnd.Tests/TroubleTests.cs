using AtomicDevOps.EndToEnd.Tests.Harness;
using AtomicDevOps.LocalForge.Faults;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>The tools go away while a run needs them: the run goes on.</summary>
public sealed class TroubleTests(SharedInstallation shared) : EndToEndTest
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(6);

    /// <summary>What happens to which requests for the repository; a lost answer is lost once, the rest goes on for the outage.</summary>
    public static TheoryData<FaultKind, string?, string> Faults { get; } = new()
    {
        { FaultKind.Status, null, "" },
        { FaultKind.Drop, null, "" },
        { FaultKind.SecondaryRateLimit, null, "/check-runs" },
        { FaultKind.PrimaryRateLimit, "GET", "" },
        { FaultKind.LoseAnswer, "POST", "/check-runs" },
        { FaultKind.LoseAnswer, "POST", "/issues/1/comments" },
        { FaultKind.LoseAnswer, "PUT", "/pulls/1/merge" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_forge_in_trouble_delays_a_run_and_doubles_nothing(FaultKind kind, string? method, string path)
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var isOnce = kind == FaultKind.LoseAnswer;
        var opened = await repository.OpenPullRequestAsync("feature");
        using var inForce = installation.Forge.Faults.Inject(
            new Fault(kind)
            {
                Method = method,
                PathContains = repository.FullName + path,
                Delay = TimeSpan.FromSeconds(2),
                Times = isOnce ? 1 : null,
                Lasts = isOnce ? null : Outage,
            });

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        inForce.Hits.ShouldBePositive();
        inForce.Dispose();
        await ShouldBeMergedOnceAsync(installation, repository, opened, run);
    }

    [Fact]
    public async Task A_forge_that_is_away_for_a_minute_is_waited_for()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        using var inForce = installation.Forge.Faults.Inject(
            new Fault(FaultKind.Drop) { PathContains = repository.FullName, Lasts = TimeSpan.FromMinutes(1) });

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number, patience: TimeSpan.FromMinutes(4));

        inForce.Hits.ShouldBeGreaterThan(1);
        (run.Stages.Max(stage => stage.CompletedAt) - run.Stages.Min(stage => stage.StartedAt)).ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.FromSeconds(50));
        await ShouldBeMergedOnceAsync(installation, repository, opened, run);
    }

    [Fact]
    public async Task A_forge_that_is_away_in_the_middle_of_a_run_is_waited_for()
    {
        await using var installation = Use(await StartAsync((await shared.WithEngineAsync()).Engine));
        var repository = await installation.CreateRepositoryAsync(
            ("tests/test_slow.py", "import time\n\n\ndef test_takes_its_time():\n    time.sleep(2)\n"));
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var run = await installation.Client.FindRunAsync(repository.FullName, opened.Number);
        await installation.Client.ReachAsync(run.Id, "tests");

        await installation.Forge.GoAwayAsync();
        await installation.Client.ReachAsync(run.Id, "gate", "Passed");
        await installation.Client.ReachAsync(run.Id, "lint", "Passed");
        (await installation.Client.RunAsync(run.Id)).State.ShouldBe("Running");
        await installation.Forge.ComeBackAsync();

        run = await installation.Client.EndAsync(run.Id);
        await ShouldBeMergedOnceAsync(installation, repository, opened, run);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_engine_that_restarts_in_the_middle_of_a_build_is_waited_for(bool crash)
    {
        await using var own = await OwnDockerEngine.StartAsync((await shared.WithEngineAsync()).Engine);
        await using var installation = Use(await StartAsync(own.Engine));
        var repository = await installation.CreateRepositoryAsync(("Dockerfile", $"{SampleRepository.Files["Dockerfile"]}RUN echo begun-$((1+1)) && sleep 3\n"));
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        var run = await installation.Client.FindRunAsync(repository.FullName, opened.Number);
        await Eventually.HoldsAsync(
            async () => (await installation.Client.StageLogAsync(run.Id, "build")).Contains("begun-2", StringComparison.Ordinal), "the build has begun");

        await own.EndAsync(crash);
        await own.StartAsync();

        run = await installation.Client.EndAsync(run.Id);
        await ShouldBeMergedOnceAsync(installation, repository, opened, run);
        (await own.Engine.CountContainersAsync()).ShouldBe(0);
        (await own.Engine.ListImagesAsync()).ShouldBe([DockerEngine.BaseImage]);
    }

    private static Task<Installation> StartAsync(DockerEngine engine) => Installation.StartAsync(engine);

    private static async Task ShouldBeMergedOnceAsync(Installation installation, ForgeRepository repository, ForgePullRequest opened, PipelineRun run)
    {
        run.Verdict.ShouldBe("Merged", run.Report);
        var checks = await repository.CheckRunsAsync(opened.Head.Sha);
        checks.Select(check => check.Stage).ShouldBe(["policy", "checkout", "build", "tests", "lint", "gate"], ignoreOrder: true);
        checks.ShouldAllBe(check => check.Conclusion == "success");
        (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem();
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeTrue();
        (await repository.CommitOfAsync("main")).Parents.Select(parent => parent.Sha).ShouldBe([opened.Base.Sha, opened.Head.Sha]);
        (await installation.Engine.LeftoversAsync(run.Id)).ShouldBeEmpty();
    }
}

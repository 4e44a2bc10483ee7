using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>Changes that cannot be merged as they are: the author reads why, at the line.</summary>
public sealed class VerdictTests(SharedInstallation shared) : EndToEndTest
{
    [Fact]
    public async Task A_failing_test_is_shown_at_its_line()
    {
        var (installation, repository, opened, run) = await RunAsync(
            ("tests/test_wrong.py", "from greeting import greet\n\n\ndef test_greets_wrongly():\n    name = \"Ada\"\n    assert greet(name) == \"Bye, Ada\"\n"));

        run.Verdict.ShouldBe("Failed", run.Report);
        run.FindStage("tests")!.State.ShouldBe("Failed");
        run.FindStage("merge").ShouldBeNull();
        var check = await CheckAsync(repository, opened, "tests");
        check.Conclusion.ShouldBe("failure");
        var annotation = check.Annotations.ShouldHaveSingleItem();
        (annotation.Path, annotation.StartLine, annotation.AnnotationLevel).ShouldBe(("tests/test_wrong.py", 6, "failure"));
        annotation.Message.ShouldContain("Bye, Ada");
        (await CheckAsync(repository, opened, "gate")).Conclusion.ShouldBe("failure");
        (await CheckAsync(repository, opened, "build")).Conclusion.ShouldBe("success");
        await ShouldBeToldAsync(repository, opened, "Failed", "1 of 2 tests passed");
        await ShouldLeaveNothingAsync(installation, run);
    }

    [Fact]
    public async Task A_broken_Dockerfile_is_shown_at_its_line()
    {
        var (installation, repository, opened, run) = await RunAsync(
            ("Dockerfile", $"FROM {DockerEngine.BaseImage}\nWORKDIR /workspace\nCOPY . .\nRUN echo the-compiler-is-missing && exit 3\n"));

        run.Verdict.ShouldBe("Failed", run.Report);
        run.FindStage("tests")!.State.ShouldBe("Skipped");
        var check = await CheckAsync(repository, opened, "build");
        check.Conclusion.ShouldBe("failure");
        check.Text.ShouldContain("the-compiler-is-missing");
        var annotation = check.Annotations.ShouldHaveSingleItem();
        (annotation.Path, annotation.StartLine).ShouldBe(("Dockerfile", 4));
        await ShouldBeToldAsync(repository, opened, "Failed", "build");
        await ShouldLeaveNothingAsync(installation, run);
    }

    [Fact]
    public async Task An_instruction_that_Docker_does_not_know_is_shown_at_its_line()
    {
        var (_, repository, opened, run) = await RunAsync(("Dockerfile", $"FROM {DockerEngine.BaseImage}\n\nCOPPY . .\n"));

        run.Verdict.ShouldBe("Failed", run.Report);
        var annotation = (await CheckAsync(repository, opened, "build")).Annotations.ShouldHaveSingleItem();
        (annotation.Path, annotation.StartLine).ShouldBe(("Dockerfile", 3));
        annotation.Message.ShouldContain("COPPY", Case.Insensitive);
    }

    [Fact]
    public async Task A_merge_conflict_fails_the_policy_and_names_the_files()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        await repository.CommitAsync("feature", "Say hi", ("greeting.py", "def greet(name):\n    return f\"Hi, {name}\"\n"));
        await repository.CommitAsync("main", "Say good day", ("greeting.py", "def greet(name):\n    return f\"Good day, {name}\"\n"));
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.Verdict.ShouldBe("Failed", run.Report);
        run.FindStage("checkout").ShouldBeNull();
        var check = await CheckAsync(repository, opened, "policy");
        check.Conclusion.ShouldBe("failure");
        check.Text.ShouldContain("conflicts with main in greeting.py");
        await ShouldBeToldAsync(repository, opened, "Failed", "greeting.py");
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeFalse();
    }

    [Fact]
    public async Task An_invalid_configuration_is_shown_at_its_line_with_what_would_be_right()
    {
        var (_, repository, opened, run) = await RunAsync((SampleRepository.Configuration, "merge:\n  automatic: true\ntest:\n  timout: 3m\n"));

        run.Verdict.ShouldBe("Failed", run.Report);
        run.FindStage("checkout").ShouldBeNull();
        var check = await CheckAsync(repository, opened, "policy");
        check.Conclusion.ShouldBe("failure");
        check.Text.ShouldContain("Did you mean «timeout»?");
        var annotation = check.Annotations.ShouldHaveSingleItem();
        (annotation.Path, annotation.StartLine).ShouldBe((SampleRepository.Configuration, 4));
        await ShouldBeToldAsync(repository, opened, "Failed", "timeout");
    }

    [Fact]
    public async Task A_pull_request_or_repository_that_does_not_exist_is_refused()
    {
        var installation = Use(await shared.GetAsync());
        var repository = await installation.CreateRepositoryAsync();

        var noRepository = await installation.Client.EndAsync(await installation.Client.StartAsync("octo/there-is-none", 1));
        var noPullRequest = await installation.Client.EndAsync(await installation.Client.StartAsync(repository.FullName, 77));

        noRepository.Verdict.ShouldBe("Refused", noRepository.Report);
        noRepository.Summary!.ShouldContain("no pull request 1 in octo/there-is-none");
        noPullRequest.Verdict.ShouldBe("Refused", noPullRequest.Report);
        noPullRequest.Summary!.ShouldContain($"no pull request 77 in {repository.FullName}");
    }

    [Fact]
    public async Task A_closed_pull_request_and_a_head_that_moved_away_are_not_built()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync((SampleRepository.Configuration, null));
        var head = await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");
        await installation.Client.EndAsync(repository.FullName, opened.Number);

        var moved = await installation.Client.EndAsync(await installation.Client.StartAsync(repository.FullName, opened.Number, new string('a', 40)));
        await repository.ClosePullRequestAsync(opened.Number);
        var closed = await installation.Client.EndAsync(await installation.Client.StartAsync(repository.FullName, opened.Number));

        moved.Verdict.ShouldBe("Superseded", moved.Report);
        moved.Summary!.ShouldContain($"moved from aaaaaaa to {head[..7]}");
        moved.FindStage("checkout").ShouldBeNull();
        closed.Verdict.ShouldBe("Refused", closed.Report);
        closed.Summary!.ShouldContain("is closed");
        closed.FindStage("checkout").ShouldBeNull();
        (await repository.CheckRunsAsync(head)).Select(check => check.Stage).ShouldBeUnique();
    }

    [Fact]
    public async Task A_repository_that_the_platform_may_only_read_ends_with_what_is_missing()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        await installation.Forge.GrantAsync(repository.FullName, Forge.Bot, "read");
        await repository.CommitAsync("feature", "Greet another", SampleRepository.GoodChange);
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.State.ShouldBe("Completed");
        run.Verdict.ShouldBe("Errored", run.Report);
        run.Summary!.ShouldContain("GitHub");
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeFalse();
        (await installation.Engine.LeftoversAsync(run.Id)).ShouldBeEmpty();
    }

    private static async Task<ForgeCheckRun> CheckAsync(ForgeRepository repository, ForgePullRequest opened, string stage) =>
        (await repository.CheckRunsAsync(opened.Head.Sha)).Where(check => check.Stage == stage).ShouldHaveSingleItem();

    private static async Task ShouldBeToldAsync(ForgeRepository repository, ForgePullRequest opened, params string[] words)
    {
        var comment = (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem();
        foreach (var word in words)
        {
            comment.Body.ShouldContain(word);
        }

        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeFalse();
    }

    private async Task<(Installation Installation, ForgeRepository Repository, ForgePullRequest Opened, PipelineRun Run)> RunAsync((string Path, string? Content) change)
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        await repository.CommitAsync("feature", "Change something", change);
        var opened = await repository.OpenPullRequestAsync("feature");
        return (installation, repository, opened, await installation.Client.EndAsync(repository.FullName, opened.Number));
    }
}

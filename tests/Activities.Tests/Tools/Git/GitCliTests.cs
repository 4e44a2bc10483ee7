using System.Formats.Tar;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.Processes;

namespace AtomicDevOps.Activities.Tests.Tools.Git;

public sealed class GitCliTests : IDisposable
{
    private static readonly GitFetchLimits Limits = new(1024 * 1024, 16 * 1024 * 1024);
    private readonly TemporaryDirectory _directory = new();
    private readonly SourceRepository _source;
    private readonly GitCli _git;

    public GitCliTests()
    {
        _source = new SourceRepository(_directory);
        _git = RealTools.Git(_directory);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static bool IsBig(GitTreeEntry entry) => entry.Path is "big.bin";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_commit_is_fetched_once_and_its_tree_listed_with_sizes()
    {
        _source.Write("run.sh", "#!/bin/sh\n");
        _source.Git("config", "core.fileMode", "false");
        _source.Git("add", "--chmod=+x", "run.sh");
        File.CreateSymbolicLink(Path.Combine(_source.Path, "link"), "dir/ü b.txt");
        var sha = _source.Commit("one", ("dir/ü b.txt", "hello"));

        (await _git.FetchAsync(_source.Url, new GitRevision(sha), Limits, Token)).ShouldBe(GitFetchResult.Fetched);
        (await _git.FetchAsync(_source.Url, new GitRevision(sha), Limits, Token)).ShouldBe(GitFetchResult.AlreadyThere);
        var tree = await _git.ListTreeAsync(_source.Url, sha, 10, Token);

        tree.Entries.Select(entry => (entry.Path, entry.Kind, entry.Bytes)).ShouldBe(
            [("dir/ü b.txt", GitEntryKind.File, 5L), ("link", GitEntryKind.SymbolicLink, 12L), ("run.sh", GitEntryKind.ExecutableFile, 10L)],
            ignoreOrder: true);
        var links = await _git.ReadLinksAsync(_source.Url, [.. tree.Entries.Where(entry => entry.Kind == GitEntryKind.SymbolicLink)], Token);
        links["link"].ShouldBe("dir/ü b.txt");
        (await _git.ListTreeAsync(_source.Url, sha, 2, Token)).Truncated.ShouldBeTrue();
    }

    [Fact]
    public async Task A_file_over_the_limit_stays_with_the_server_and_a_higher_limit_brings_it()
    {
        var sha = _source.Commit("big", ("big.bin", new string('x', 20_000)), ("small.txt", "s"));

        await _git.FetchAsync(_source.Url, new GitRevision(sha), new GitFetchLimits(10_000, 1_000_000), Token);
        var tree = await _git.ListTreeAsync(_source.Url, sha, 10, Token);
        tree.Entries.Single(IsBig).Bytes.ShouldBeNull();
        tree.Entries.Single(entry => !IsBig(entry)).Bytes.ShouldBe(1);

        (await _git.FetchAsync(_source.Url, new GitRevision(sha), new GitFetchLimits(20_000, 1_000_000), Token)).ShouldBe(GitFetchResult.Fetched);
        (await _git.ListTreeAsync(_source.Url, sha, 10, Token)).Entries.Single(IsBig).Bytes.ShouldBe(20_000);
    }

    [Fact]
    public async Task A_fetch_that_brings_more_than_its_limit_is_broken_off()
    {
        var bytes = new byte[24 * 1024 * 1024];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(_source.Path, "noise"), bytes);
        var sha = _source.Commit("noise");

        (await _git.FetchAsync(_source.Url, new GitRevision(sha), new GitFetchLimits(100_000_000, 1_000_000), Token)).ShouldBe(GitFetchResult.TooLarge);
    }

    [Fact]
    public async Task A_commit_that_the_remote_lacks_is_not_found_and_a_missing_repository_says_so()
    {
        _source.Commit("one");
        var unknown = new string('1', 40);

        (await _git.FetchAsync(_source.Url, new GitRevision(unknown), Limits, Token)).ShouldBe(GitFetchResult.CommitNotFound);
        (await _git.FetchAsync(_source.Url, new GitRevision(unknown, "refs/pull/9/head"), Limits, Token)).ShouldBe(GitFetchResult.CommitNotFound);
        (await _git.FetchAsync(_source.Url, new GitRevision(unknown, "refs/heads/main"), Limits, Token)).ShouldBe(GitFetchResult.CommitNotFound);
        var missing = "file://" + _directory.Combine("nowhere");
        await Should.ThrowAsync<ToolNotFoundException>(() => _git.FetchAsync(missing, new GitRevision(unknown), Limits, Token));
    }

    [Fact]
    public async Task A_remote_that_cannot_be_reached_is_unavailable()
    {
        var exception = await Should.ThrowAsync<ToolUnavailableException>(() =>
            _git.FetchAsync("http://127.0.0.1:9/x.git", new GitRevision(new string('1', 40)), Limits, Token));

        exception.Message.ShouldContain("127.0.0.1");
    }

    [Fact]
    public async Task The_archive_holds_every_file_even_those_that_attributes_would_leave_out()
    {
        var sha = _source.Commit("attributes", (".gitattributes", "secret.txt export-ignore\nid.txt export-subst\n"), ("secret.txt", "s"), ("id.txt", "$Format:%H$"));
        await _git.FetchAsync(_source.Url, new GitRevision(sha), Limits, Token);

        using var stream = new MemoryStream();
        await _git.ArchiveAsync(_source.Url, sha, stream, Token);

        stream.Position = 0;
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var reader = new TarReader(stream);
        while (await reader.GetNextEntryAsync(copyData: true, Token) is { } entry)
        {
            if (entry.EntryType == TarEntryType.RegularFile)
            {
                files[entry.Name] = await new StreamReader(entry.DataStream!).ReadToEndAsync(Token);
            }
        }

        files.Keys.ShouldBe([".gitattributes", "id.txt", "secret.txt"], ignoreOrder: true);
        files["id.txt"].ShouldBe("$Format:%H$");
    }

    [Fact]
    public async Task The_merge_base_is_found_however_deep_it_lies()
    {
        var root = _source.Commit("root", ("a.txt", "a"));
        _source.Git("checkout", "--quiet", "-b", "feature");
        for (var i = 0; i < 60; i++)
        {
            _source.Git("commit", "--quiet", "--allow-empty", "-m", $"feature {i}");
        }

        var feature = _source.Head();
        _source.Git("checkout", "--quiet", "main");
        var main = _source.Commit("main", ("b.txt", "b"));

        (await _git.GetMergeBaseAsync(_source.Url, new GitRevision(main), new GitRevision(feature), Token)).ShouldBe(root);
        var check = await _git.CheckMergeAsync(_source.Url, new GitRevision(main), new GitRevision(feature), Token);
        check.Mergeable.ShouldBeTrue();
        check.UpToDate.ShouldBeFalse();
        check.MergeBase.ShouldBe(root);
        (await _git.CheckMergeAsync(_source.Url, new GitRevision(root), new GitRevision(feature), Token)).UpToDate.ShouldBeTrue();
        (await _git.LogAsync(_source.Url, new GitRevision(main), new GitRevision(feature), 100, Token)).Commits.Count.ShouldBe(60);
        (await _git.LogAsync(_source.Url, new GitRevision(main), new GitRevision(feature), 10, Token)).Truncated.ShouldBeTrue();
    }

    [Fact]
    public async Task Histories_without_a_common_commit_have_no_merge_base_and_do_not_merge()
    {
        var main = _source.Commit("root", ("a.txt", "a"));
        _source.Git("checkout", "--quiet", "--orphan", "other");
        var other = _source.Commit("other root", ("a.txt", "b"));

        var check = await _git.CheckMergeAsync(_source.Url, new GitRevision(main), new GitRevision(other), Token);

        check.ShouldBe(check with { Mergeable = false, UpToDate = false, MergeBase = null });
    }

    [Fact]
    public async Task Conflicting_files_are_named()
    {
        _source.Commit("root", ("ä conflict.txt", "one\n"), ("calm.txt", "c\n"));
        _source.Git("checkout", "--quiet", "-b", "feature");
        var feature = _source.Commit("feature", ("ä conflict.txt", "two\n"), ("calm.txt", "d\n"));
        _source.Git("checkout", "--quiet", "main");
        var main = _source.Commit("main", ("ä conflict.txt", "three\n"));

        var check = await _git.CheckMergeAsync(_source.Url, new GitRevision(main), new GitRevision(feature), Token);

        check.Mergeable.ShouldBeFalse();
        check.ConflictingPaths.ShouldBe(["ä conflict.txt"]);
    }

    [Fact]
    public async Task A_diff_lists_additions_deletions_renames_and_binary_files()
    {
        var text = string.Join('\n', Enumerable.Range(1, 30));
        var from = _source.Commit("one", ("old name.txt", text), ("gone.txt", "x\n"), ("same.txt", "s\n"));
        _source.Git("mv", "old name.txt", "new\tname.txt");
        _source.Git("rm", "--quiet", "gone.txt");
        File.WriteAllBytes(Path.Combine(_source.Path, "data.bin"), [0, 1, 2, 0]);
        var to = _source.Commit("two", ("added.txt", "1\n2\n"));

        var diff = await _git.DiffAsync(_source.Url, new GitRevision(from), new GitRevision(to), 100, Token);

        diff.Files.ShouldBe(
            [
                new GitFileChange("added.txt", GitChangeKind.Added, null, 2, 0),
                new GitFileChange("data.bin", GitChangeKind.Added, null, null, null),
                new GitFileChange("gone.txt", GitChangeKind.Deleted, null, 0, 1),
                new GitFileChange("new\tname.txt", GitChangeKind.Renamed, "old name.txt", 0, 0),
            ],
            ignoreOrder: true);
        var short1 = await _git.DiffAsync(_source.Url, new GitRevision(from), new GitRevision(to), 1, Token);
        short1.Truncated.ShouldBeTrue();
        short1.Files.Count.ShouldBe(1);
    }

    [Fact]
    public async Task The_log_gives_messages_as_they_are()
    {
        var first = _source.Commit("Subject of one\n\nBody line 1\n\nBody line 2\x1f");
        var second = _source.Commit("Subject of two");

        var log = await _git.LogAsync(_source.Url, null, new GitRevision(second), 10, Token);

        log.Commits.Select(commit => (commit.Sha, commit.Subject, commit.Body)).ShouldBe(
            [(second, "Subject of two", ""), (first, "Subject of one", "Body line 1\n\nBody line 2\x1f")]);
        log.Commits[0].ParentShas.ShouldBe([first]);
        log.Commits[0].AuthorEmail.ShouldBe("ada@example.org");
        log.Truncated.ShouldBeFalse();
    }

    [Fact]
    public async Task Blame_names_the_commit_of_each_line_and_stops_at_the_end_of_the_file()
    {
        var first = _source.Commit("one", ("-f.txt", "1\n2\n3\n"));
        var second = _source.Commit("two", ("-f.txt", "1\nzwei\n3\n"));

        var lines = await _git.BlameAsync(_source.Url, new GitRevision(second), "-f.txt", 2, 100, Token);

        lines.Select(line => (line.Line, line.CommitSha, line.Text)).ShouldBe([(2, second, "zwei"), (3, first, "3")]);
        (await _git.BlameAsync(_source.Url, new GitRevision(second), "-f.txt", 50, 100, Token)).ShouldBeEmpty();
        await Should.ThrowAsync<ToolNotFoundException>(() => _git.BlameAsync(_source.Url, new GitRevision(second), "none", 1, 1, Token));
    }

    [Fact]
    public async Task A_tag_is_pushed_once_and_never_moved()
    {
        var first = _source.Commit("one");
        var second = _source.Commit("two");

        (await _git.TagAsync(_source.Url, new GitRevision(first), "v1", "The first", Token)).Outcome.ShouldBe(GitTagOutcome.Created);
        (await _git.TagAsync(_source.Url, new GitRevision(first), "v1", "The first", Token)).Outcome.ShouldBe(GitTagOutcome.AlreadyThere);
        var taken = await _git.TagAsync(_source.Url, new GitRevision(second), "v1", "The first", Token);
        taken.ShouldBe(new GitTagResult(GitTagOutcome.NameTaken, first));
        _source.Git("cat-file", "-t", "v1").Trim().ShouldBe("tag");
        (await _git.ResolveRemoteReferenceAsync(_source.Url, "refs/heads/main", Token)).ShouldBe(second);
        (await _git.ResolveRemoteReferenceAsync(_source.Url, "refs/heads/none", Token)).ShouldBeNull();
    }

    [Fact]
    public async Task A_damaged_cache_is_made_again()
    {
        var first = _source.Commit("one", ("a.txt", "a"));
        var second = _source.Commit("two", ("a.txt", "b"));
        await _git.LogAsync(_source.Url, null, new GitRevision(second), 10, Token);
        foreach (var file in Directory.EnumerateFiles(_directory.Combine("cache"), "*.pack", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file, Token);
            File.Delete(file);
            await File.WriteAllBytesAsync(file, bytes[..(bytes.Length / 2)], Token);
        }

        var log = await _git.LogAsync(_source.Url, null, new GitRevision(second), 10, Token);

        log.Commits.Select(commit => commit.Sha).ShouldBe([second, first]);
    }

    [Fact]
    public async Task Lock_files_of_a_killed_git_are_no_hindrance()
    {
        var sha = _source.Commit("one");
        await _git.FetchAsync(_source.Url, new GitRevision(sha), Limits, Token);
        var cache = Directory.EnumerateDirectories(_directory.Combine("cache"), "*.git").Single();
        File.WriteAllText(Path.Combine(cache, "shallow.lock"), "");
        var next = _source.Commit("two");

        (await _git.FetchAsync(_source.Url, new GitRevision(next), Limits, Token)).ShouldBe(GitFetchResult.Fetched);
    }

    [Fact]
    public async Task Many_at_once_on_one_repository_do_not_disturb_each_other()
    {
        var shas = Enumerable.Range(0, 6).Select(i => _source.Commit($"commit {i}", ("a.txt", $"{i}"))).ToList();

        var results = await Task.WhenAll(shas.Concat(shas).Select(sha => _git.LogAsync(_source.Url, null, new GitRevision(sha), 1, Token)));

        results.Select(result => result.Commits[0].Sha).ShouldBe(shas.Concat(shas));
    }

    [Fact]
    public async Task Unsigned_commits_are_told_from_ssh_signed_ones_by_known_and_unknown_keys()
    {
        Guard.NeedsProgram("/usr/bin/ssh-keygen");
        var key = _directory.Combine("key");
        var keygen = new ProcessRequest("ssh-keygen", "/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key]);
        (await RealTools.Processes.RunAsync(keygen, Token)).Succeeded.ShouldBeTrue();
        var unsigned = _source.Commit("unsigned");
        _source.Git("config", "gpg.format", "ssh");
        _source.Git("config", "user.signingKey", key + ".pub");
        _source.Git("commit", "--quiet", "--allow-empty", "-S", "-m", "signed");
        var signed = _source.Head();
        var signers = _directory.Combine("signers");
        await File.WriteAllTextAsync(signers, "ada@example.org " + await File.ReadAllTextAsync(key + ".pub", Token), Token);
        using var other = new TemporaryDirectory();
        var knowing = RealTools.Git(other, options => options.AllowedSignersFile = signers);

        (await knowing.VerifySignatureAsync(_source.Url, new GitRevision(unsigned), Token)).Status.ShouldBe(GitSignatureStatus.NotSigned);
        var good = await knowing.VerifySignatureAsync(_source.Url, new GitRevision(signed), Token);
        good.Status.ShouldBe(GitSignatureStatus.Good);
        good.Signer.ShouldBe("ada@example.org");
        (await _git.VerifySignatureAsync(_source.Url, new GitRevision(signed), Token)).Status.ShouldBe(GitSignatureStatus.CannotCheck);

        var forged = _source.Git("cat-file", "commit", signed).Replace("\n\nsigned", "\n\nforged", StringComparison.Ordinal);
        var file = _directory.Combine("forged");
        await File.WriteAllTextAsync(file, forged, Token);
        var forgedSha = _source.Git("hash-object", "-t", "commit", "-w", file).Trim();
        _source.Git("update-ref", "refs/heads/forged", forgedSha);
        (await knowing.VerifySignatureAsync(_source.Url, new GitRevision(forgedSha), Token)).Status.ShouldBe(GitSignatureStatus.Bad);
    }
}

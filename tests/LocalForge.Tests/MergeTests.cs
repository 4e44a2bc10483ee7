using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.LocalForge.Tests;

public sealed class MergeTests
{
    [Theory]
    [InlineData("merge", 2)]
    [InlineData("squash", 1)]
    [InlineData("rebase", 1)]
    public async Task Every_method_gives_the_tree_that_git_gives_and_its_own_shape_of_history(string method, int parents)
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("a.txt", "ONE\ntwo\nthree\nfour\nfive\n"));
        await forge.CommitAsync("feature", ("new.txt", "new\n"));
        await forge.CommitAsync("main", ("a.txt", "one\ntwo\nthree\nfour\nFIVE\n"));
        var pull = await forge.OpenPullAsync("feature");
        var work = forge.NewDirectory("work");
        await GitCli.RunAsync(".", "clone", "--quiet", forge.CloneUrl("octo/hello"), work);
        await GitCli.RunAsync(work, "merge", "--quiet", "origin/feature");
        var expected = await GitCli.RunAsync(work, "rev-parse", "HEAD^{tree}");

        using var response = await forge.PutAsync($"{TestForge.Hello}/pulls/1/merge", new { merge_method = method });
        var merged = await TestForge.ReadAsync(response, 200);

        await GitCli.RunAsync(work, "fetch", "--quiet");
        (await GitCli.RunAsync(work, "rev-parse", "origin/main")).ShouldBe((string?)merged["sha"]);
        (await GitCli.RunAsync(work, "rev-parse", "origin/main^{tree}")).ShouldBe(expected);
        (await GitCli.RunAsync(work, "rev-list", "--parents", "-1", "origin/main")).Split(' ').Length.ShouldBe(parents + 1);
        (await GitCli.RunAsync(work, "rev-list", "--count", $"{pull["base"]!["sha"]}..origin/main"))
            .ShouldBe(method switch { "merge" => "3", "squash" => "1", _ => "2" });
        var after = await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1");
        ((bool)after["merged"]!).ShouldBeTrue();
        ((string?)after["state"]).ShouldBe("closed");
        ((string?)after["merge_commit_sha"]).ShouldBe((string?)merged["sha"]);
    }

    [Fact]
    public async Task Whatever_two_branches_did_to_a_file_the_forge_merges_it_as_git_does_or_both_find_a_conflict()
    {
        await using var forge = await TestForge.StartAsync();
        var number = 0;
        var edit = Gen.Elements("keep", "change", "delete", "insert").ArrayOf(5);
        var property = Prop.ForAll(edit.ToArbitrary(), edit.ToArbitrary(), (ours, theirs) =>
            MergesAsGitDoesAsync(forge, ++number, ours, theirs).GetAwaiter().GetResult());
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(8), property);
    }

    [Fact]
    public async Task A_conflict_is_found_and_refused_and_leaves_the_base_as_it_was()
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("a.txt", "mine\n"));
        var main = await forge.CommitAsync("main", ("a.txt", "theirs\n"));
        var pull = await forge.OpenPullAsync("feature");

        ((bool)pull["mergeable"]!).ShouldBeFalse();
        ((string?)pull["mergeable_state"]).ShouldBe("dirty");
        pull["merge_commit_sha"].ShouldBeNull();
        foreach (var method in new[] { "merge", "squash", "rebase" })
        {
            using var response = await forge.PutAsync($"{TestForge.Hello}/pulls/1/merge", new { merge_method = method });
            await TestForge.ReadAsync(response, 405);
        }

        ((string?)(await forge.GetObjectAsync($"{TestForge.Hello}/git/ref/heads/main"))["object"]!["sha"]).ShouldBe(main);
    }

    [Fact]
    public async Task A_head_other_than_the_one_expected_is_not_merged()
    {
        await using var forge = await TestForge.StartAsync();
        var first = await forge.CommitAsync("feature", ("a.txt", "mine\n"));
        await forge.OpenPullAsync("feature");
        await forge.CommitAsync("feature", ("a.txt", "again\n"));

        using var response = await forge.PutAsync($"{TestForge.Hello}/pulls/1/merge", new { sha = first });

        await TestForge.ReadAsync(response, 409);
        ((string?)(await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1"))["state"]).ShouldBe("open");
    }

    [Fact]
    public async Task Of_two_merges_at_once_one_is_done_and_the_other_is_refused()
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("a.txt", "mine\n"));
        await forge.OpenPullAsync("feature");

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => forge.PutAsync($"{TestForge.Hello}/pulls/1/merge", new { })));

        answers.Select(answer => (int)answer.StatusCode).Order().ShouldBe([200, 405, 405, 405, 405]);
    }

    [Fact]
    public async Task A_caller_that_goes_away_in_the_middle_leaves_a_merge_done_or_not_begun()
    {
        await using var forge = await TestForge.StartAsync();
        for (var n = 1; n <= 8; n++)
        {
            var head = await forge.CommitAsync($"feature{n}", ($"file{n}", "1\n"));
            await forge.OpenPullAsync($"feature{n}");
            using var gone = new CancellationTokenSource(TimeSpan.FromMilliseconds(6 * n));
            using var body = new StringContent("{\"merge_method\":\"squash\"}");
            try
            {
                using var response = await forge.Client.PutAsync($"{TestForge.Hello}/pulls/{n}/merge", body, gone.Token);
            }
            catch (OperationCanceledException)
            {
                await forge.PostAsync($"{TestForge.Hello}/issues/{n}/comments", new { body = "Takes its turn after the merge" });
            }

            using var file = await forge.GetAsync($"{TestForge.Hello}/contents/file{n}");
            var pull = await forge.GetObjectAsync($"{TestForge.Hello}/pulls/{n}");
            ((bool)pull["merged"]!).ShouldBe(file.IsSuccessStatusCode);
            ((string?)pull["head"]!["sha"]).ShouldBe(head);
        }
    }

    [Theory]
    [InlineData("closed", 405)]
    [InlineData("draft", 405)]
    [InlineData("method not allowed", 405)]
    [InlineData("method unknown", 422)]
    public async Task What_must_not_be_merged_is_not(string why, int status)
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("a.txt", "mine\n"));
        await forge.OpenPullAsync("feature", draft: why == "draft");
        if (why == "closed")
        {
            await forge.PatchAsync($"{TestForge.Hello}/pulls/1", new { state = "closed" });
        }

        await forge.PatchAsync(TestForge.Hello, new { allow_squash_merge = false });
        var method = why switch { "method unknown" => "octopus", "method not allowed" => "squash", _ => "merge" };

        using var response = await forge.PutAsync($"{TestForge.Hello}/pulls/1/merge", new { merge_method = method });

        await TestForge.ReadAsync(response, status);
    }

    [Fact]
    public async Task Updating_a_branch_merges_the_base_into_it()
    {
        await using var forge = await TestForge.StartAsync();
        var before = await forge.CommitAsync("feature", ("new.txt", "new\n"));
        var main = await forge.CommitAsync("main", ("a.txt", "changed\n"));
        await forge.OpenPullAsync("feature");

        using var stale = await forge.PutAsync($"{TestForge.Hello}/pulls/1/update-branch", new { expected_head_sha = main });
        using var update = await forge.PutAsync($"{TestForge.Hello}/pulls/1/update-branch", new { expected_head_sha = before });
        using var again = await forge.PutAsync($"{TestForge.Hello}/pulls/1/update-branch", new { });

        await TestForge.ReadAsync(stale, 422);
        await TestForge.ReadAsync(update, 202);
        await TestForge.ReadAsync(again, 422);
        var head = (string?)(await forge.GetObjectAsync($"{TestForge.Hello}/pulls/1"))["head"]!["sha"];
        var commit = await forge.GetObjectAsync($"{TestForge.Hello}/commits/{head}");
        commit["parents"]!.AsArray().Select(parent => (string?)parent!["sha"]).ShouldBe([before, main]);
    }

    private static async Task<bool> MergesAsGitDoesAsync(TestForge forge, int number, string[] ours, string[] theirs)
    {
        var file = $"file{number}.txt";
        var lines = Enumerable.Range(0, 5).Select(n => $"line {n}\n").ToList();
        await forge.CommitAsync("main", (file, string.Concat(lines)));
        var branch = $"theirs{number}";
        await forge.CommitAsync(branch, (file, Apply(lines, theirs, "theirs")), ($"marker{number}", "differs\n"));
        await forge.CommitAsync("main", (file, Apply(lines, ours, "ours")));
        var pull = await forge.OpenPullAsync(branch);
        var work = forge.NewDirectory($"work{number}");
        await GitCli.RunAsync(".", "clone", "--quiet", forge.CloneUrl("octo/hello"), work);
        var (exitCode, _, _) = await GitCli.TryRunAsync(work, "merge", "--quiet", "--no-edit", $"origin/{branch}");

        using var response = await forge.PutAsync($"{TestForge.Hello}/pulls/{pull["number"]}/merge", new { });
        if (exitCode != 0)
        {
            return (int)response.StatusCode == 405 && !(bool)pull["mergeable"]!;
        }

        await GitCli.RunAsync(work, "fetch", "--quiet");
        return response.IsSuccessStatusCode && (bool)pull["mergeable"]!
            && await GitCli.RunAsync(work, "rev-parse", "HEAD^{tree}") == await GitCli.RunAsync(work, "rev-parse", "origin/main^{tree}");
    }

    private static string Apply(List<string> lines, string[] edits, string who) => string.Concat(
        lines.Select((line, n) => edits[n] switch { "change" => $"{who} {n}\n", "delete" => "", "insert" => $"{line}{who} after {n}\n", _ => line }));
}

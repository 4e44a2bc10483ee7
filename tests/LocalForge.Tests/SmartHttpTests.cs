namespace AtomicDevOps.LocalForge.Tests;

public sealed class SmartHttpTests
{
    [Fact]
    public async Task What_one_clone_pushes_another_clone_gets()
    {
        await using var forge = await TestForge.StartAsync();
        var first = await CloneAsync(forge, "first");
        await File.WriteAllTextAsync(Path.Combine(first, "a.txt"), "changed\n", TestContext.Current.CancellationToken);
        await GitCli.RunAsync(first, "commit", "--quiet", "--all", "--message=Change");
        await GitCli.RunAsync(first, "tag", "v1");
        await GitCli.RunAsync(first, "push", "--quiet", "origin", "main", "v1");

        var second = await CloneAsync(forge, "second");

        (await GitCli.RunAsync(second, "rev-parse", "HEAD", "v1")).ShouldBe(await GitCli.RunAsync(first, "rev-parse", "HEAD", "v1"));
        (await File.ReadAllTextAsync(Path.Combine(second, "a.txt"), TestContext.Current.CancellationToken)).ShouldBe("changed\n");
    }

    [Fact]
    public async Task A_push_larger_than_gits_post_buffer_arrives_whole()
    {
        await using var forge = await TestForge.StartAsync();
        var work = await CloneAsync(forge, "work");
        var noise = new byte[3 << 20];
        new Random(7).NextBytes(noise);
        await File.WriteAllBytesAsync(Path.Combine(work, "noise"), noise, TestContext.Current.CancellationToken);
        await GitCli.RunAsync(work, "add", "noise");
        await GitCli.RunAsync(work, "commit", "--quiet", "--message=Noise");
        await GitCli.RunAsync(work, "push", "--quiet");

        var other = await CloneAsync(forge, "other");

        (await File.ReadAllBytesAsync(Path.Combine(other, "noise"), TestContext.Current.CancellationToken)).ShouldBe(noise);
    }

    [Fact]
    public async Task Partial_and_shallow_clones_and_single_commits_can_be_fetched()
    {
        await using var forge = await TestForge.StartAsync();
        var first = await forge.CommitAsync("feature", ("a.txt", "1\n"));
        await forge.CommitAsync("feature", ("a.txt", "2\n"));
        var work = forge.NewDirectory("work");
        await GitCli.RunAsync(".", "clone", "--quiet", "--filter=blob:none", "--no-checkout", forge.CloneUrl("octo/hello"), work);
        (await GitCli.RunAsync(work, "rev-list", "--objects", "--missing=print", "HEAD")).ShouldContain("?");

        var single = forge.NewDirectory("single");
        await GitCli.RunAsync(".", "init", "--quiet", single);
        await GitCli.RunAsync(single, "fetch", "--quiet", "--depth=1", forge.CloneUrl("octo/hello"), first);

        (await GitCli.RunAsync(single, "rev-parse", "FETCH_HEAD")).ShouldBe(first);
        (await GitCli.RunAsync(single, "rev-list", "--count", "FETCH_HEAD")).ShouldBe("1");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Every_protocol_version_is_spoken(int version)
    {
        await using var forge = await TestForge.StartAsync();

        var refs = await GitCli.RunAsync(".", "-c", $"protocol.version={version}", "ls-remote", forge.CloneUrl("octo/hello"), "refs/heads/*");

        refs.ShouldEndWith("refs/heads/main");
    }

    [Fact]
    public async Task A_pull_requests_head_and_test_merge_follow_its_branches()
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("new.txt", "1\n"));
        await forge.OpenPullAsync("feature");
        var work = await CloneAsync(forge, "work");
        await GitCli.RunAsync(work, "checkout", "--quiet", "feature");
        await File.WriteAllTextAsync(Path.Combine(work, "new.txt"), "2\n", TestContext.Current.CancellationToken);
        await GitCli.RunAsync(work, "commit", "--quiet", "--all", "--message=Again");
        await GitCli.RunAsync(work, "push", "--quiet");
        var main = await forge.CommitAsync("main", ("a.txt", "changed\n"));

        await GitCli.RunAsync(work, "fetch", "--quiet", "origin", "refs/pull/1/head:head", "refs/pull/1/merge:merge");

        (await GitCli.RunAsync(work, "rev-parse", "head")).ShouldBe(await GitCli.RunAsync(work, "rev-parse", "HEAD"));
        (await GitCli.RunAsync(work, "rev-parse", "merge^1", "merge^2"))
            .ShouldBe($"{main}\n{await GitCli.RunAsync(work, "rev-parse", "HEAD")}");
        (await GitCli.RunAsync(work, "show", "merge:new.txt")).ShouldBe("2");
    }

    [Fact]
    public async Task The_forges_own_refs_cannot_be_pushed_to()
    {
        await using var forge = await TestForge.StartAsync();
        await forge.CommitAsync("feature", ("new.txt", "1\n"));
        await forge.OpenPullAsync("feature");
        var work = await CloneAsync(forge, "work");

        var (exitCode, _, _) = await GitCli.TryRunAsync(work, "push", "--force", "origin", "main:refs/pull/1/head");

        exitCode.ShouldNotBe(0);
    }

    [Fact]
    public async Task Who_may_only_read_clones_but_cannot_push()
    {
        await using var forge = await TestForge.StartAsync(isPrivate: true);
        await forge.Server.Administration.AddCollaboratorAsync("octo/hello", "reader", "read", TestContext.Current.CancellationToken);
        var reader = await forge.Server.Administration.CreateTokenAsync("reader", cancellationToken: TestContext.Current.CancellationToken);
        var stranger = await forge.Server.Administration.CreateTokenAsync("stranger", cancellationToken: TestContext.Current.CancellationToken);
        var work = forge.NewDirectory("work");
        await GitCli.RunAsync(".", "clone", "--quiet", forge.CloneUrl("octo/hello", reader), work);
        await GitCli.RunAsync(work, "commit", "--quiet", "--allow-empty", "--message=Mine");

        (await GitCli.TryRunAsync(work, "push")).Error.ShouldContain("403");
        (await GitCli.TryRunAsync(".", "ls-remote", forge.CloneUrl("octo/hello", stranger))).Error.ShouldContain("not found");
        (await GitCli.TryRunAsync(".", "ls-remote", forge.CloneUrl("octo/hello", "ghp_wrong"))).Error.ShouldContain("Authentication failed");
    }

    private static async Task<string> CloneAsync(TestForge forge, string name)
    {
        var directory = forge.NewDirectory(name);
        await GitCli.RunAsync(".", "clone", "--quiet", forge.CloneUrl("octo/hello"), directory);
        return directory;
    }
}

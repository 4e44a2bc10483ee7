using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Activities.Tests.Experts.GitCore;

public sealed class GitCoreExpertTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SourceRepository _source;
    private readonly FileArtifactStore _artifacts;
    private readonly GitCoreExpert _expert;

    public GitCoreExpertTests()
    {
        _source = new SourceRepository(_directory);
        _artifacts = RealTools.Artifacts(_directory);
        _expert = new GitCoreExpert(RealTools.Git(_directory), _artifacts);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_checkout_gives_the_same_workspace_every_time_until_it_is_dropped()
    {
        var sha = _source.Commit("one", ("a.txt", "a"), ("dir/b.txt", "b"));
        var request = new CheckoutRequest("pipeline:octo:hello:1", _source.Url, sha);

        var first = await _expert.CheckoutAsync(request, Token);
        var second = await _expert.CheckoutAsync(request, Token);

        first.Outcome.ShouldBe(CheckoutOutcome.Ready, first.Problem);
        first.ShouldBe(second);
        first.Workspace!.Files.ShouldBe(2);
        await _expert.DropWorkspacesAsync(new DropWorkspacesRequest("pipeline:octo:hello:1"), Token);
        await _expert.DropWorkspacesAsync(new DropWorkspacesRequest("pipeline:octo:hello:1"), Token);
        await Should.ThrowAsync<ToolNotFoundException>(() => _artifacts.OpenReadAsync(first.Workspace.Archive.Key, Token));
    }

    [Fact]
    public async Task What_is_too_large_is_named_with_its_limit_and_stores_nothing()
    {
        var sha = _source.Commit("one", ("big.bin", new string('x', 3_000)), ("b.txt", new string('y', 1_500)));

        (await Checkout(sha, new CheckoutLimits { FileBytes = 2_000 })).ShouldSatisfyAllConditions(
            result => result.Outcome.ShouldBe(CheckoutOutcome.FileTooLarge),
            result => result.Problem!.ShouldContain("'big.bin'"),
            result => result.Problem!.ShouldContain("limits.fileSize"));
        (await Checkout(sha, new CheckoutLimits { TotalBytes = 4_000 })).Outcome.ShouldBe(CheckoutOutcome.TreeTooLarge);
        (await Checkout(sha, new CheckoutLimits { Files = 1 })).Outcome.ShouldBe(CheckoutOutcome.TooManyFiles);
        (await Checkout(sha, new CheckoutLimits { FileBytes = 3_000, TotalBytes = 4_500, Files = 2 })).Outcome.ShouldBe(CheckoutOutcome.Ready);
        (await Checkout(new string('1', 40), new CheckoutLimits())).Outcome.ShouldBe(CheckoutOutcome.CommitNotFound);
    }

    [Theory]
    [InlineData("/etc/passwd", false)]
    [InlineData("../outside", false)]
    [InlineData("dir/../../outside", false)]
    [InlineData("dir/file", true)]
    [InlineData("missing", true)]
    [InlineData("link", true)]
    public async Task Links_may_not_leave_the_tree(string target, bool allowed)
    {
        File.CreateSymbolicLink(Path.Combine(_source.Path, "link"), target);
        var sha = _source.Commit("one", ("dir/file", "a"));

        var result = await Checkout(sha, new CheckoutLimits());

        result.Outcome.ShouldBe(allowed ? CheckoutOutcome.Ready : CheckoutOutcome.UnsafeLink);
    }

    [Fact]
    public void Links_that_lead_out_only_together_are_found() =>
        SymbolicLinks.FindEscape(new Dictionary<string, string>(StringComparer.Ordinal) { ["a/b/c"] = "../../top", ["e"] = "a/b/c/../../x" }).ShouldBe("e");

    [Fact]
    public async Task Signatures_of_a_range_are_good_only_if_all_are()
    {
        var root = _source.Commit("root");
        var head = _source.Commit("head");

        var report = await _expert.VerifySignaturesAsync(new VerifySignaturesRequest(_source.Url, new GitRevision(root), new GitRevision(head)), Token);

        report.AllGood.ShouldBeFalse();
        report.Commits.ShouldHaveSingleItem().Status.ShouldBe(GitSignatureStatus.NotSigned);
    }

    [Fact]
    public async Task Everything_is_registered_and_the_probes_are_healthy()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["Git:Directory"] = _directory.Combine("git"),
                ["Artifacts:Directory"] = _directory.Combine("store"),
            })
            .Build();
        await using var provider = new ServiceCollection().AddGit(configuration).BuildServiceProvider(validateScopes: true);

        provider.GetRequiredService<GitCoreExpert>().ShouldNotBeNull();
        foreach (var probe in provider.GetServices<IAgentProbe>())
        {
            (await probe.ProbeAsync(Token)).Health.ShouldBe(AgentHealth.Healthy);
        }
    }

    private Task<CheckoutResult> Checkout(string sha, CheckoutLimits limits) =>
        _expert.CheckoutAsync(new CheckoutRequest("run", _source.Url, sha) { Limits = limits }, Token);
}

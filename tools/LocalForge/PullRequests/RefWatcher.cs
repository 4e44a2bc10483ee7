using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.Store;
using AtomicDevOps.LocalForge.Webhooks;

namespace AtomicDevOps.LocalForge.PullRequests;

/// <summary>What follows from refs that moved, whoever moved them: push events, check suites, pull requests brought up to date.</summary>
internal sealed class RefWatcher(Forge forge, WebhookPublisher webhooks, PullRequestTracker pulls)
{
    private const int MostCommitsInPush = 2048;

    public async Task RefsChangedAsync(
        ForgeWrite write, Repository repository, IReadOnlyCollection<RefChange> changes, User sender, CancellationToken cancellationToken)
    {
        if (changes.Count == 0)
        {
            return;
        }

        var current = forge.Store.Repositories[repository.Id];
        current = write.Put(forge.Store.Repositories, current with { PushedAt = forge.Now, UpdatedAt = forge.Now });
        foreach (var change in changes)
        {
            await PublishPushAsync(write, current, change, sender, cancellationToken);
            if (change is { Branch: { } branch, Deleted: false })
            {
                await RequestCheckSuiteAsync(write, current, branch, change, sender, cancellationToken);
            }
        }

        foreach (var change in changes.Where(change => change.Branch is not null))
        {
            await pulls.BranchMovedAsync(write, current, change, sender, cancellationToken);
        }
    }

    private async Task PublishPushAsync(ForgeWrite write, Repository repository, RefChange change, User sender, CancellationToken cancellationToken)
    {
        var git = forge.GitOf(repository);
        var representations = new JsonRenderer(forge, forge.Links);
        var commits = new List<JsonObject>();
        var forced = false;
        if (change is { Deleted: false, Branch: not null })
        {
            forced = !change.Created && !await git.IsAncestorAsync(change.Before, change.After, cancellationToken);
            string[] known = change.Created
                ? [.. (await git.ListRefsAsync("refs/heads/", cancellationToken)).Where(r => r.Name != change.Name).Select(r => "^" + r.Sha)]
                : ["^" + change.Before];
            var pushed = await git.ReadCommitsAsync(
                ["--reverse", "--topo-order", $"--max-count={MostCommitsInPush}", change.After, .. known, "--"], cancellationToken);
            foreach (var commit in pushed)
            {
                var files = commit.Parents.Count > 1
                    ? []
                    : await git.DiffAsync(commit.Parents is [var parent] ? parent : BareRepository.EmptyTree, commit.Sha, withPatches: false, cancellationToken);
                commits.Add(representations.PushedCommit(repository, commit, files));
            }
        }

        var head = change.Deleted || await git.ResolveCommitAsync(change.After, cancellationToken) is not { } sha
            ? null
            : representations.PushedCommit(repository, await git.ReadCommitAsync(sha, cancellationToken), []);
        webhooks.Publish(write, repository, "push", action: null, sender, new JsonObject
        {
            ["ref"] = change.Name,
            ["before"] = change.Before,
            ["after"] = change.After,
            ["created"] = change.Created,
            ["deleted"] = change.Deleted,
            ["forced"] = forced,
            ["base_ref"] = null,
            ["compare"] = $"{forge.Links.WebRepository(forge.FullName(repository))}/compare/{change.Before[..12]}...{change.After[..12]}",
            ["commits"] = new JsonArray([.. commits]),
            ["head_commit"] = commits.LastOrDefault()?.DeepClone() ?? head,
            ["pusher"] = new JsonObject { ["name"] = sender.Login, ["email"] = forge.SignatureOf(sender).Email },
        });
    }

    private async Task RequestCheckSuiteAsync(
        ForgeWrite write, Repository repository, string branch, RefChange change, User sender, CancellationToken cancellationToken)
    {
        if (webhooks.InstallationOn(repository) is not { } installation)
        {
            return;
        }

        var existing = forge.Store.CheckSuites.FirstOrDefault(suite =>
            suite.RepositoryId == repository.Id && suite.AppId == installation.AppId && suite.HeadSha == change.After);
        if (existing is not null)
        {
            return;
        }

        var suite = write.Put(
            forge.Store.CheckSuites,
            new CheckSuite(write.NextId(), repository.Id, installation.AppId, change.After, forge.Now)
            {
                HeadBranch = branch,
                Before = change.Before,
                UpdatedAt = forge.Now,
            });
        var head = await forge.GitOf(repository).ReadCommitAsync(change.After, cancellationToken);
        var json = new JsonRenderer(forge, forge.Links).CheckSuite(suite, head);
        json.Remove("repository");
        webhooks.Publish(write, repository, "check_suite", "requested", sender, new JsonObject { ["check_suite"] = json });
    }
}

using System.Text;
using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Experts.Sca;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.PyTest;

namespace AtomicDevOps.FunctionApp.Tests.Support;

/// <summary>What the experts answer about a pull request that is right in every way.</summary>
internal static class ScriptedRun
{
    public const string HeadSha = "1111111111111111111111111111111111111111";
    public const string BaseSha = "2222222222222222222222222222222222222222";
    public const string MergeSha = "3333333333333333333333333333333333333333";

    public static Dictionary<string, Func<object?>> Answers(string configuration = "")
    {
        var repository = new RepositoryName("octo", "hello");
        var address = new Uri("https://forge.example/octo/hello.git");
        var author = new GitHubAccount(1, "mona", IsBot: false);
        var signature = new CommitSignature("Mona", "mona@example.com", DateTimeOffset.UnixEpoch);
        return new Dictionary<string, Func<object?>>(StringComparer.Ordinal)
        {
            [GitHubExpert.GetPullRequest.Name] = () => new PullRequest
            {
                Repository = repository,
                Number = 12,
                Title = "Say hello",
                State = PullRequestState.Open,
                Head = new PullRequestBranch("feature/hello", HeadSha, repository, address),
                Base = new PullRequestBranch("main", BaseSha, repository, address),
                Author = author,
                HtmlUrl = new Uri("https://forge.example/octo/hello/pull/12"),
            },
            [GitHubExpert.ListPullRequestFiles.Name] = () => new PullRequestFiles([new ChangedFile("app.py", FileChange.Modified, 1, 1)], Truncated: false),
            [GitHubExpert.ListPullRequestCommits.Name] = () => new PullRequestCommits([new Commit(HeadSha, "Say hello", signature, signature, [BaseSha])], Truncated: false),
            [GitHubExpert.GetFile.Name] = () => new RepositoryFile(".atomicdevops.yml", "blob", configuration.Length, Encoding.UTF8.GetBytes(configuration)),
            [GitHubExpert.PutCheckRun.Name] = () => new CheckRunReference(CheckRunForm.CheckRun, 1, new Uri("https://forge.example/checks/1")),
            [GitHubExpert.PutComment.Name] = () => new IssueComment(1, author, "body", null, default, default),
            [GitHubExpert.MergePullRequest.Name] = () => new MergePullRequestResult(MergeOutcome.Merged, MergeSha),
            [GitCoreExpert.CheckMerge.Name] = () => new GitMergeCheck(Mergeable: true, [], UpToDate: true, BaseSha),
            [GitCoreExpert.Diff.Name] = () => new GitDiff([new GitFileChange("app.py", GitChangeKind.Modified, null, 1, 1)], Truncated: false),
            [SastExpert.Scan.Name] = () => new ScanResult(new StoredArtifact("sast-head", 1, "aa"), new StoredArtifact("sast-base", 1, "bb"), [new ScannerOutcome("Bandit", ScanOutcome.Checked, 0)]),
            [ScaExpert.Scan.Name] = () => new ScanResult(new StoredArtifact("sca-head", 1, "cc"), new StoredArtifact("sca-base", 1, "dd"), [new ScannerOutcome("OSV", ScanOutcome.Checked, 0)]),
            [FindingActivities.Assess.Name] = () => new Assessment(SecurityGateOutcome.Passed, [], [], new FindingCounts(0, 0, 0, 0, 0), new StoredArtifact("findings", 1, "ee")),
            [GitCoreExpert.Checkout.Name] = () => new CheckoutResult(
                CheckoutOutcome.Ready, new WorkspaceReference(new StoredArtifact("workspace", 10, "aa"), HeadSha, 3)),
            [GitCoreExpert.DropWorkspaces.Name] = () => true,
            [DockerExpert.BuildImage.Name] = () => new ImageBuildResult(ImageBuildOutcome.Succeeded, "image:tag") { ImageId = "sha256:abc", Steps = 4, CachedSteps = 1 },
            [DockerExpert.RunCommand.Name] = () => new SandboxResult(SandboxEnding.Exited, 0, string.Empty, 0, TimeSpan.FromSeconds(1)),
            [DockerExpert.RemoveRun.Name] = () => new DockerRunRemoval(0, 0, 0, 1),
            [DockerExpert.KillRun.Name] = () => new DockerRunKill(0),
            [PyTestExpert.RunTests.Name] = () => new PyTestReport(
                PyTestOutcome.Passed, new PyTestCounts(5, 5, 0, 0, 0), TimeSpan.FromSeconds(2), [], null, "output"),
        };
    }
}

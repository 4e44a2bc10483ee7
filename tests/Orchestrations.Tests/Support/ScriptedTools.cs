using System.Collections.Concurrent;
using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GenRemediationSecurity;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PenTest;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Experts.Sca;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Strategy.Security;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Orchestrations.Tests.Support;

/// <summary>One activity begun.</summary>
internal sealed record ToolCall(string Activity, object? Input, int Number);

/// <summary>
/// Stands in for the L3 experts under their own function names; everything above is real. A pull request that is right in every way, until a
/// test says otherwise.
/// </summary>
internal sealed class ScriptedTools
{
    public const string HeadSha = "1111111111111111111111111111111111111111";
    public const string BaseSha = "2222222222222222222222222222222222222222";
    public const string FixSha = "5555555555555555555555555555555555555555";
    public const string MergeSha = "3333333333333333333333333333333333333333";

    public static readonly RepositoryName Repository = new("octo", "hello");

    private readonly Dictionary<string, Action<ITaskSet>> _registrations = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<ToolCall> _calls = new();
    private Func<DurableTaskClient> _client = static () => throw new InvalidOperationException("The tools are on no host yet.");

    public ScriptedTools()
    {
        On(PlatformActivities.ReadPolicy, _ => Policy);
        On(PlatformActivities.ProbeAgents, _ => new ProbeRound(new Dictionary<string, AgentProbeResult>(StringComparer.Ordinal), TimeSpan.FromMinutes(1)));
        On(GitHubExpert.GetPullRequest, _ => PullRequest);
        On(GitHubExpert.ListPullRequestFiles, _ => Files);
        On(GitHubExpert.ListPullRequestCommits, _ => new PullRequestCommits(Commits, Truncated: false));
        On(GitCoreExpert.CheckMerge, _ => MergeCheck);
        On(GitHubExpert.GetBranch, request => new Branch(request.Branch, HeadSha, IsProtected: false));
        On(GitHubExpert.GetRepository, _ => new RepositoryDetails("main", new Uri("https://forge.example/octo/hello.git"), IsArchived: false));
        On(GitHubExpert.PutIssue, _ => new PutIssueResult(PutIssueOutcome.Created, 14, new Uri("https://forge.example/octo/hello/issues/14")));
        On(GitHubExpert.UploadSarif, _ => new UploadSarifResult(UploadSarifOutcome.Uploaded, "upload-1"));
        On(GitHubExpert.GetSarifUpload, _ => new SarifUploadResult(SarifUploadState.Complete));
        On(ScanReportActivities.Drop, _ => true);
        On(LedgerActivities.Record, _ => new RecordedFindings(Recorded: true, Open: 0, Overdue: 0, []));
        On(LedgerActivities.ListWatched, _ => []);
        On(LedgerActivities.Forget, _ => true);
        On(PenTestExpert.Scan, _ => new ScanResult(new StoredArtifact("pen-test-head", 1, "ff"), Base: null, [new ScannerOutcome("Wapiti", ScanOutcome.Checked, 0)]));
        On(GitHubExpert.GetFile, _ => Configuration is { } text
            ? new RepositoryFile(PipelineConfiguration.Path, "blob", text.Length, System.Text.Encoding.UTF8.GetBytes(text))
            : null);
        On(GitHubExpert.GetPermission, request => new CollaboratorAccess(request.User, Access, "role"));
        On(GitHubExpert.PutCheckRun, request => new CheckRunReference(CheckRunForm.CheckRun, 1, new Uri($"https://forge.example/checks/{Uri.EscapeDataString(request.ExternalId)}")));
        On(GitHubExpert.PutComment, request => new IssueComment(1, Author, request.Body, new Uri("https://forge.example/comment/1"), default, default));
        On(GitHubExpert.MergePullRequest, _ => new MergePullRequestResult(MergeOutcome.Merged, MergeSha));
        On(GitCoreExpert.Checkout, request => new CheckoutResult(
            CheckoutOutcome.Ready, new WorkspaceReference(new StoredArtifact("workspace", 10, "aa"), request.CommitSha, 3)));
        On(GitCoreExpert.DropWorkspaces, _ => true);
        On(DockerExpert.BuildImage, _ => new ImageBuildResult(ImageBuildOutcome.Succeeded, "image:tag") { ImageId = "sha256:abc", Steps = 4, CachedSteps = 1 });
        On(DockerExpert.RunCommand, _ => new SandboxResult(SandboxEnding.Exited, 0, string.Empty, 0, TimeSpan.FromSeconds(1)));
        On(DockerExpert.RemoveRun, _ => new DockerRunRemoval(0, 0, 0, 1));
        On(DockerExpert.KillRun, _ => new DockerRunKill(1));
        On(PyTestExpert.RunTests, _ => Tests(PyTestOutcome.Passed));
        On(GitCoreExpert.Diff, _ => new GitDiff([new GitFileChange("app.py", GitChangeKind.Modified, null, 3, 1)], Truncated: false));
        On(SastExpert.Scan, _ => new ScanResult(new StoredArtifact("sast-head", 1, "aa"), new StoredArtifact("sast-base", 1, "bb"), [new ScannerOutcome("Bandit", ScanOutcome.Checked, 0)]));
        On(ScaExpert.Scan, _ => new ScanResult(new StoredArtifact("sca-head", 1, "cc"), new StoredArtifact("sca-base", 1, "dd"), [new ScannerOutcome("OSV", ScanOutcome.Checked, 0)]));
        On(FindingActivities.Assess, _ => Clean);
        On(GenRemediationSecurityExpert.ProposeByRule, _ => new ProposedFix(null, string.Empty, string.Empty, [], ["No rule knows how to fix it."]));
        On(GenRemediationSecurityExpert.ProposeByModel, _ => new ModelRemediationResult(PatchRefusal.NotConfigured, "No model."));
        On(FindingActivities.Pick, _ => new PickedFindings([], []));
        On(GitCoreExpert.Commit, _ => new GitCommitResult(GitCommitOutcome.Created, FixSha));
        On(GitHubExpert.CreatePullRequest, request => PullRequest with { Number = 13, Title = request.PullRequest.Title });
        On(GitHubExpert.DeleteBranch, _ => new DeleteBranchResult(DeleteBranchOutcome.Deleted));
        On(PipelineRunActivities.SignalOthers, async (signal, _, stopping) => await PipelineRunActivities.SignalOthersAsync(signal, Client, stopping));
    }

    /// <summary>Of the host that the tools are on, once it is there.</summary>
    public DurableTaskClient Client => _client();

    /// <summary>Runs in each activity before it does anything, with the number of its call under its name, from 1.</summary>
    public Func<ToolCall, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Runs in each activity after its effect, before its result is known.</summary>
    public Func<ToolCall, CancellationToken, Task> After { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Without security, which has tests of its own.</summary>
    public PlatformPolicy Policy { get; set; } = new(RepositoryAllowed: true, [nameof(SecurityOrchestrator)], PipelineRunner.Container);

    public static Assessment Clean { get; } = new(SecurityGateOutcome.Passed, [], [], new FindingCounts(0, 0, 0, 0, 0), new StoredArtifact("findings", 1, "ee"));

    public string? Configuration { get; set; }

    public RepositoryAccess Access { get; set; } = RepositoryAccess.Write;

    public PullRequestFiles Files { get; set; } = new([new ChangedFile("app.py", FileChange.Modified, 3, 1)], Truncated: false);

    public IReadOnlyList<Commit> Commits { get; set; } = [CommitOf("Say hello")];

    public GitMergeCheck MergeCheck { get; set; } = new(Mergeable: true, [], UpToDate: true, BaseSha);

    public PullRequest PullRequest { get; set; } = new()
    {
        Repository = Repository,
        Number = 12,
        Title = "Say hello",
        Body = "It greets.",
        State = PullRequestState.Open,
        Head = new PullRequestBranch("feature/hello", HeadSha, Repository, new Uri("https://forge.example/octo/hello.git")),
        Base = new PullRequestBranch("main", BaseSha, Repository, new Uri("https://forge.example/octo/hello.git")),
        Author = Author,
        HtmlUrl = new Uri("https://forge.example/octo/hello/pull/12"),
    };

    public IReadOnlyList<ToolCall> Calls => [.. _calls];

    private static GitHubAccount Author { get; } = new(1, "mona", IsBot: false);

    public static Commit CommitOf(string message, params IReadOnlyList<string> parents)
    {
        var signature = new CommitSignature("Mona", "mona@example.com", DateTimeOffset.UnixEpoch);
        return new Commit(HeadSha, message, signature, signature, parents.Count > 0 ? parents : [BaseSha]);
    }

    public static PyTestReport Tests(PyTestOutcome outcome, params IReadOnlyList<PyTestFailure> failures) =>
        new(outcome, new PyTestCounts(5, 5 - failures.Count, failures.Count, 0, 0), TimeSpan.FromSeconds(2), failures, null, "the output");

    public IReadOnlyList<TIn> CallsOf<TIn, TOut>(ActivityCall<TIn, TOut> activity) =>
        [.. _calls.Where(call => string.Equals(call.Activity, activity.Name, StringComparison.Ordinal)).Select(call => (TIn)call.Input!)];

    public ScriptedTools On<TIn, TOut>(ActivityCall<TIn, TOut> activity, Func<TIn, TOut> run) => On(activity, (input, _) => run(input));

    /// <param name="run">Gets the input and the number of the call, from 1.</param>
    public ScriptedTools On<TIn, TOut>(ActivityCall<TIn, TOut> activity, Func<TIn, int, TOut> run) =>
        On(activity, (input, call, _) => Task.FromResult(run(input, call)));

    /// <summary>The tool is away for the first calls.</summary>
    public ScriptedTools Away<TIn, TOut>(ActivityCall<TIn, TOut> activity, int calls, Func<TIn, TOut> then) => On(
        activity,
        (input, call) => call <= calls ? throw new ToolUnavailableException("Scripted tool", "is away") : then(input));

    public ScriptedTools Broken<TIn, TOut>(ActivityCall<TIn, TOut> activity) => On(
        activity, TOut (_) => throw new ToolException("Scripted tool", "is broken"));

    /// <param name="tasks">Gets the tools.</param>
    /// <param name="client">Gives the host's client once the host runs.</param>
    public void Register(ITaskSet tasks, Func<DurableTaskClient> client)
    {
        _client = client;
        foreach (var register in _registrations.Values)
        {
            register(tasks);
        }
    }

    private ScriptedTools On<TIn, TOut>(ActivityCall<TIn, TOut> activity, Func<TIn, int, CancellationToken, Task<TOut>> run)
    {
        var name = activity.Name;
        _registrations[name] = tasks => tasks.AddActivity<TIn, TOut>(name, async (_, input, stopping) =>
        {
            var call = new ToolCall(name, input, _numbers.AddOrUpdate(name, 1, (_, number) => number + 1));
            _calls.Enqueue(call);
            await Before(call, stopping);
            var result = await run(input, call.Number, stopping);
            await After(call, stopping);
            return result;
        });
        return this;
    }
}

using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Git;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Parallel;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace AtomicDevOps.Orchestrations.Domains.Scm;

/// <summary>L2: everything about a change that needs no build: may it be built, may it be merged, and what its people are told.</summary>
[Agent(AgentLayer.DomainManagement, nameof(ScmWorkflowManager), "Decides whether a change may be built, merges it, and tells its people how the run ended.")]
public static class ScmWorkflowManager
{
    private const string PolicyStage = "policy";
    private const string MergeStage = "merge";
    private const int MostAnnotations = 50;

    /// <summary>Looks at the change: is it there, is it open, is its head still the one that was asked about, do the repository's rules hold?</summary>
    public static SubOrchestration<ScmCheckRequest, ScmCheckResult> Check { get; } =
        new("ScmWorkflowManager_Check", (request, _) => RunId.Part(request.RunId, "scm"));

    /// <summary>Merges what was checked. Merging again what is merged changes nothing.</summary>
    public static SubOrchestration<ScmMergeRequest, ScmMergeResult> Merge { get; } =
        new("ScmWorkflowManager_Merge", (request, _) => RunId.Part(request.RunId, "merge"));

    /// <summary>Writes or updates the one comment.</summary>
    public static SubOrchestration<ScmReportRequest, Uri?> Report { get; } =
        new("ScmWorkflowManager_Report", (request, _) => RunId.Part(request.RunId, "report"));

    /// <summary>Whether a person may command runs: who can push can.</summary>
    public static SubOrchestration<ScmAuthorizeRequest, bool> Authorize { get; } =
        new("ScmWorkflowManager_Authorize", (request, _) => RunId.Part(request.RunId, "authorize"));

    /// <summary>Shows on GitHub how a stage of the layer above stands.</summary>
    public static SubOrchestration<ScmShowRequest, CheckRunReference> Show { get; } =
        new("ScmWorkflowManager_Show", (request, _) => RunId.Part(request.RunId, request.CheckRun switch
        {
            { Status: CheckRunStatus.Completed } => "shown",
            { Output: null } => "show",
            _ => "waits",
        }));

    private static readonly WorkflowPrimitive<PullRequestReference, PullRequest> GetPullRequest = GitHubExpert.GetPullRequest.WaitingForTool();
    private static readonly WorkflowPrimitive<BranchReference, Branch?> GetBranch = GitHubExpert.GetBranch.WaitingForTool();
    private static readonly WorkflowPrimitive<GetFileRequest, RepositoryFile?> GetFile = GitHubExpert.GetFile.WaitingForTool();
    private static readonly WorkflowPrimitive<MergePullRequestRequest, MergePullRequestResult> MergePullRequest = GitHubExpert.MergePullRequest.WaitingForTool();
    private static readonly WorkflowPrimitive<PutCommentRequest, IssueComment> PutComment = GitHubExpert.PutComment.WaitingForTool();
    private static readonly WorkflowPrimitive<PutCheckRunRequest, CheckRunReference> PutCheckRun = GitHubExpert.PutCheckRun.WaitingForTool();
    private static readonly WorkflowPrimitive<GetPermissionRequest, CollaboratorAccess> GetPermission = GitHubExpert.GetPermission.WaitingForTool();

    private static readonly WorkflowPrimitive<PullRequest, PullRequestReference> ToReference =
        WorkflowFunction.Of<PullRequest, PullRequestReference>(pullRequest => new PullRequestReference(pullRequest.Repository, pullRequest.Number));

    private static readonly WorkflowPrimitive<PullRequest, (PullRequestFiles Files, PullRequestCommits Commits, GitMergeCheck Merge)> Inspect =
        (ToReference >> GitHubExpert.ListPullRequestFiles.WaitingForTool()).And(
            ToReference >> GitHubExpert.ListPullRequestCommits.WaitingForTool(),
            WorkflowFunction.Of<PullRequest, CheckMergeRequest>(MergeCheckOf) >> GitCoreExpert.CheckMerge.WaitingForTool());

    [Function("ScmWorkflowManager_Check")]
    public static async Task<ScmCheckResult> CheckAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<ScmCheckRequest>()!;
        var context = ContextOf(orchestration, request.RunId, request.Path);
        var board = new StageBoard(context, PutCheckRun, PolicyStage);
        ScmCheckResult? result = null;
        using var cancellation = new CancellationTokenSource();
        var running = board.RunAsync(PolicyStage, context.WithCancellation(cancellation.Token), async cancellable =>
        {
            result = request.Work.Kind == WorkKind.Push
                ? await CheckPushAsync(request, cancellable)
                : await CheckPullRequestAsync(request, cancellable, board);
            return result.Outcome switch
            {
                ScmOutcome.Allowed => StageOutcome.Passed(result.Summary),
                ScmOutcome.Rejected => StageOutcome.Failed("The change cannot be built as it is.", result.Summary) with { Annotations = result.Annotations },
                _ => StageOutcome.Skipped(result.Summary),
            };
        });
        var cancelled = orchestration.WaitForExternalEvent<CancellationRequest>(PipelineEvents.Cancel);
        if (await Task.WhenAny(running, cancelled) == cancelled)
        {
            board.MuteFor(cancelled.Result);
            cancellation.Cancel();
        }

        var outcome = await running;
        await board.SettleAsync();
        result ??= new ScmCheckResult(ScmOutcome.Errored, outcome.Summary, []);
        return result with { Stages = board.Stages };
    }

    [Function("ScmWorkflowManager_Merge")]
    public static async Task<ScmMergeResult> MergeAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<ScmMergeRequest>()!;
        var context = ContextOf(orchestration, request.RunId, request.Path);
        var board = new StageBoard(context, PutCheckRun, MergeStage);
        MergePullRequestResult? merge = null;
        await board.RunAsync(MergeStage, context, async _ =>
        {
            var pullRequest = request.Change.PullRequest!;
            merge = await MergePullRequest.ExecuteAsync(
                new MergePullRequestRequest(request.Change.Repository, pullRequest.Number, request.Change.HeadSha, request.Method), context);
            return merge.Outcome switch
            {
                MergeOutcome.Merged => StageOutcome.Passed($"Merged into {pullRequest.BaseRef}."),
                MergeOutcome.AlreadyMerged => StageOutcome.Passed($"Was merged into {pullRequest.BaseRef} already."),
                MergeOutcome.HeadMoved => StageOutcome.Skipped("The head moved; its newer commit has a run of its own."),
                _ => StageOutcome.Failed(merge.Message ?? "GitHub did not merge it."),
            };
        });
        return new ScmMergeResult(merge, board.Stages);
    }

    [Function("ScmWorkflowManager_Report")]
    public static async Task<Uri?> ReportAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<ScmReportRequest>()!;
        if (request.Change.PullRequest is not { } pullRequest)
        {
            return null;
        }

        var comment = await PutComment.ExecuteAsync(
            new PutCommentRequest(
                request.Change.Repository, pullRequest.Number, PullRequestComment.Marker, PullRequestComment.Render(request.Result, request.RunUrl)),
            ContextOf(orchestration, request.RunId, request.Path));
        return comment.HtmlUrl;
    }

    [Function("ScmWorkflowManager_Authorize")]
    public static async Task<bool> AuthorizeAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<ScmAuthorizeRequest>()!;
        var access = await GetPermission.ExecuteAsync(
            new GetPermissionRequest(request.Repository, request.Login), ContextOf(orchestration, request.RunId, request.Path));
        return access.CanWrite;
    }

    [Function("ScmWorkflowManager_Show")]
    public static Task<CheckRunReference> ShowAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<ScmShowRequest>()!;
        return PutCheckRun.ExecuteAsync(request.CheckRun, ContextOf(orchestration, request.RunId, request.Path));
    }

    private static OrchestrationWorkflowContext ContextOf(TaskOrchestrationContext orchestration, string runId, AgentPath path) =>
        new OrchestrationWorkflowContext(orchestration, runId) { Path = path }.Enter(nameof(ScmWorkflowManager));

    private static async Task<ScmCheckResult> CheckPullRequestAsync(ScmCheckRequest request, WorkflowContext context, StageBoard board)
    {
        var reference = new PullRequestReference(request.Work.Repository, request.Work.PullRequest!.Value);
        PullRequest pullRequest;
        try
        {
            pullRequest = await GetPullRequest.ExecuteAsync(reference, context);
        }
        catch (TaskFailedException exception) when (Failure.From(exception).IsCausedBy<ToolNotFoundException>())
        {
            return Refused($"There is no pull request {reference.Number} in {reference.Repository} that the platform can see.");
        }

        if (pullRequest.State == PullRequestState.Closed)
        {
            return Refused($"Pull request {reference.Number} is {(pullRequest.IsMerged ? "merged" : "closed")}.");
        }

        var change = Change.Of(pullRequest);
        if (request.Work.HeadSha is { } expected && !string.Equals(expected, pullRequest.Head.Sha, StringComparison.OrdinalIgnoreCase))
        {
            return new ScmCheckResult(
                ScmOutcome.Superseded, $"The head moved from {CommitId.Short(expected)} to {CommitId.Short(pullRequest.Head.Sha)}, which has a run of its own.", []);
        }

        board.ReportOn(change, request.RunUrl);
        var reading = await RepositoryConfiguration.ReadAsync(
            GetFile, change.Repository, pullRequest.IsFromFork ? pullRequest.Base.Sha : pullRequest.Head.Sha, context);
        if (reading.Configuration is not { } configuration)
        {
            return Rejected(change, reading.Problems.Select(problem => problem.ToString())) with
            {
                // A fork's own file was not read, so there is no line of it to point at.
                Annotations = pullRequest.IsFromFork ? [] : [.. reading.Problems.Take(MostAnnotations).Select(AnnotationOf)],
            };
        }

        var (files, commits, merge) = await Inspect.ExecuteAsync(pullRequest, context);
        var problems = ScmPolicy.Check(configuration.Policy, pullRequest, commits.Commits, merge);
        return problems.Count > 0
            ? Rejected(change, problems)
            : new ScmCheckResult(ScmOutcome.Allowed, "The branch merges and follows the repository's rules.", [])
            {
                Change = change,
                Configuration = configuration,
                Scope = ChangeScope.Of(files),
            };
    }

    private static async Task<ScmCheckResult> CheckPushAsync(ScmCheckRequest request, WorkflowContext context)
    {
        var work = request.Work;
        var branch = await GetBranch.ExecuteAsync(new BranchReference(work.Repository, work.Branch!), context);
        if (branch is null)
        {
            return Refused($"There is no branch {work.Branch} in {work.Repository} that the platform can see.");
        }

        if (!string.Equals(branch.Sha, work.HeadSha, StringComparison.OrdinalIgnoreCase))
        {
            return new ScmCheckResult(ScmOutcome.Superseded, $"{work.Branch} has moved on to {CommitId.Short(branch.Sha)}.", []);
        }

        var reading = await RepositoryConfiguration.ReadAsync(GetFile, work.Repository, branch.Sha, context);
        return reading.Configuration switch
        {
            null => Refused($"{reading.Problems[0]}"),
            { } configuration when !configuration.Branches.Contains(branch.Name, StringComparer.Ordinal) =>
                Refused($"{PipelineConfiguration.Path} does not name {branch.Name} under «branches»."),
            { } configuration => new ScmCheckResult(ScmOutcome.Allowed, $"{branch.Name} is checked on every push.", [])
            {
                Change = new Change(work.Repository, branch.Sha, work.CloneUrl!, $"refs/heads/{branch.Name}"),
                Configuration = configuration,
                Scope = new ChangeScope(0, DocumentationOnly: false),
            },
        };
    }

    private static CheckMergeRequest MergeCheckOf(PullRequest pullRequest) => new(
        pullRequest.Base.CloneUrl!.ToString(),
        new GitRevision(pullRequest.Base.Sha, $"refs/heads/{pullRequest.Base.Ref}"),
        new GitRevision(pullRequest.Head.Sha, Change.HeadReference(pullRequest)));

    private static CheckAnnotation AnnotationOf(ConfigurationProblem problem) =>
        new(PipelineConfiguration.Path, problem.Line, problem.Line, CheckAnnotationLevel.Failure, problem.Message);

    private static ScmCheckResult Refused(string summary) => new(ScmOutcome.Refused, summary, []);

    private static ScmCheckResult Rejected(Change change, IEnumerable<string> problems) =>
        new(ScmOutcome.Rejected, string.Join('\n', problems), []) { Change = change };
}

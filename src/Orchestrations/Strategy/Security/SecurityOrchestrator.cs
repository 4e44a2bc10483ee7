using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Domains.CiPipeline;
using AtomicDevOps.Orchestrations.Domains.Vulnerability;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace AtomicDevOps.Orchestrations.Strategy.Security;

/// <summary>L1: decides what a change needs to be safe, and sees fixes through from proposal over proof to pull request.</summary>
[Agent(AgentLayer.Orchestration, nameof(SecurityOrchestrator), "Decides what security a change needs, and sees fixes through from proposal over proof to pull request.")]
public static class SecurityOrchestrator
{
    private const string Stage = "security";

    /// <summary>What the change adds, and whether that holds it back.</summary>
    public static SubOrchestration<SecurityRequest, SecurityReview> Review { get; } =
        new("SecurityOrchestrator_Review", (request, _) => RunId.Part(request.RunId, "sec"));

    /// <summary>Proposes fixes, proves each by the pipeline, and opens pull requests for those that hold.</summary>
    public static SubOrchestration<SecurityRemediationRequest, SecurityRemediation> Remediate { get; } =
        new("SecurityOrchestrator_Remediate", (request, _) => RunId.Part(request.RunId, "fix"));

    /// <summary>Looks at all of a branch as it stands, tells who has to know, and offers fixes.</summary>
    public static SubOrchestration<SecurityRequest, PipelineResult> Sweep { get; } =
        new("SecurityOrchestrator_Sweep", (request, _) => RunId.Part(request.RunId, "sweep"));

    /// <summary>Finds what has to be swept though nobody asked.</summary>
    public static SubOrchestration<SecurityWatchRequest, IReadOnlyList<DueSweep>> FindDue { get; } =
        new("SecurityOrchestrator_FindDue", (request, _) => RunId.Part(request.RunId, "sec"));

    [Function("SecurityOrchestrator_Review")]
    public static async Task<SecurityReview> ReviewAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<SecurityRequest>()!;
        var context = new OrchestrationWorkflowContext(orchestration, request.RunId) { Path = request.Path }.Enter(nameof(SecurityOrchestrator));
        return await LookAsync(request, context);
    }

    [Function("SecurityOrchestrator_Sweep")]
    public static async Task<PipelineResult> SweepAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<SecurityRequest>()!;
        var context = new OrchestrationWorkflowContext(orchestration, request.RunId) { Path = request.Path }.Enter(nameof(SecurityOrchestrator));
        var cancelled = orchestration.WaitForExternalEvent<CancellationRequest>(PipelineEvents.Cancel);
        var review = await LookAsync(request, context);
        var verdict = review.Verdict.Stage.State switch
        {
            StageState.Errored => PipelineVerdict.Errored,
            StageState.Skipped => PipelineVerdict.Refused,
            _ => PipelineVerdict.Passed,
        };
        var result = new PipelineResult(verdict, review.Verdict.Stage.Summary ?? string.Empty, review.Target?.Change?.HeadSha, [review.Verdict.Stage]) { Security = review.Verdict };
        var remediation = await SeeThroughAsync(
            new SecurityRemediationRequest(request.RunId, context.Path, request.Policy, cancelled.IsCompleted ? review with { Target = null } : review) { RunUrl = request.RunUrl }, context);
        return cancelled.IsCompleted
            ? result with { Verdict = cancelled.Result.Verdict, Summary = cancelled.Result.Reason }
            : result with { Summary = string.Join(' ', [result.Summary, .. remediation.Fixes.Select(static fix => FormattableString.Invariant($"#{fix.Number} offers a fix."))]) };
    }

    [Function("SecurityOrchestrator_FindDue")]
    public static async Task<IReadOnlyList<DueSweep>> FindDueAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<SecurityWatchRequest>()!;
        var context = new OrchestrationWorkflowContext(orchestration, request.RunId) { Path = request.Path }.Enter(nameof(SecurityOrchestrator));
        return await VulnerabilityManager.FindDue.ExecuteAsync(
            new VulnerabilityWatchRequest(request.RunId, context.Path, request.DisabledAgents), context);
    }

    [Function("SecurityOrchestrator_Remediate")]
    public static async Task<SecurityRemediation> RemediateAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<SecurityRemediationRequest>()!;
        var context = new OrchestrationWorkflowContext(orchestration, request.RunId) { Path = request.Path }.Enter(nameof(SecurityOrchestrator));
        return await SeeThroughAsync(request, context);
    }

    private static async Task<SecurityReview> LookAsync(SecurityRequest request, OrchestrationWorkflowContext context)
    {
        var runId = RunId.Part(request.RunId, "sec");
        try
        {
            var target = await VulnerabilityManager.Look.ExecuteAsync(new VulnerabilityLookRequest(runId, context.Path, request.Work), context);
            if (target.Change is not { } change)
            {
                return new SecurityReview(new SecurityVerdict(new StageStatus(Stage, StageState.Skipped, target.Summary)));
            }

            var plan = SecurityPlan.Decide(request.Work.Kind, target, request.Policy);
            var scan = await VulnerabilityManager.Scan.ExecuteAsync(
                new VulnerabilityScanRequest(runId, context.Path, target, request.Policy.DisabledAgents)
                {
                    RunUrl = request.RunUrl,
                    Scope = plan.Scope,
                    MayBlock = plan.MayBlock,
                    IsShown = request.Work.Kind != WorkKind.Sweep,
                },
                context);
            if (change.PullRequest is null && scan.Ledger is { } ledger)
            {
                await VulnerabilityManager.Escalate.ExecuteAsync(
                    new VulnerabilityEscalationRequest(runId, context.Path, change, ledger.Escalated) { RunUrl = request.RunUrl }, context);
            }

            return new SecurityReview(new SecurityVerdict(scan.Stage) { Findings = scan.Assessment?.Findings ?? [], Counts = scan.Assessment?.Counts })
            {
                Target = target,
                Scope = plan.Scope,
                Scan = scan,
            };
        }
        catch (TaskFailedException exception)
        {
            return new SecurityReview(new SecurityVerdict(new StageStatus(Stage, StageState.Errored, Failure.From(exception).Message)));
        }
    }

    /// <summary>All that comes after the verdict: fixes, GitHub's own list of findings, and that nothing is left behind.</summary>
    private static async Task<SecurityRemediation> SeeThroughAsync(SecurityRemediationRequest request, OrchestrationWorkflowContext context)
    {
        try
        {
            var uploading = UploadAsync(request, context);
            var remediation = await TryRemediateAsync(request, context);
            return await uploading is { } problem ? remediation with { Notes = [.. remediation.Notes, problem] } : remediation;
        }
        finally
        {
            await CleanUpAsync("sec", request.Review.Scope is { Application: not ApplicationScan.None });
            await CleanUpAsync("fix", built: false);
        }

        Task<bool> CleanUpAsync(string part, bool built) => VulnerabilityManager.CleanUp.ExecuteAsync(
            new VulnerabilityCleanUpRequest(RunId.Part(request.RunId, part), context.Path, built), context);
    }

    private static async Task<SecurityRemediation> TryRemediateAsync(SecurityRemediationRequest request, OrchestrationWorkflowContext context)
    {
        try
        {
            return request.Review is { Target: { } target, Scan: { Assessment: { } assessment } scan } && IsWanted(target) && assessment.Counts.Added > 0
                ? await RemediateAsync(request, target, scan, context)
                : new SecurityRemediation([], []);
        }
        catch (TaskFailedException exception)
        {
            return new SecurityRemediation([], [Failure.From(exception).Message]);
        }
    }

    /// <returns>Why it did not come to an end; nothing where it did, or nobody wanted it.</returns>
    private static async Task<string?> UploadAsync(SecurityRemediationRequest request, OrchestrationWorkflowContext context)
    {
        if (request.Review is not { Target: { Change: { } change, Configuration.Security.Upload: true }, Scan.Assessment.Sarif: { } log })
        {
            return null;
        }

        try
        {
            return (await VulnerabilityManager.Upload.ExecuteAsync(
                new VulnerabilityUploadRequest(RunId.Part(request.RunId, "sec"), context.Path, change, log), context)).Problem;
        }
        catch (TaskFailedException exception)
        {
            return $"GitHub code scanning could not be told: {Failure.From(exception).Message}";
        }
    }

    // A fix is not fixed again, and a fork's branch is not the platform's to build on.
    private static bool IsWanted(VulnerabilityTarget target) =>
        target.Configuration.Security.Fixes
        && target.Change is { PullRequest: null or { IsFromFork: false } } change
        && change.PullRequest?.HeadRef.StartsWith(VulnerabilityManager.FixBranchPrefix, StringComparison.Ordinal) is not true;

    private static async Task<SecurityRemediation> RemediateAsync(
        SecurityRemediationRequest request, VulnerabilityTarget target, VulnerabilityScanResult scan, OrchestrationWorkflowContext context)
    {
        var runId = RunId.Part(request.RunId, "fix");
        var proposed = await VulnerabilityManager.Fix.ExecuteAsync(
            new VulnerabilityFixRequest(runId, context.Path, target, scan, request.Policy.DisabledAgents), context);
        var fixes = new List<PublishedFix>();
        var notes = new List<string>(proposed.Refusals);
        for (var index = 0; index < proposed.Candidates.Count; index++)
        {
            var candidate = proposed.Candidates[index];
            var partId = FormattableString.Invariant($"{runId}{index}");
            if (await FindFlawAsync(request, target, scan, candidate, partId, context) is { } flaw)
            {
                notes.Add($"{candidate.Title}: {flaw}");
                await VulnerabilityManager.Drop.ExecuteAsync(new VulnerabilityDropRequest(partId, context.Path, target.Change!, candidate), context);
                continue;
            }

            fixes.Add(await VulnerabilityManager.Publish.ExecuteAsync(
                new VulnerabilityPublishRequest(
                    partId,
                    context.Path,
                    target.Change!,
                    candidate,
                    [.. scan.Assessment!.Findings.Where(finding => candidate.Fingerprints.Contains(finding.Fingerprint, StringComparer.Ordinal))])
                {
                    RunUrl = request.RunUrl,
                },
                context));
        }

        return new SecurityRemediation(fixes, notes);
    }

    /// <summary>Builds, tests and scans the fix.</summary>
    /// <returns>Why it does not hold, a sentence; nothing where it does.</returns>
    private static async Task<string?> FindFlawAsync(
        SecurityRemediationRequest request, VulnerabilityTarget target, VulnerabilityScanResult scan, FixCandidate candidate, string partId, OrchestrationWorkflowContext context)
    {
        var change = target.Change! with { HeadSha = candidate.CommitSha, FetchRef = $"refs/heads/{candidate.Branch}", PullRequest = null };
        var built = CiPipelineManager.Run.ExecuteAsync(
            new CiRequest(partId, context.Path, change, target.Configuration, PyTestStrategy.Thorough, request.Policy.Runner) { RunUrl = request.RunUrl }, context);
        var scanned = VulnerabilityManager.Scan.ExecuteAsync(
            new VulnerabilityScanRequest(
                partId,
                context.Path,
                target with { Change = change, Base = new Commit(target.Change!.HeadSha, target.Change.FetchRef) },
                request.Policy.DisabledAgents)
            {
                RunUrl = request.RunUrl,
            },
            context);
        var left = FindLeftAsync(candidate, scanned, context);
        await Task.WhenAny(Task.WhenAll(built, left));
        await CiPipelineManager.CleanUp.ExecuteAsync(new CiCleanUpRequest(partId, context.Path, request.Policy.Runner), context);
        await VulnerabilityManager.CleanUp.ExecuteAsync(new VulnerabilityCleanUpRequest(partId, context.Path, Built: false), context);
        return FixProof.FindFlaw(candidate.Fingerprints.Count, await left, scan.Assessment!, await built, await scanned);
    }

    /// <returns>Those of the findings that the fix is for that stand all the same.</returns>
    private static async Task<IReadOnlyList<Finding>> FindLeftAsync(FixCandidate candidate, Task<VulnerabilityScanResult> scanned, OrchestrationWorkflowContext context) =>
        (await scanned).Assessment is { } after
            ? (await FindingActivities.Pick.WaitingForTool().ExecuteAsync(new FindingPick(after.List, candidate.Fingerprints), context)).Findings
            : [];
}

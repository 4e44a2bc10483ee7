using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Orchestrations.Domains.CiPipeline;
using AtomicDevOps.Orchestrations.Domains.Scm;
using AtomicDevOps.Orchestrations.Domains.Vulnerability;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.DevMgr;
using AtomicDevOps.Orchestrations.Strategy.Security;

namespace AtomicDevOps.Orchestrations.Tests.Support;

/// <summary>All orchestrators of the platform under their function names.</summary>
internal static class PlatformOrchestrators
{
    public static void AddTo(ITaskSet tasks) => tasks
        .AddOrchestrator<WorkItem, PipelineResult>(nameof(MetaOrchestrator), (context, _) => MetaOrchestrator.RunAsync(context))
        .AddOrchestrator<DevMgrRequest, PipelineResult>(nameof(DevMgrOrchestrator), (context, _) => DevMgrOrchestrator.RunAsync(context))
        .AddOrchestrator<CiRequest, CiResult>(nameof(CiPipelineManager), (context, _) => CiPipelineManager.RunAsync(context))
        .AddOrchestrator<CiCleanUpRequest, bool>("CiPipelineManager_CleanUp", (context, _) => CiPipelineManager.CleanUpAsync(context))
        .AddOrchestrator<ScmCheckRequest, ScmCheckResult>("ScmWorkflowManager_Check", (context, _) => ScmWorkflowManager.CheckAsync(context))
        .AddOrchestrator<ScmMergeRequest, ScmMergeResult>("ScmWorkflowManager_Merge", (context, _) => ScmWorkflowManager.MergeAsync(context))
        .AddOrchestrator<ScmReportRequest, Uri?>("ScmWorkflowManager_Report", (context, _) => ScmWorkflowManager.ReportAsync(context))
        .AddOrchestrator<ScmShowRequest, CheckRunReference>("ScmWorkflowManager_Show", (context, _) => ScmWorkflowManager.ShowAsync(context))
        .AddOrchestrator<ScmAuthorizeRequest, bool>("ScmWorkflowManager_Authorize", (context, _) => ScmWorkflowManager.AuthorizeAsync(context))
        .AddOrchestrator<SecurityRequest, SecurityReview>("SecurityOrchestrator_Review", (context, _) => SecurityOrchestrator.ReviewAsync(context))
        .AddOrchestrator<SecurityRemediationRequest, SecurityRemediation>("SecurityOrchestrator_Remediate", (context, _) => SecurityOrchestrator.RemediateAsync(context))
        .AddOrchestrator<SecurityRequest, PipelineResult>("SecurityOrchestrator_Sweep", (context, _) => SecurityOrchestrator.SweepAsync(context))
        .AddOrchestrator<SecurityWatchRequest, IReadOnlyList<DueSweep>>("SecurityOrchestrator_FindDue", (context, _) => SecurityOrchestrator.FindDueAsync(context))
        .AddOrchestrator<object?, WatchRound>(MetaOrchestrator.WatchName, (context, _) => MetaOrchestrator.WatchAsync(context))
        .AddOrchestrator<VulnerabilityEscalationRequest, PutIssueResult>("VulnerabilityManager_Escalate", (context, _) => VulnerabilityManager.EscalateAsync(context))
        .AddOrchestrator<VulnerabilityUploadRequest, VulnerabilityUploadResult>("VulnerabilityManager_Upload", (context, _) => VulnerabilityManager.UploadAsync(context))
        .AddOrchestrator<VulnerabilityWatchRequest, IReadOnlyList<DueSweep>>("VulnerabilityManager_FindDue", (context, _) => VulnerabilityManager.FindDueAsync(context))
        .AddOrchestrator<VulnerabilityLookRequest, VulnerabilityTarget>("VulnerabilityManager_Look", (context, _) => VulnerabilityManager.LookAsync(context))
        .AddOrchestrator<VulnerabilityScanRequest, VulnerabilityScanResult>("VulnerabilityManager_Scan", (context, _) => VulnerabilityManager.ScanAsync(context))
        .AddOrchestrator<VulnerabilityFixRequest, VulnerabilityFixResult>("VulnerabilityManager_Fix", (context, _) => VulnerabilityManager.FixAsync(context))
        .AddOrchestrator<VulnerabilityPublishRequest, PublishedFix>("VulnerabilityManager_Publish", (context, _) => VulnerabilityManager.PublishAsync(context))
        .AddOrchestrator<VulnerabilityDropRequest, bool>("VulnerabilityManager_Drop", (context, _) => VulnerabilityManager.DropAsync(context))
        .AddOrchestrator<VulnerabilityCleanUpRequest, bool>("VulnerabilityManager_CleanUp", (context, _) => VulnerabilityManager.CleanUpAsync(context))
        .AddOrchestrator<SystemHealth?, object?>(nameof(SystemHealthOrchestration), async (context, _) =>
        {
            await SystemHealthOrchestration.RunAsync(context);
            return null;
        });
}

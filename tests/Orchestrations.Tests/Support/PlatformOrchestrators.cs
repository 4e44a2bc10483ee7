using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Orchestrations.Domains.CiPipeline;
using AtomicDevOps.Orchestrations.Domains.Scm;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.DevMgr;

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
        .AddOrchestrator<SystemHealth?, object?>(nameof(SystemHealthOrchestration), async (context, _) =>
        {
            await SystemHealthOrchestration.RunAsync(context);
            return null;
        });
}

using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Orchestrations.Domains.CiPipeline;

/// <summary>L2: checkout, then build, then tests and lint side by side, then the quality gate. Nothing of a run stays behind.</summary>
[Agent(AgentLayer.DomainManagement, nameof(CiPipelineManager), "Builds a change, tests and lints it side by side, and judges the results at the quality gate.")]
public static class CiPipelineManager
{
    private const string CheckoutStage = "checkout";
    private const string BuildStage = "build";
    private const string TestsStage = "tests";
    private const string LintStage = "lint";
    private const string GateStage = "gate";

    // A build that is stopped between two steps begins the next one, so stopping it takes as many kills as it takes.
    private const int MostKills = 60;
    private static readonly TimeSpan KillInterval = TimeSpan.FromSeconds(2);

    private static readonly WorkflowPrimitive<CheckoutRequest, CheckoutResult> Checkout = GitCoreExpert.Checkout.WaitingForTool();
    private static readonly WorkflowPrimitive<ImageBuildRequest, ImageBuildResult> BuildImage = DockerExpert.BuildImage.WaitingForTool();
    private static readonly WorkflowPrimitive<SandboxRequest, SandboxResult> RunCommand = DockerExpert.RunCommand.WaitingForTool();
    private static readonly WorkflowPrimitive<PyTestRequest, PyTestReport> RunTests = PyTestExpert.RunTests.WaitingForTool();
    private static readonly WorkflowPrimitive<DockerRunReference, DockerRunRemoval> RemoveRun = DockerExpert.RemoveRun.WaitingForTool();
    private static readonly WorkflowPrimitive<PutCheckRunRequest, CheckRunReference> PutCheckRun = GitHubExpert.PutCheckRun.WaitingForTool();
    private static readonly WorkflowPrimitive<DropWorkspacesRequest, bool> DropWorkspaces = GitCoreExpert.DropWorkspaces.WaitingForTool();

    public static SubOrchestration<CiRequest, CiResult> Run { get; } =
        new(nameof(CiPipelineManager), (request, _) => RunId.Part(request.RunId, "ci"));

    /// <summary>Removes what a run made in the container engine and on disk. Beside the merge, because nobody has to wait for it.</summary>
    public static SubOrchestration<CiCleanUpRequest, bool> CleanUp { get; } =
        new("CiPipelineManager_CleanUp", (request, _) => RunId.Part(request.RunId, "clean"));

    [Function(nameof(CiPipelineManager))]
    public static async Task<CiResult> RunAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<CiRequest>()!;
        var context = new OrchestrationWorkflowContext(orchestration, request.RunId) { Path = request.Path }.Enter(nameof(CiPipelineManager));
        var board = new StageBoard(context, PutCheckRun, CheckoutStage, BuildStage, TestsStage, LintStage, GateStage);
        board.ReportOn(request.Change, request.RunUrl);

        using var cancellation = new CancellationTokenSource();
        var running = SettleAsync(Compose(request, board).ExecuteAsync(new CiProgress(), context.WithCancellation(cancellation.Token)));
        var cancelled = orchestration.WaitForExternalEvent<CancellationRequest>(PipelineEvents.Cancel);
        if (await Task.WhenAny(running, cancelled) == cancelled)
        {
            board.MuteFor(cancelled.Result);
            cancellation.Cancel();
            await StopAsync(running, request, context);
        }

        var verdict = await running;
        board.SkipPending(cancellation.IsCancellationRequested ? "The run was cancelled." : "An earlier stage did not pass.");
        await board.SettleAsync();
        return verdict is { } judged && !cancellation.IsCancellationRequested
            ? new CiResult(judged.Verdict, judged.Summary, board.Stages)
            : new CiResult(cancelled.Result.Verdict, cancelled.Result.Reason, board.Stages);
    }

    [Function("CiPipelineManager_CleanUp")]
    public static async Task<bool> CleanUpAsync([OrchestrationTrigger] TaskOrchestrationContext orchestration)
    {
        var request = orchestration.GetInput<CiCleanUpRequest>()!;
        var context = new OrchestrationWorkflowContext(orchestration, request.RunId) { Path = request.Path }.Enter(nameof(CiPipelineManager));
        var workspaces = TryRemoveAsync(DropWorkspaces.ExecuteAsync(new DropWorkspacesRequest(request.RunId), context));
        var made = request.Runner == PipelineRunner.Local
            || await TryRemoveAsync(RemoveRun.ExecuteAsync(new DockerRunReference(request.RunId), context));
        return await workspaces && made;

        Task<bool> TryRemoveAsync(Task removal) => RunRemoval.TryAsync(removal, nameof(CiPipelineManager), request.RunId, context);
    }

    private static WorkflowPrimitive<CiProgress, QualityGate> Compose(CiRequest request, StageBoard board)
    {
        var checkout = Stage(CheckoutStage, CheckoutAsync);
        var build = Stage(BuildStage, BuildAsync);
        var tests = Stage(TestsStage, TestAsync);
        var lint = Stage(LintStage, LintAsync);
        var gate = WorkflowFunction.Of<IReadOnlyList<CiProgress>, QualityGate>((_, context) => JudgeAsync(board, context));

        return checkout >> build >> (tests | lint) >> gate;

        WorkflowFunction<CiProgress, CiProgress> Stage(
            string name, Func<CiRequest, CiProgress, WorkflowContext, Task<(StageOutcome Outcome, CiProgress Progress)>> work) =>
            WorkflowFunction.Of<CiProgress, CiProgress>(async (progress, context) =>
            {
                if (!progress.CanGoOn)
                {
                    return progress;
                }

                var made = progress;
                var outcome = await board.RunAsync(name, context, async inner =>
                {
                    (var ended, made) = await work(request, progress, inner);
                    return ended;
                });
                return made with { Last = outcome.State };
            });
    }

    private static async Task<(StageOutcome, CiProgress)> CheckoutAsync(CiRequest request, CiProgress progress, WorkflowContext context)
    {
        var limits = request.Configuration.Limits;
        var result = await Checkout.ExecuteAsync(
            new CheckoutRequest(request.RunId, request.Change.CloneUrl.ToString(), request.Change.HeadSha, request.Change.FetchRef)
            {
                Limits = new CheckoutLimits { FileBytes = limits.FileSize, TotalBytes = limits.TreeSize },
            },
            context);
        return result is { Outcome: CheckoutOutcome.Ready, Workspace: { } workspace }
            ? (StageOutcome.Passed($"{workspace.Files} files at {CommitId.Short(request.Change.HeadSha)}."), progress with { Workspace = workspace })
            : (StageOutcome.Failed(result.Problem ?? $"The commit cannot be checked out: {result.Outcome}."), progress);
    }

    private static async Task<(StageOutcome, CiProgress)> BuildAsync(CiRequest request, CiProgress progress, WorkflowContext context)
    {
        if (request.Runner == PipelineRunner.Local)
        {
            return (StageOutcome.Skipped("No image is built: the platform runs tests with the machine's own pytest."), progress);
        }

        var build = request.Configuration.Build;
        var limits = request.Configuration.Limits;
        var result = await BuildImage.ExecuteAsync(
            new ImageBuildRequest(request.RunId, progress.Workspace!)
            {
                Stage = BuildStage,
                Dockerfile = build.Dockerfile,
                Limits = new ImageBuildLimits { MemoryBytes = limits.Memory, Cpus = limits.Cpus, Timeout = build.Timeout },
            },
            context);
        return result is { Outcome: ImageBuildOutcome.Succeeded, ImageId: { } image }
            ? (BuildReport.Judge(result, build.Dockerfile), progress with { Image = image })
            : (BuildReport.Judge(result, build.Dockerfile), progress);
    }

    private static async Task<(StageOutcome, CiProgress)> TestAsync(CiRequest request, CiProgress progress, WorkflowContext context)
    {
        var test = request.Configuration.Test;
        var threshold = request.Strategy == PyTestStrategy.Fast ? null : test.Coverage / 100;
        var report = await RunTests.ExecuteAsync(
            new PyTestRequest(
                request.RunId,
                TestsStage,
                progress.Image is { } image ? PyTestRunner.Container(image) : PyTestRunner.Local,
                progress.Workspace!)
            {
                Strategy = request.Strategy,
                Paths = test.Paths,
                Command = test.Command.Count > 0 ? test.Command : null,
                CoverageThreshold = threshold,
                Limits = request.Configuration.Limits.ForSandbox(test.Timeout),
            },
            context);
        return (TestReport.Judge(report, threshold, test.Timeout), progress);
    }

    private static async Task<(StageOutcome, CiProgress)> LintAsync(CiRequest request, CiProgress progress, WorkflowContext context)
    {
        var lint = request.Configuration.Lint;
        if (!lint.Enabled || progress.Image is null)
        {
            return (StageOutcome.Skipped(lint.Enabled ? "There is no image to lint in." : "Switched off by the repository."), progress);
        }

        var result = await RunCommand.ExecuteAsync(
            new SandboxRequest(request.RunId, LintStage, progress.Image, lint.Command)
            {
                Workspace = progress.Workspace,
                Limits = request.Configuration.Limits.ForSandbox(lint.Timeout),
            },
            context);
        return (LintReport.Judge(result, lint), progress);
    }

    private static async Task<QualityGate> JudgeAsync(StageBoard board, WorkflowContext context)
    {
        board.SkipPending("An earlier stage did not pass.", except: GateStage);
        var gate = QualityGate.Judge([.. board.Stages.Where(stage => stage.Name is not GateStage)]);
        await board.RunAsync(GateStage, context, _ => Task.FromResult(gate.Outcome));
        return gate;
    }

    /// <returns>The gate's verdict; none where the run was cancelled before it.</returns>
    private static async Task<QualityGate?> SettleAsync(Task<QualityGate> pipeline)
    {
        try
        {
            return await pipeline;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task StopAsync(Task running, CiRequest request, OrchestrationWorkflowContext context)
    {
        for (var kills = 0; !running.IsCompleted && kills < MostKills; kills++)
        {
            try
            {
                await DockerExpert.KillRun.ExecuteAsync(new DockerRunReference(request.RunId), context);
            }
            catch (TaskFailedException exception)
            {
                context.CreateLogger(nameof(CiPipelineManager)).LogWarning("The containers of {Run} could not be killed: {Failure}", request.RunId, Failure.From(exception));
            }

            using var ended = new CancellationTokenSource();
            var pause = context.DelayAsync(KillInterval, ended.Token);
            if (await Task.WhenAny(running, pause) == running)
            {
                ended.Cancel();
            }
        }
    }
}

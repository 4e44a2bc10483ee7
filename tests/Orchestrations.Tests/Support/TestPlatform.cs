using AtomicDevOps.Activities.Experts.Docker;
using AtomicDevOps.Activities.Experts.GitCore;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.DevMgr;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Orchestrations.Tests.Support;

/// <summary>All orchestrators on the engine in skipped time, over scripted tools.</summary>
internal sealed class TestPlatform : IAsyncDisposable
{
    private TestPlatform(IDurableHost host, ScriptedTools tools)
    {
        Host = host;
        Tools = tools;
    }

    public IDurableHost Host { get; }

    public ScriptedTools Tools { get; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TestPlatform> StartAsync(Action<ScriptedTools>? script = null, DataConverter? converter = null)
    {
        var tools = new ScriptedTools();
        script?.Invoke(tools);
        IDurableHost? host = null;
        host = await HostUnderTest.StartAsync(
            tasks =>
            {
                PlatformOrchestrators.AddTo(tasks);
                tools.Register(tasks, () => host!.Client);
            },
            new DurableHostSettings(Converter: converter),
            Token);
        return new TestPlatform(host, tools);
    }

    public static WorkItem PullRequestWork(string? headSha = ScriptedTools.HeadSha) =>
        new(WorkKind.PullRequest, ScriptedTools.Repository, "mona") { PullRequest = 12, HeadSha = headSha };

    public static WorkItem CommandWork(CommandVerb verb, string? gate = null) =>
        new(WorkKind.Command, ScriptedTools.Repository, "mona") { PullRequest = 12, Command = new PipelineCommand(verb, "mona", gate) };

    /// <summary>Starts a run without waiting for it.</summary>
    public async Task<string> BeginAsync(WorkItem? work = null, string key = "first")
    {
        var runId = RunId.ForPullRequest(ScriptedTools.Repository, 12, key);
        await Host.Client.ScheduleNewOrchestrationInstanceAsync(
            nameof(MetaOrchestrator), work ?? PullRequestWork(), new StartOrchestrationOptions(runId), Token);
        return runId;
    }

    /// <summary>Starts a run, skips all time until nothing is left to do, and checks what holds for every run that has ended.</summary>
    public async Task<PipelineResult> RunAsync(WorkItem? work = null, string key = "first")
    {
        var runId = await BeginAsync(work, key);
        await Host.SettleAsync();
        return await EndedAsync(runId);
    }

    public async Task<PipelineResult> EndedAsync(string runId)
    {
        var result = (await ReadAsync(runId)).ReadOutputAs<PipelineResult>().ShouldNotBeNull();
        var parts = new List<OrchestrationMetadata>();
        await foreach (var part in Host.Client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = $"{runId}:" }))
        {
            part.IsCompleted.ShouldBeTrue($"{part.InstanceId} goes on after its run has ended");
            parts.Add(part);
        }

        result.Stages.ShouldAllBe(stage => stage.State != StageState.Pending && stage.State != StageState.Running && stage.State != StageState.Waiting);
        var cleanUps = parts.Exists(part => string.Equals(part.InstanceId, RunId.Part(runId, "ci"), StringComparison.Ordinal)) ? 1 : 0;
        Tools.CallsOf(GitCoreExpert.DropWorkspaces).Where(drop => string.Equals(drop.RunId, runId, StringComparison.Ordinal)).DistinctBy(drop => drop.RunId).Count().ShouldBe(cleanUps);
        return result;
    }

    public async Task<OrchestrationMetadata> ReadAsync(string id)
    {
        var instance = (await Host.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Token)).ShouldNotBeNull();
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, $"{id}: {instance.FailureDetails}");
        return instance;
    }

    public Task CancelAsync(string runId, PipelineVerdict verdict = PipelineVerdict.Cancelled, string? newHeadSha = null) =>
        Host.Client.RaiseEventAsync(runId, PipelineEvents.Cancel, new CancellationRequest(verdict, "Asked to end.") { NewHeadSha = newHeadSha }, Token);

    public Task ApproveAsync(string runId, bool approved) =>
        Host.Client.RaiseEventAsync(
            RunId.Part(runId, "dev"), PipelineEvents.Approval(DevMgrOrchestrator.MergeGate), new ApprovalDecision(approved, "hubot", "My word."), Token);

    /// <summary>The last word on each check run.</summary>
    public IReadOnlyDictionary<string, CheckRunConclusion?> CheckRuns() =>
        Tools.CallsOf(GitHubExpert.PutCheckRun).GroupBy(request => request.ExternalId["atomic-devops:".Length..], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last().Conclusion, StringComparer.Ordinal);

    public void ShouldHaveCleanedUpOnce()
    {
        Tools.CallsOf(DockerExpert.RemoveRun).Count.ShouldBe(1);
        Tools.CallsOf(GitCoreExpert.DropWorkspaces).Count.ShouldBe(1);
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <summary>Builds images and runs commands in containers, within limits, and cleans up what a run has left in the engine.</summary>
[Agent(AgentLayer.ToolExpertise, AgentName, "Builds images and runs untrusted commands in locked-down containers.")]
public sealed class DockerExpert
{
    public const string AgentName = "DockerExpert";

    private readonly IContainerSandbox _sandbox;
    private readonly ImageBuilder _builder;
    private readonly ImageResolver _images;
    private readonly RunResources _resources;
    private readonly ResiliencePipeline _retry;

    public DockerExpert(
        IDockerEngineClient engine,
        IContainerSandbox sandbox,
        IArtifactStore artifacts,
        IStageLog log,
        TimeProvider timeProvider,
        ILogger<DockerExpert> logger)
    {
        _sandbox = sandbox;
        _images = new ImageResolver(engine);
        _resources = new RunResources(engine);
        _builder = new ImageBuilder(engine, _resources, artifacts, log, timeProvider, logger);
        _retry = new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 3,
                Delay = TimeSpan.FromMilliseconds(250),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = new PredicateBuilder().Handle<ToolUnavailableException>(),
            })
            .Build();
    }

    public static ActivityCall<ImageBuildRequest, ImageBuildResult> BuildImage { get; } = new("DockerExpert_BuildImage");

    public static ActivityCall<EnsureImageRequest, EnsuredImage> EnsureImage { get; } = new("DockerExpert_EnsureImage");

    public static ActivityCall<SandboxRequest, SandboxResult> RunCommand { get; } = new("DockerExpert_RunCommand");

    public static ActivityCall<DockerRunReference, DockerRunRemoval> RemoveRun { get; } = new("DockerExpert_RemoveRun");

    public static ActivityCall<DockerRunReference, DockerRunKill> KillRun { get; } = new("DockerExpert_KillRun");

    public static ActivityCall<DockerRunReference, DockerRunResources> ListRunResources { get; } = new("DockerExpert_ListRunResources");

    /// <summary>Builds an image of a workspace; an image that an earlier try built for the same run of the same input is taken as it is.</summary>
    /// <exception cref="ToolUnavailableException">The engine is away, or a step was killed from outside, so nothing is known about the change.</exception>
    [Function("DockerExpert_BuildImage")]
    public Task<ImageBuildResult> BuildImageAsync([ActivityTrigger] ImageBuildRequest input, CancellationToken cancellationToken) =>
        _builder.BuildAsync(input, cancellationToken);

    /// <summary>Makes sure that the engine has an image: its own, else the registry's.</summary>
    [Function("DockerExpert_EnsureImage")]
    public async Task<EnsuredImage> EnsureImageAsync([ActivityTrigger] EnsureImageRequest input, CancellationToken cancellationToken)
    {
        var (image, pulled) = await _retry.ExecuteAsync(
            async token => await _images.EnsureAsync(input.Reference, token),
            cancellationToken);
        return new EnsuredImage(input.Reference, image.Id, image.Size, pulled);
    }

    /// <summary>Runs a command in a locked-down container.</summary>
    /// <exception cref="ToolUnavailableException">The engine is away, or the command was killed from outside, so nothing is known about it.</exception>
    [Function("DockerExpert_RunCommand")]
    public async Task<SandboxResult> RunCommandAsync([ActivityTrigger] SandboxRequest input, CancellationToken cancellationToken)
    {
        var result = await _sandbox.RunAsync(input, cancellationToken);
        return result.Ending == SandboxEnding.Killed
            ? throw new ToolUnavailableException(AgentName, $"somebody, or the engine when it stopped, killed the stage {input.Stage} of run {input.RunId}.")
            : result;
    }

    /// <summary>Removes everything that the engine holds of a run; nothing there is no error.</summary>
    [Function("DockerExpert_RemoveRun")]
    public async Task<DockerRunRemoval> RemoveRunAsync([ActivityTrigger] DockerRunReference input, CancellationToken cancellationToken) =>
        await _retry.ExecuteAsync(async token => await _resources.RemoveAsync(input.RunId, token), cancellationToken);

    /// <summary>Kills the run's containers; what waits for them learns of it, and removes them.</summary>
    [Function("DockerExpert_KillRun")]
    public async Task<DockerRunKill> KillRunAsync([ActivityTrigger] DockerRunReference input, CancellationToken cancellationToken) =>
        new(await _retry.ExecuteAsync(async token => await _resources.KillAsync(input.RunId, token), cancellationToken));

    [Function("DockerExpert_ListRunResources")]
    public async Task<DockerRunResources> ListRunResourcesAsync([ActivityTrigger] DockerRunReference input, CancellationToken cancellationToken) =>
        new(await _retry.ExecuteAsync(async token => await _resources.ListAsync(input.RunId, token), cancellationToken));
}

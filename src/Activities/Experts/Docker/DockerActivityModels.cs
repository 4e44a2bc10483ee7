using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <param name="RunId">The pipeline run that the image, and everything made on the way, belongs to.</param>
/// <param name="Workspace">The source tree.</param>
public sealed record ImageBuildRequest(string RunId, WorkspaceReference Workspace)
{
    /// <summary>The stage whose log gets the build's output.</summary>
    public string Stage { get; init; } = "build";

    /// <summary>Path of the Dockerfile in the workspace.</summary>
    public string Dockerfile { get; init; } = "Dockerfile";

    /// <summary>The directory in the workspace that <c>COPY</c> and <c>ADD</c> see.</summary>
    public string Context { get; init; } = ".";

    /// <summary>The image's name; made of the run id where it is not given.</summary>
    public string? Tag { get; init; }

    /// <summary>Values for the Dockerfile's <c>ARG</c>s. They can be read from the image: nothing secret belongs here.</summary>
    public IReadOnlyDictionary<string, string> BuildArgs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public ImageBuildLimits Limits { get; init; } = new();

    /// <summary>The network that <c>RUN</c> steps have: <c>none</c>, or one that the engine knows.</summary>
    public string NetworkMode { get; init; } = "none";
}

/// <summary>What a build may use; memory and CPUs hold for each <c>RUN</c> step, the time for the whole build.</summary>
public sealed record ImageBuildLimits
{
    public long MemoryBytes { get; init; } = 1024L * 1024 * 1024;

    public double Cpus { get; init; } = 1;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How much of the output is kept: the first and the last half of it.</summary>
    public int OutputBytes { get; init; } = 256 * 1024;
}

/// <param name="Tag">The image's name.</param>
public sealed record ImageBuildResult(ImageBuildOutcome Outcome, string Tag)
{
    /// <summary>The image's id, where there is one.</summary>
    public string? ImageId { get; init; }

    public long SizeBytes { get; init; }

    /// <summary>Why there is no image, in a sentence.</summary>
    public string? Error { get; init; }

    /// <summary>The instruction that failed, for example <c>RUN make</c>.</summary>
    public string? FailedStep { get; init; }

    /// <summary>The line of the Dockerfile (from 1) on which the failed instruction starts, where it can be told.</summary>
    public int? FailedLine { get; init; }

    /// <summary>How many steps began.</summary>
    public int Steps { get; init; }

    /// <summary>How many of them were answered from the engine's cache.</summary>
    public int CachedSteps { get; init; }

    /// <summary>An earlier try had built the same image for this run already.</summary>
    public bool Reused { get; init; }

    public string Output { get; init; } = "";

    /// <summary>How much the build printed in all.</summary>
    public long OutputBytes { get; init; }

    public TimeSpan Duration { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ImageBuildOutcome>))]
public enum ImageBuildOutcome
{
    Succeeded,

    /// <summary>A step failed.</summary>
    Failed,

    /// <summary>The build took longer than its limit and was ended.</summary>
    TimedOut,

    /// <summary>A step reached the memory limit.</summary>
    OutOfMemory,

    /// <summary>The workspace has no such Dockerfile, or no such context directory.</summary>
    DockerfileMissing,

    /// <summary>The Dockerfile cannot be understood.</summary>
    DockerfileInvalid,

    /// <summary>An image that the Dockerfile starts from is neither in the engine nor to be had from a registry.</summary>
    BaseImageUnavailable,
}

/// <param name="Reference">A name with tag or digest, or an image id.</param>
public sealed record EnsureImageRequest(string Reference);

/// <param name="ImageId">The image that the reference means now.</param>
/// <param name="Pulled">Whether it had to be pulled.</param>
public sealed record EnsuredImage(string Reference, string ImageId, long SizeBytes, bool Pulled);

/// <param name="RunId">The pipeline run.</param>
public sealed record DockerRunReference(string RunId);

/// <summary>How much of a run has been removed.</summary>
public sealed record DockerRunRemoval(int Containers, int Volumes, int Networks, int Images);

/// <param name="Containers">How many running containers have been killed.</param>
public sealed record DockerRunKill(int Containers);

/// <summary>What the engine holds of a run.</summary>
public sealed record DockerRunResources(IReadOnlyList<DockerResource> Items);

/// <param name="State">A container's state.</param>
public sealed record DockerResource(DockerResourceKind Kind, string Id, string Name, string? State = null);

[JsonConverter(typeof(JsonStringEnumConverter<DockerResourceKind>))]
public enum DockerResourceKind
{
    Container,
    Volume,
    Network,
    Image,

    /// <summary>A container of a build step that its build has left behind or is still using.</summary>
    BuildContainer,
}

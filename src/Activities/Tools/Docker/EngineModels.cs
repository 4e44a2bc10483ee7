using System.Text.Json;
using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <param name="ApiVersion">The newest API version that the engine speaks, for example <c>1.41</c>.</param>
public sealed record EngineVersion(string Version, string ApiVersion, string Os, string Arch)
{
    /// <summary>The oldest API version that the engine accepts; older engines do not tell.</summary>
    [JsonPropertyName("MinAPIVersion")]
    public string? MinApiVersion { get; init; }
}

/// <summary>Where engines do different things at the same request.</summary>
/// <param name="UnpacksIntoMounts">
/// An archive that is unpacked above a mount point of a container that does not run goes into what is mounted there; else it stays beneath.
/// </param>
/// <param name="ReportsMemoryKills">Whether the end of a process at the memory limit is always told as such, in the container's state or as an event.</param>
/// <param name="ControlsBuildSteps">
/// Whether the containers of build steps can be listed, asked about and killed, and whether the end of a build ends its step;
/// else an abandoned build goes on until the step that runs has ended.
/// </param>
public sealed record EngineTraits(bool UnpacksIntoMounts, bool ReportsMemoryKills, bool ControlsBuildSteps);

/// <summary>What the engine can do on its host.</summary>
public sealed record EngineInfo
{
    public string? ServerVersion { get; init; }

    public string? OperatingSystem { get; init; }

    public string? CgroupVersion { get; init; }

    /// <summary>The engine's clock.</summary>
    public DateTimeOffset SystemTime { get; init; }

    /// <summary>Whether containers' memory can be limited.</summary>
    public bool MemoryLimit { get; init; }

    /// <summary>Whether containers' swap can be limited; without it a memory limit only bounds resident memory.</summary>
    public bool SwapLimit { get; init; }

    /// <summary>Whether containers' number of processes can be limited.</summary>
    public bool PidsLimit { get; init; }

    /// <summary>Whether containers' CPU time can be limited.</summary>
    public bool CpuCfsQuota { get; init; }
}

/// <summary>What a container is made of: the body of <c>POST /containers/create</c>, the part of it that is used.</summary>
public sealed record ContainerConfiguration
{
    public required string Image { get; init; }

    public IReadOnlyList<string>? Cmd { get; init; }

    /// <summary>An empty list switches the image's entry point off.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Each as <c>NAME=value</c>.</summary>
    public IReadOnlyList<string>? Env { get; init; }

    public string? User { get; init; }

    public string? WorkingDir { get; init; }

    public bool Tty { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public ContainerHostConfiguration? HostConfig { get; init; }
}

/// <summary>What the host gives to a container, and what it withholds.</summary>
public sealed record ContainerHostConfiguration
{
    public string? NetworkMode { get; init; }

    public IReadOnlyList<string>? CapDrop { get; init; }

    public IReadOnlyList<string>? SecurityOpt { get; init; }

    public bool ReadonlyRootfs { get; init; }

    /// <summary>Mount options of each temporary file system by its path.</summary>
    public IReadOnlyDictionary<string, string>? Tmpfs { get; init; }

    public IReadOnlyList<ContainerMount>? Mounts { get; init; }

    /// <summary>In bytes; 0 is unlimited.</summary>
    public long Memory { get; init; }

    /// <summary>Memory and swap together, in bytes: equal to <see cref="Memory"/> means no swap.</summary>
    public long MemorySwap { get; init; }

    /// <summary>CPU time in billionths of a CPU; 0 is unlimited.</summary>
    public long NanoCpus { get; init; }

    public long? PidsLimit { get; init; }

    public IReadOnlyList<ContainerUlimit>? Ulimits { get; init; }

    public int OomScoreAdj { get; init; }

    /// <summary>Runs an init process that reaps zombies and forwards signals.</summary>
    public bool? Init { get; init; }

    public ContainerLogConfiguration? LogConfig { get; init; }
}

/// <param name="Type"><c>volume</c>, <c>bind</c> or <c>tmpfs</c>.</param>
/// <param name="Source">The volume's name.</param>
/// <param name="Target">The absolute path in the container.</param>
public sealed record ContainerMount(string Type, string Source, string Target, bool ReadOnly = false)
{
    public ContainerVolumeOptions? VolumeOptions { get; init; }
}

/// <param name="NoCopy">A new volume stays empty instead of getting what the image has at the mount point, with its owner.</param>
public sealed record ContainerVolumeOptions(bool NoCopy);

public sealed record ContainerUlimit(string Name, long Soft, long Hard);

/// <param name="Type">The log driver; <c>none</c> keeps nothing, attached readers still get everything.</param>
public sealed record ContainerLogConfiguration(string Type, IReadOnlyDictionary<string, string>? Config = null);

public sealed record ContainerSummary
{
    public required string Id { get; init; }

    public IReadOnlyList<string> Names { get; init; } = [];

    public string? Image { get; init; }

    /// <summary><c>created</c>, <c>running</c>, <c>exited</c> and so on.</summary>
    public string? State { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

public sealed record ContainerDetails
{
    public required string Id { get; init; }

    public string? Name { get; init; }

    public required ContainerState State { get; init; }

    public ContainerConfigurationDetails? Config { get; init; }

    public ContainerHostDetails? HostConfig { get; init; }
}

public sealed record ContainerState
{
    public string? Status { get; init; }

    public bool Running { get; init; }

    /// <summary>Whether the kernel killed something in the container because its memory limit was reached.</summary>
    [JsonPropertyName("OOMKilled")]
    public bool OomKilled { get; init; }

    public int ExitCode { get; init; }

    public string? Error { get; init; }
}

public sealed record ContainerConfigurationDetails
{
    public bool Tty { get; init; }

    public string? User { get; init; }

    public string? WorkingDir { get; init; }

    public IReadOnlyList<string>? Entrypoint { get; init; }

    public IReadOnlyList<string>? Cmd { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

public sealed record ContainerHostDetails
{
    public IReadOnlyList<string>? ExtraHosts { get; init; }
}

public enum OutputSource
{
    Input = 0,
    Output = 1,
    Error = 2,
}

/// <param name="Stream">Where the container wrote it.</param>
/// <param name="Data">Valid until the next piece is asked for.</param>
public readonly record struct ContainerOutput(OutputSource Stream, ReadOnlyMemory<byte> Data);

public sealed record ContainerLogsRequest
{
    /// <summary>Goes on until the container ends.</summary>
    public bool Follow { get; init; }

    /// <summary>Only the last lines; <see langword="null"/> is all.</summary>
    public int? Tail { get; init; }

    public bool Timestamps { get; init; }
}

public sealed record ExecRequest(IReadOnlyList<string> Command)
{
    public IReadOnlyList<string> Environment { get; init; } = [];

    public string? User { get; init; }

    public string? WorkingDirectory { get; init; }

    /// <summary>How much of the output is kept: the first and the last half of it.</summary>
    public int OutputBytes { get; init; } = 256 * 1024;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);
}

/// <param name="OutputBytes">How much it printed in all.</param>
public sealed record ExecResult(int ExitCode, string Output, long OutputBytes);

/// <summary>How an image is built: the parameters of <c>POST /build</c>.</summary>
public sealed record EngineBuildRequest
{
    /// <summary>Path of the Dockerfile in the context.</summary>
    public string Dockerfile { get; init; } = "Dockerfile";

    public required string Tag { get; init; }

    /// <summary>Further names for the image.</summary>
    public IReadOnlyList<string> MoreTags { get; init; } = [];

    public IReadOnlyDictionary<string, string> BuildArgs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Each one is a step of the build for Docker's classic builder: a container made, committed and removed.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public string NetworkMode { get; init; } = "none";

    /// <summary>Additional lines of <c>/etc/hosts</c> in build containers, each as <c>name:address</c>.</summary>
    public IReadOnlyList<string> ExtraHosts { get; init; } = [];

    /// <summary>In bytes, swap included; 0 is unlimited.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>0 is unlimited.</summary>
    public double Cpus { get; init; }

    public bool NoCache { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>One message of a build, a pull, a push or an import.</summary>
public sealed record ImageProgress
{
    /// <summary>Build output.</summary>
    public string? Stream { get; init; }

    public string? Status { get; init; }

    /// <summary>The layer that <see cref="Status"/> is about.</summary>
    public string? Id { get; init; }

    /// <summary>What went wrong; nothing follows it.</summary>
    public string? Error { get; init; }

    public ImageErrorDetail? ErrorDetail { get; init; }

    /// <summary>What the engine hands to programs: the built image's id, a pushed image's digest.</summary>
    public JsonElement? Aux { get; init; }

    /// <summary>The id of the image that has been built, where this message brings it.</summary>
    [JsonIgnore]
    public string? ImageId => Aux is { ValueKind: JsonValueKind.Object } aux
        && aux.TryGetProperty("ID", out var id)
        && id.ValueKind == JsonValueKind.String
        ? id.GetString()
        : null;
}

public sealed record ImageErrorDetail(string? Message, int? Code);

public sealed record ImageSummary
{
    public required string Id { get; init; }

    public IReadOnlyList<string>? RepoTags { get; init; }

    /// <summary>Seconds since 1970-01-01T00:00:00Z.</summary>
    public long Created { get; init; }

    public long Size { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

public sealed record ImageDetails
{
    public required string Id { get; init; }

    public IReadOnlyList<string>? RepoTags { get; init; }

    public IReadOnlyList<string>? RepoDigests { get; init; }

    public DateTimeOffset? Created { get; init; }

    public long Size { get; init; }

    public ContainerConfigurationDetails? Config { get; init; }
}

public sealed record VolumeDetails
{
    public required string Name { get; init; }

    public string? Driver { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

public sealed record NetworkDetails
{
    public required string Id { get; init; }

    public required string Name { get; init; }

    public string? Driver { get; init; }

    public bool Internal { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Something that happened in the engine.</summary>
public sealed record EngineEvent
{
    public string? Type { get; init; }

    /// <summary>For a container for example <c>kill</c>, <c>oom</c>, <c>die</c>.</summary>
    public string? Action { get; init; }

    public EngineEventActor? Actor { get; init; }
}

public sealed record EngineEventActor
{
    [JsonPropertyName("ID")]
    public string? Id { get; init; }

    public IReadOnlyDictionary<string, string>? Attributes { get; init; }
}

/// <param name="Deleted">Ids or names of what has been removed.</param>
/// <param name="SpaceReclaimed">In bytes.</param>
public sealed record PruneResult(IReadOnlyList<string> Deleted, long SpaceReclaimed);

using System.Formats.Tar;
using System.Globalization;
using System.Text;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <inheritdoc cref="IContainerSandbox"/>
internal sealed class ContainerSandbox : IContainerSandbox
{
    private const int OpenFiles = 4096;

    /// <summary>What a shell says of a command that it cannot find.</summary>
    private const int NotFoundExitCode = 127;

    /// <summary>A command that a signal ended has this plus the signal's number as its exit code.</summary>
    private const int SignalExitCodes = 128;

    private const int KilledExitCode = SignalExitCodes + 9;

    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CleanUpTimeout = TimeSpan.FromSeconds(30);

    private readonly IDockerEngineClient _engine;
    private readonly ImageResolver _images;
    private readonly IArtifactStore _artifacts;
    private readonly IStageLog _log;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<ContainerSandbox> _logger;
    private readonly ResiliencePipeline _cleanUp;

    /// <summary>Whether the engine has an init program; known after the first start.</summary>
    private volatile bool _hasInit = true;

    public ContainerSandbox(
        IDockerEngineClient engine,
        IArtifactStore artifacts,
        IStageLog log,
        TimeProvider timeProvider,
        ILogger<ContainerSandbox> logger)
    {
        _engine = engine;
        _images = new ImageResolver(engine);
        _artifacts = artifacts;
        _log = log;
        _timeProvider = timeProvider;
        _logger = logger;
        _cleanUp = new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = 5,
                Delay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = new PredicateBuilder().Handle<ToolException>(),
            })
            .Build();
    }

    public async Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        Validate(request);
        var (image, _) = await _images.EnsureAsync(request.Image, cancellationToken);
        await RemoveEarlierTryAsync(request, cancellationToken);
        try
        {
            return await CreateAndRunAsync(request, image, cancellationToken);
        }
        catch (ToolException exception) when (_hasInit && EngineFailure.IsMissingInit(exception.Message))
        {
            _logger.LogInformation("The engine has no init program: commands that leave zombies behind are on their own.");
            _hasInit = false;
            return await CreateAndRunAsync(request, image, cancellationToken);
        }
    }

    private async Task<SandboxResult> CreateAndRunAsync(SandboxRequest request, ImageDetails image, CancellationToken cancellationToken)
    {
        var sandbox = new Sandbox(request, image);
        try
        {
            await CreateAsync(sandbox, cancellationToken);
            return await RunAsync(sandbox, cancellationToken);
        }
        finally
        {
            await CleanUpAsync(sandbox);
        }
    }

    private static void Validate(SandboxRequest request)
    {
        var limits = request.Limits;
        var problem = request switch
        {
            { Command.Count: 0 } => "the command is empty",
            { WorkingDirectory: var directory } when !IsAbsolute(directory) || (directory is "/" && HasVolume(request)) => $"the working directory '{directory}' is no absolute path below the root",
            _ when limits.MemoryBytes < 6L * 1024 * 1024 => $"a memory limit of {limits.MemoryBytes} bytes is below the engine's minimum of 6 MiB",
            _ when !(limits.Cpus >= 0.01) => $"a limit of {limits.Cpus.ToString(CultureInfo.InvariantCulture)} CPUs is below the engine's minimum of 0.01",
            _ when limits.Processes < 1 => "the limit on processes has to be at least 1",
            _ when limits.Timeout <= TimeSpan.Zero => "the timeout has to be positive",
            _ when limits.OutputBytes < 2 => "the limit on output has to be at least 2 bytes",
            _ when limits.FileBytes < 1 => "the limit on files has to be at least 1 byte",
            _ => request.Collect.FirstOrDefault(path => !IsBelow(path, request.WorkingDirectory)) is { } outside
                ? $"'{outside}' cannot be collected: only what lies below the working directory {request.WorkingDirectory} outlives the command"
                : null,
        };
        if (problem is not null)
        {
            throw new ToolException(DockerEngineClient.ToolName, $"stage {request.Stage} cannot run: {problem}.");
        }

        static bool HasVolume(SandboxRequest request) => request.Workspace is not null || request.Collect.Count > 0;

        static bool IsAbsolute(string path) =>
            path.StartsWith('/') && !path.Split('/').Any(segment => segment is ".." or ".") && !path.Contains('\0', StringComparison.Ordinal);

        static bool IsBelow(string path, string directory) =>
            IsAbsolute(path) && path.StartsWith($"{directory.TrimEnd('/')}/", StringComparison.Ordinal) && !path.EndsWith('/');
    }

    private async Task RemoveEarlierTryAsync(SandboxRequest request, CancellationToken cancellationToken)
    {
        await _engine.RemoveContainerAsync(RunName.OfContainer(request.RunId, request.Stage), cancellationToken);
        await _engine.RemoveContainerAsync(RunName.OfLoader(request.RunId, request.Stage), cancellationToken);
        foreach (var volume in await _engine.ListVolumesAsync([DockerLabels.OfRun(request.RunId), DockerLabels.OfStage(request.Stage)], cancellationToken))
        {
            await _engine.RemoveVolumeAsync(volume.Name, cancellationToken);
        }
    }

    private async Task CreateAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var request = sandbox.Request;
        var labels = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [DockerLabels.Run] = RunName.Of(request.RunId),
            [DockerLabels.Stage] = request.Stage,
        };
        if (sandbox.Volume is { } volume)
        {
            await _engine.CreateVolumeAsync(volume, labels, cancellationToken, sandbox.UserId);
            await LoadAsync(sandbox, volume, labels, cancellationToken);
        }

        sandbox.Container = RunName.OfContainer(request.RunId, request.Stage);
        sandbox.Container = await _engine.CreateContainerAsync(sandbox.Container, Configure(sandbox, labels), cancellationToken);
    }

    // The engine leaves the directory that it unpacks into to its owner, which for a new volume is root. Unpacked from the root of another
    // container, one that never starts and so may have a writable root, the volume's own directory is an entry of the archive like any other.
    // Where the archive would not reach the volume from there, the volume has had its owner since it was created.
    private async Task LoadAsync(Sandbox sandbox, string volume, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = sandbox.Request;
        sandbox.Loader = RunName.OfLoader(request.RunId, request.Stage);
        sandbox.Loader = await _engine.CreateContainerAsync(
            sandbox.Loader,
            new ContainerConfiguration
            {
                Image = sandbox.Image.Id,
                Entrypoint = [],
                Cmd = request.Command,
                Labels = labels,
                HostConfig = new ContainerHostConfiguration { NetworkMode = "none", Mounts = [MountOf(volume, request)] },
            },
            cancellationToken);
        var (directory, root) = (await _engine.GetTraitsAsync(cancellationToken)).UnpacksIntoMounts
            ? ("/", request.WorkingDirectory.Trim('/'))
            : (request.WorkingDirectory, ".");
        await _engine.PutArchiveAsync(
            sandbox.Loader,
            directory,
            (stream, token) => WriteWorkspaceAsync(request, root, sandbox.UserId, stream, token),
            cancellationToken);
        await _engine.RemoveContainerAsync(sandbox.Loader, cancellationToken);
        sandbox.Loader = "";
    }

    private static ContainerMount MountOf(string volume, SandboxRequest request) =>
        new("volume", volume, request.WorkingDirectory) { VolumeOptions = new ContainerVolumeOptions(NoCopy: true) };

    private ContainerConfiguration Configure(Sandbox sandbox, IReadOnlyDictionary<string, string> labels)
    {
        var request = sandbox.Request;
        var limits = request.Limits;
        var temporaryBytes = Math.Max(limits.MemoryBytes / 2, 1024 * 1024);
        return new ContainerConfiguration
        {
            Image = sandbox.Image.Id,
            Entrypoint = [],
            Cmd = request.Command,
            Env = [.. Environment(request)],
            User = sandbox.User,
            WorkingDir = request.WorkingDirectory,
            Labels = labels,
            HostConfig = new ContainerHostConfiguration
            {
                NetworkMode = request.NetworkOf is { } other ? $"container:{other}" : "none",
                CapDrop = ["ALL"],
                SecurityOpt = ["no-new-privileges"],
                ReadonlyRootfs = true,
                Tmpfs = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["/tmp"] = string.Create(CultureInfo.InvariantCulture, $"rw,exec,nosuid,nodev,size={temporaryBytes},mode=1777"),
                },
                Mounts = sandbox.Volume is { } volume ? [MountOf(volume, request)] : null,
                Memory = limits.MemoryBytes,
                MemorySwap = limits.MemoryBytes,
                NanoCpus = (long)(limits.Cpus * 1_000_000_000),
                PidsLimit = limits.Processes,
                Ulimits =
                [
                    new ContainerUlimit("nofile", OpenFiles, OpenFiles),
                    new ContainerUlimit("fsize", limits.FileBytes, limits.FileBytes),
                    new ContainerUlimit("core", 0, 0),
                ],
                OomScoreAdj = 500,
                Init = _hasInit,
                LogConfig = new ContainerLogConfiguration("none"),
            },
        };
    }

    /// <summary>What the request says and nothing of ours; a home that can be written to, as the user's own may not exist.</summary>
    private static IEnumerable<string> Environment(SandboxRequest request)
    {
        if (!request.Environment.ContainsKey("HOME"))
        {
            yield return "HOME=/tmp";
        }

        foreach (var (name, value) in request.Environment)
        {
            yield return $"{name}={value}";
        }
    }

    private async Task WriteWorkspaceAsync(SandboxRequest request, string root, int user, Stream destination, CancellationToken cancellationToken)
    {
        await using var source = request.Workspace is { } workspace ? await _artifacts.OpenReadAsync(workspace.Archive.Key, cancellationToken) : null;
        await using var writer = new TarWriter(destination, TarEntryFormat.Gnu, leaveOpen: true);
        await WorkspaceArchive.CopyAsync(source, writer, user, path => path.Length == 0 ? root : $"{root}/{path}", cancellationToken, root);
    }

    private async Task<SandboxResult> RunAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        var limits = sandbox.Request.Limits;
        var output = new BoundedOutput(limits.OutputBytes);
        int exitCode;
        bool timedOut;
        TimeSpan duration;
        await using (var log = new StageLogWriter(_log, sandbox.Request.RunId, sandbox.Request.Stage, limits.OutputBytes, _timeProvider, _logger))
        await using (var attachment = await AttachAsync(sandbox, cancellationToken))
        {
            if (attachment is null)
            {
                return NoSuchCommand(sandbox, output, log);
            }

            using var stopReading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var reading = ReadAsync(attachment, output, log, stopReading.Token);
            try
            {
                if (!await TryStartAsync(sandbox, cancellationToken))
                {
                    return NoSuchCommand(sandbox, output, log);
                }

                var started = _timeProvider.GetTimestamp();
                (exitCode, timedOut) = await WaitAsync(sandbox, cancellationToken);
                duration = _timeProvider.GetElapsedTime(started);
                await reading.WaitAsync(KillTimeout, _timeProvider, cancellationToken);
            }
            catch (TimeoutException exception)
            {
                throw new ToolUnavailableException(DockerEngineClient.ToolName, $"the output of stage {sandbox.Request.Stage} did not end with its container.", exception);
            }
            finally
            {
                await stopReading.CancelAsync();
                await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        var ending = timedOut ? SandboxEnding.TimedOut : await ClassifyAsync(sandbox, exitCode, cancellationToken);
        var files = await CollectAsync(sandbox, output, cancellationToken);
        return new SandboxResult(ending, ending is SandboxEnding.Exited ? exitCode : null, output.ToOutput().Text, output.TotalBytes, duration)
        {
            Files = files,
        };
    }

    private static async Task ReadAsync(ContainerAttachment attachment, BoundedOutput output, StageLogWriter log, CancellationToken cancellationToken)
    {
        await foreach (var piece in attachment.ReadAsync(cancellationToken))
        {
            output.Append(piece.Data.Span);
            log.Append(piece.Data.Span);
        }
    }

    private static SandboxResult NoSuchCommand(Sandbox sandbox, BoundedOutput output, StageLogWriter log)
    {
        var refusal = $"{sandbox.Request.Command[0]}: the image has no such command\n";
        output.Append(Encoding.UTF8.GetBytes(refusal));
        log.Append(refusal);
        return new SandboxResult(SandboxEnding.Exited, NotFoundExitCode, output.ToOutput().Text, output.TotalBytes, TimeSpan.Zero);
    }

    /// <returns><see langword="null"/> where the image has no such command: Podman looks for it as soon as somebody attaches.</returns>
    private async Task<ContainerAttachment?> AttachAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        try
        {
            return await _engine.AttachContainerAsync(sandbox.Container, cancellationToken);
        }
        catch (ToolException exception) when (IsMissingCommand(exception))
        {
            return null;
        }
    }

    /// <returns>Whether the image has such a command.</returns>
    private async Task<bool> TryStartAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        try
        {
            await _engine.StartContainerAsync(sandbox.Container, cancellationToken);
            return true;
        }
        catch (ToolException exception) when (IsMissingCommand(exception))
        {
            return false;
        }
    }

    private static bool IsMissingCommand(ToolException exception) =>
        EngineFailure.IsMissingCommand(exception.Message) && !EngineFailure.IsMissingInit(exception.Message);

    private async Task<(int ExitCode, bool TimedOut)> WaitAsync(Sandbox sandbox, CancellationToken cancellationToken)
    {
        try
        {
            return (await _engine.WaitContainerAsync(sandbox.Container, sandbox.Request.Limits.Timeout, cancellationToken), false);
        }
        catch (ToolTimeoutException)
        {
            await _engine.KillContainerAsync(sandbox.Container, cancellationToken);
            return (await _engine.WaitContainerAsync(sandbox.Container, KillTimeout, cancellationToken), true);
        }
        catch (ToolNotFoundException)
        {
            return (KilledExitCode, false);
        }
    }

    private async Task<SandboxEnding> ClassifyAsync(Sandbox sandbox, int exitCode, CancellationToken cancellationToken)
    {
        ContainerState state;
        try
        {
            state = (await _engine.InspectContainerAsync(sandbox.Container, cancellationToken)).State;
        }
        catch (ToolNotFoundException)
        {
            return SandboxEnding.Killed;
        }

        if (exitCode == 0)
        {
            return SandboxEnding.Exited;
        }

        if (state.OomKilled)
        {
            return SandboxEnding.OutOfMemory;
        }

        if (exitCode <= SignalExitCodes)
        {
            return SandboxEnding.Exited;
        }

        // A signal ended it: the engine knows whether it was asked to send one, and sometimes learns of the memory limit only after the end.
        var events = await _engine.GetContainerEventsAsync(sandbox.Container, cancellationToken);
        return events.Any(item => item.Action is "oom") ? SandboxEnding.OutOfMemory
            : events.Any(item => item.Action is "kill") ? SandboxEnding.Killed
            : exitCode == KilledExitCode && !(await _engine.GetTraitsAsync(cancellationToken)).ReportsMemoryKills ? SandboxEnding.OutOfMemory
            : SandboxEnding.Exited;
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> CollectAsync(Sandbox sandbox, BoundedOutput output, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var path in sandbox.Request.Collect.Distinct(StringComparer.Ordinal))
        {
            try
            {
                await _engine.GetArchiveAsync(sandbox.Container, path, async (stream, token) =>
                {
                    if (await ReadSingleFileAsync(stream, path, sandbox.Request.Limits.FileBytes, output, token) is { } content)
                    {
                        files[path] = content;
                    }
                }, cancellationToken);
            }
            catch (ToolNotFoundException)
            {
                continue;
            }
        }

        return files;
    }

    private static async Task<byte[]?> ReadSingleFileAsync(Stream tar, string path, long limit, BoundedOutput output, CancellationToken cancellationToken)
    {
        await using var reader = new TarReader(tar, leaveOpen: true);
        var entry = await reader.GetNextEntryAsync(copyData: false, cancellationToken);
        if (entry is not { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile })
        {
            return null;
        }

        if (entry.Length > Math.Min(limit, Array.MaxLength))
        {
            var notice = string.Create(CultureInfo.InvariantCulture, $"\n[{path} was not collected: it has {entry.Length} bytes, and {limit} are allowed]\n");
            output.Append(Encoding.UTF8.GetBytes(notice));
            return null;
        }

        var content = new byte[entry.Length];
        if (entry.DataStream is { } data)
        {
            await data.ReadExactlyAsync(content, cancellationToken);
        }

        return content;
    }

    /// <summary>Removes the container and its volume in any case: neither the caller's cancellation nor a failing engine is a reason to leave early.</summary>
    private async Task CleanUpAsync(Sandbox sandbox)
    {
        using var deadline = new CancellationTokenSource(CleanUpTimeout, _timeProvider);
        try
        {
            await _cleanUp.ExecuteAsync(async token =>
            {
                foreach (var container in new[] { sandbox.Loader, sandbox.Container }.Where(container => container.Length > 0))
                {
                    await _engine.RemoveContainerAsync(container, token);
                }

                if (sandbox.Volume is { } volume)
                {
                    await _engine.RemoveVolumeAsync(volume, token);
                }
            }, deadline.Token);
        }
        catch (Exception exception) when (exception is ToolException or OperationCanceledException)
        {
            _logger.LogWarning(
                exception,
                "The container of stage {Stage} of run {RunId} may be left in the engine; the next try of the stage or the end of the run removes it.",
                sandbox.Request.Stage,
                sandbox.Request.RunId);
        }
    }

    private sealed class Sandbox
    {
        private const int DefaultUser = 1000;

        public Sandbox(SandboxRequest request, ImageDetails image)
        {
            Request = request;
            Image = image;
            Volume = request.Workspace is null && request.Collect.Count == 0 ? null : RunName.OfVolume(request.RunId, request.Stage);
            var parts = (image.Config?.User ?? "").Split(':');
            (User, UserId) = parts.All(part => part.Length > 0 && part.All(char.IsAsciiDigit)) && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var id) && id > 0
                ? (string.Join(':', parts), id)
                : ($"{DefaultUser}:{DefaultUser}", DefaultUser);
        }

        public SandboxRequest Request { get; }

        public ImageDetails Image { get; }

        /// <summary>The writable volume at the working directory, where there is one.</summary>
        public string? Volume { get; }

        /// <summary>The image's user where it is a number other than root's, else one that no file of the image belongs to.</summary>
        public string User { get; }

        public int UserId { get; }

        /// <summary>The container's id, or its name until the engine has told the id.</summary>
        public string Container { get; set; } = "";

        /// <summary>The container through which the volume is filled, while it exists.</summary>
        public string Loader { get; set; } = "";
    }
}

using System.Formats.Tar;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Json;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Activities.Experts.Docker;

/// <summary>Builds an image of a workspace and tells what went wrong in the Dockerfile's own terms.</summary>
internal sealed partial class ImageBuilder(
    IDockerEngineClient engine,
    RunResources resources,
    IArtifactStore artifacts,
    IStageLog log,
    TimeProvider timeProvider,
    ILogger logger)
{
    private const string IgnoreFile = ".dockerignore";

    /// <summary>The name in the context of a Dockerfile that stands outside it.</summary>
    private const string OutsideDockerfile = ".atomicdevops.Dockerfile";

    private const int TextFileLimit = 1024 * 1024;
    private const int Attempts = 3;

    private static readonly TimeSpan CleanUpTimeout = TimeSpan.FromSeconds(30);

    public async Task<ImageBuildResult> BuildAsync(ImageBuildRequest request, CancellationToken cancellationToken)
    {
        var build = Plan(request);
        var started = timeProvider.GetTimestamp();
        if (await FindEarlierAsync(build, cancellationToken) is { } earlier)
        {
            return earlier with { Duration = timeProvider.GetElapsedTime(started) };
        }

        var (files, hasContext) = await ReadFilesAsync(build, cancellationToken);
        if (CheckDockerfile(build, files, hasContext) is { } invalid)
        {
            return invalid with { Duration = timeProvider.GetElapsedTime(started) };
        }

        var dockerfile = files[build.Dockerfile]!;
        var ignore = files.TryGetValue(build.InContext(IgnoreFile), out var rules) ? DockerIgnore.Parse(Encoding.UTF8.GetString(rules!)) : DockerIgnore.Empty;
        var instructions = Dockerfile.Parse(Encoding.UTF8.GetString(dockerfile));
        for (var attempt = 1; ; attempt++)
        {
            var left = request.Limits.Timeout - timeProvider.GetElapsedTime(started);
            var result = await TryBuildAsync(build, dockerfile, ignore, instructions, left, cancellationToken);
            if (result is not { Outcome: ImageBuildOutcome.Failed, Error: { } error } || !EngineFailure.IsVanishedLayer(error) || attempt == Attempts)
            {
                return result with { Duration = timeProvider.GetElapsedTime(started) };
            }
        }
    }

    private static Build Plan(ImageBuildRequest request)
    {
        var limits = request.Limits;
        var problem = limits switch
        {
            { MemoryBytes: < 6L * 1024 * 1024 } => $"a memory limit of {limits.MemoryBytes} bytes is below the engine's minimum of 6 MiB",
            { Cpus: not >= 0.01 } => $"a limit of {limits.Cpus.ToString(CultureInfo.InvariantCulture)} CPUs is below the engine's minimum of 0.01",
            _ when limits.Timeout <= TimeSpan.Zero => "the timeout has to be positive",
            { OutputBytes: < 2 } => "the limit on output has to be at least 2 bytes",
            _ => null,
        };
        return problem is null
            ? new Build(request)
            : throw new ToolException(DockerEngineClient.ToolName, $"the image of run {request.RunId} cannot be built: {problem}.");
    }

    private async Task<ImageBuildResult?> FindEarlierAsync(Build build, CancellationToken cancellationToken)
    {
        try
        {
            var image = await engine.InspectImageAsync(build.InputTag, cancellationToken);
            await engine.TagImageAsync(image.Id, build.Tag, cancellationToken);
            return new ImageBuildResult(ImageBuildOutcome.Succeeded, build.Tag) { ImageId = image.Id, SizeBytes = image.Size, Reused = true };
        }
        catch (ToolNotFoundException)
        {
            return null;
        }
    }

    private async Task<(IReadOnlyDictionary<string, byte[]?> Files, bool HasContext)> ReadFilesAsync(Build build, CancellationToken cancellationToken)
    {
        await using var archive = await artifacts.OpenReadAsync(build.Request.Workspace.Archive.Key, cancellationToken);
        var paths = new HashSet<string>([build.Dockerfile, build.InContext(IgnoreFile)], StringComparer.Ordinal);
        return await WorkspaceArchive.ReadFilesAsync(archive, paths, build.Context, TextFileLimit, cancellationToken);
    }

    private static ImageBuildResult? CheckDockerfile(Build build, IReadOnlyDictionary<string, byte[]?> files, bool hasContext)
    {
        if (!files.ContainsKey(build.Dockerfile))
        {
            return new ImageBuildResult(ImageBuildOutcome.DockerfileMissing, build.Tag) { Error = $"The commit has no file '{build.Dockerfile}'." };
        }

        if (!hasContext)
        {
            return new ImageBuildResult(ImageBuildOutcome.DockerfileMissing, build.Tag) { Error = $"The commit has no directory '{build.Context}' to build in." };
        }

        return files.FirstOrDefault(file => file.Value is null).Key is { } tooLarge
            ? new ImageBuildResult(ImageBuildOutcome.DockerfileInvalid, build.Tag)
            {
                Error = string.Create(CultureInfo.InvariantCulture, $"'{tooLarge}' is larger than {TextFileLimit} bytes."),
            }
            : null;
    }

    private async Task<ImageBuildResult> TryBuildAsync(
        Build build,
        byte[] dockerfile,
        DockerIgnore ignore,
        IReadOnlyList<DockerfileInstruction> instructions,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        if (timeout <= TimeSpan.Zero)
        {
            return TimedOut(build);
        }

        var output = new BuildOutput(build.Request.Limits.OutputBytes);
        var since = timeProvider.GetUtcNow();
        var result = default(ImageBuildResult);
        try
        {
            result = await RunAsync(build, dockerfile, ignore, timeout, output, cancellationToken);
        }
        catch (DockerEngineException exception) when (IsAboutDockerfile(exception.EngineMessage))
        {
            result = new ImageBuildResult(ImageBuildOutcome.DockerfileInvalid, build.Tag) { Error = exception.EngineMessage };
        }
        catch (ToolTimeoutException)
        {
            result = TimedOut(build);
        }
        finally
        {
            if (result is not { Outcome: ImageBuildOutcome.Succeeded })
            {
                await CleanUpAsync(build, output.NewImage, since);
            }
        }

        result = result with
        {
            Steps = output.Step,
            CachedSteps = output.CachedSteps,
            Output = output.Text.ToOutput().Text,
            OutputBytes = output.Text.TotalBytes,
        };
        return result.Outcome is ImageBuildOutcome.Succeeded
            ? result
            : result with { FailedStep = output.Instruction, FailedLine = FindLine(result, output, instructions) };
    }

    private static ImageBuildResult TimedOut(Build build) => new(ImageBuildOutcome.TimedOut, build.Tag)
    {
        Error = $"The build did not end within {build.Request.Limits.Timeout}.",
    };

    private static bool IsAboutDockerfile(string message) => message.Contains("dockerfile", StringComparison.OrdinalIgnoreCase) || InvalidPattern().IsMatch(message);

    private static int? FindLine(ImageBuildResult result, BuildOutput output, IReadOnlyList<DockerfileInstruction> instructions)
    {
        if (result.Error is { } error && ParseErrorPattern().Match(error) is { Success: true } match)
        {
            return int.Parse(match.Groups["line"].Value, CultureInfo.InvariantCulture);
        }

        return output.Step > 0 && output.Step <= instructions.Count
            && output.Instruction!.StartsWith(instructions[output.Step - 1].Keyword, StringComparison.OrdinalIgnoreCase)
            ? instructions[output.Step - 1].Line
            : null;
    }

    private async Task<ImageBuildResult> RunAsync(
        Build build,
        byte[] dockerfile,
        DockerIgnore ignore,
        TimeSpan timeout,
        BuildOutput output,
        CancellationToken cancellationToken)
    {
        var request = build.Request;
        var engineRequest = new EngineBuildRequest
        {
            Dockerfile = build.DockerfileInContext,
            Tag = build.Tag,
            MoreTags = [build.InputTag],
            BuildArgs = request.BuildArgs,
            Labels = new Dictionary<string, string>(request.Labels, StringComparer.Ordinal)
            {
                [DockerLabels.Run] = RunName.Of(request.RunId),
            },
            NetworkMode = request.NetworkMode,
            ExtraHosts = [$"{RunName.OfBuildHost(request.RunId)}:127.0.0.1"],
            MemoryBytes = request.Limits.MemoryBytes,
            Cpus = request.Limits.Cpus,
            Timeout = timeout,
        };
        await using var stageLog = new StageLogWriter(log, request.RunId, request.Stage, request.Limits.OutputBytes, timeProvider, logger);
        var messages = engine.BuildImageAsync(
            engineRequest,
            (stream, token) => WriteContextAsync(build, dockerfile, ignore, stream, token),
            cancellationToken);
        await foreach (var message in messages)
        {
            if (output.Append(message) is { } text)
            {
                stageLog.Append(text);
            }
        }

        return output.Failure is { } failure
            ? await ClassifyAsync(build, failure, output, cancellationToken)
            : await FindImageAsync(build, output, cancellationToken);
    }

    private async Task<ImageBuildResult> FindImageAsync(Build build, BuildOutput output, CancellationToken cancellationToken)
    {
        try
        {
            var image = await engine.InspectImageAsync(output.ImageId ?? build.Tag, cancellationToken);
            return new ImageBuildResult(ImageBuildOutcome.Succeeded, build.Tag) { ImageId = image.Id, SizeBytes = image.Size };
        }
        catch (ToolNotFoundException exception)
        {
            throw new ToolUnavailableException(DockerEngineClient.ToolName, $"the build of {build.Tag} ended with neither an image nor an error.", exception);
        }
    }

    private async Task<ImageBuildResult> ClassifyAsync(
        Build build,
        ImageProgress failure,
        BuildOutput output,
        CancellationToken cancellationToken)
    {
        var message = failure.ErrorDetail?.Message ?? failure.Error!;
        var startsFrom = output.Instruction?.StartsWith("FROM", StringComparison.OrdinalIgnoreCase) is true
            || message.Contains("invalid from flag value", StringComparison.OrdinalIgnoreCase);
        var outcome = startsFrom && (EngineFailure.IsMissingImage(message) || EngineFailure.IsUnreachableRegistry(message)) ? ImageBuildOutcome.BaseImageUnavailable
            : startsFrom || InvalidPattern().IsMatch(message) ? ImageBuildOutcome.DockerfileInvalid
            : failure.ErrorDetail?.Code is not null ? await ClassifyExitAsync(build, output.Container, cancellationToken)
            : EngineFailure.IsStopping(message) ? throw new ToolUnavailableException(DockerEngineClient.ToolName, $"the engine ended the build of {build.Tag}: {message}")
            : ImageBuildOutcome.Failed;
        return new ImageBuildResult(outcome, build.Tag) { Error = message };
    }

    private async Task<ImageBuildOutcome> ClassifyExitAsync(Build build, string? container, CancellationToken cancellationToken)
    {
        if (container is null)
        {
            return ImageBuildOutcome.Failed;
        }

        var events = await engine.GetContainerEventsAsync(container, cancellationToken);
        return events.Any(item => item.Action is "oom") ? ImageBuildOutcome.OutOfMemory
            : events.Any(item => item.Action is "kill")
                ? throw new ToolUnavailableException(DockerEngineClient.ToolName, $"somebody, or the engine when it stopped, killed a step of the build of {build.Tag}.")
            : ImageBuildOutcome.Failed;
    }

    private async Task WriteContextAsync(Build build, byte[] dockerfile, DockerIgnore ignore, Stream destination, CancellationToken cancellationToken)
    {
        await using var source = await artifacts.OpenReadAsync(build.Request.Workspace.Archive.Key, cancellationToken);
        await using var writer = new TarWriter(destination, TarEntryFormat.Gnu, leaveOpen: true);
        await WorkspaceArchive.CopyAsync(source, writer, owner: 0, Map, cancellationToken);
        if (build.DockerfileInContext is OutsideDockerfile)
        {
            using var content = new MemoryStream(dockerfile, writable: false);
            await writer.WriteEntryAsync(new GnuTarEntry(TarEntryType.RegularFile, OutsideDockerfile) { DataStream = content }, cancellationToken);
        }

        string? Map(string path)
        {
            var inContext = build.Context.Length == 0 ? path
                : path.StartsWith($"{build.Context}/", StringComparison.Ordinal) ? path[(build.Context.Length + 1)..]
                : "";
            return string.Equals(inContext, build.DockerfileInContext, StringComparison.Ordinal) || !ignore.Excludes(inContext) ? inContext : null;
        }
    }

    /// <summary>
    /// Removes the step's container and the layers of a build that came to nothing. The layer's id was read from the build's output, which the Dockerfile's
    /// author can forge; so only an image goes that has no name, is no older than the build, and that nothing else uses.
    /// </summary>
    private async Task CleanUpAsync(Build build, string? layer, DateTimeOffset since)
    {
        using var deadline = new CancellationTokenSource(CleanUpTimeout, timeProvider);
        try
        {
            await resources.RemoveBuildContainersAsync(build.Request.RunId, deadline.Token);
            if (layer is not null
                && await engine.InspectImageAsync(layer, deadline.Token) is { RepoTags: null or [], RepoDigests: null or [], Created: { } created }
                && created >= since)
            {
                await engine.RemoveImageAsync(layer, force: false, deadline.Token);
            }
        }
        catch (ToolNotFoundException)
        {
            // Somebody else removed it.
        }
        catch (DockerEngineException exception) when (exception.StatusCode is System.Net.HttpStatusCode.Conflict)
        {
            // Another build stands on the layer.
        }
        catch (Exception exception) when (exception is ToolException or OperationCanceledException)
        {
            logger.LogWarning(
                exception,
                "A container of the build of run {RunId} may be left in the engine; the next try or the end of the run removes it.",
                build.Request.RunId);
        }
    }

    [GeneratedRegex("parse error (?:on )?line (?<line>[0-9]{1,6})", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ParseErrorPattern();

    [GeneratedRegex("dockerfile parse error|no build stage in current context|unknown instruction|invalid reference format", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InvalidPattern();

    private sealed class Build
    {
        public Build(ImageBuildRequest request)
        {
            Request = request;
            Tag = request.Tag ?? RunName.OfImage(request.RunId);
            Context = WorkspaceArchive.NormalisePath(request.Context);
            Dockerfile = WorkspaceArchive.NormalisePath(request.Dockerfile);
            DockerfileInContext = Context.Length == 0 ? Dockerfile
                : Dockerfile.StartsWith($"{Context}/", StringComparison.Ordinal) ? Dockerfile[(Context.Length + 1)..]
                : OutsideDockerfile;
            InputTag = RunName.OfBuildInput(
                request.RunId,
                Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
                    new BuildInput(
                        request.Workspace.Archive.Sha256,
                        Dockerfile,
                        Context,
                        Sorted(request.BuildArgs),
                        Sorted(request.Labels),
                        request.NetworkMode),
                    JsonDefaults.Options))));
        }

        public ImageBuildRequest Request { get; }

        public string Tag { get; }

        /// <summary>The context's path in the workspace; empty is the root.</summary>
        public string Context { get; }

        /// <summary>The Dockerfile's path in the workspace.</summary>
        public string Dockerfile { get; }

        public string DockerfileInContext { get; }

        /// <summary>
        /// Says what the image was built of. A name, because it costs nothing: each label is a step of the build, and one that no cache has.
        /// </summary>
        public string InputTag { get; }

        public string InContext(string path) => Context.Length == 0 ? path : $"{Context}/{path}";

        private static SortedDictionary<string, string> Sorted(IReadOnlyDictionary<string, string> values) =>
            new(values.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);

        private sealed record BuildInput(
            string Workspace,
            string Dockerfile,
            string Context,
            SortedDictionary<string, string> BuildArgs,
            SortedDictionary<string, string> Labels,
            string NetworkMode);
    }
}

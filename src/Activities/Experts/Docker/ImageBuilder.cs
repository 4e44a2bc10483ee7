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

    /// <summary>
    /// The name in the context of the Dockerfile with the run's label. The author's own stays as it is: it may be part of what is built.
    /// </summary>
    private const string LabelledDockerfileName = ".atomicdevops.Dockerfile";

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

        var dockerfile = new LabelledDockerfile(files[build.Dockerfile]!, DockerLabels.Run, RunName.Of(request.RunId));
        var ignoreFile = files.TryGetValue(build.InContext(IgnoreFile), out var rules) ? rules : null;
        for (var attempt = 1; ; attempt++)
        {
            var left = request.Limits.Timeout - timeProvider.GetElapsedTime(started);
            var result = await TryBuildAsync(build, dockerfile, ignoreFile, left, cancellationToken);
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
        LabelledDockerfile dockerfile,
        byte[]? ignoreFile,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        if (timeout <= TimeSpan.Zero)
        {
            return TimedOut(build);
        }

        var output = new BuildOutput(build.Request.Limits.OutputBytes);
        var result = default(ImageBuildResult);
        try
        {
            result = await RunAsync(build, dockerfile, ignoreFile, timeout, output, cancellationToken);
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
                await CleanUpAsync(build);
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
            : result with
            {
                Error = result.Error is { } error ? WithOriginalLine(error, dockerfile) : null,
                FailedStep = output.Instruction,
                FailedLine = FindLine(result, output, dockerfile),
            };
    }

    private static ImageBuildResult TimedOut(Build build) => new(ImageBuildOutcome.TimedOut, build.Tag)
    {
        Error = $"The build did not end within {build.Request.Limits.Timeout}.",
    };

    private static bool IsAboutDockerfile(string message) => message.Contains("dockerfile", StringComparison.OrdinalIgnoreCase) || InvalidPattern().IsMatch(message);

    private static string WithOriginalLine(string error, LabelledDockerfile dockerfile) => ParseErrorPattern().Replace(
        error, match => match.Groups["before"].Value + dockerfile.OriginalLine(LineOf(match)).ToString(CultureInfo.InvariantCulture), count: 1);

    private static int? FindLine(ImageBuildResult result, BuildOutput output, LabelledDockerfile dockerfile)
    {
        if (result.Error is { } error && ParseErrorPattern().Match(error) is { Success: true } match)
        {
            return dockerfile.OriginalLine(LineOf(match));
        }

        var index = output.IndexIn(dockerfile.Instructions);
        return index >= 0 && index < dockerfile.Instructions.Count
            && output.Instruction!.StartsWith(dockerfile.Instructions[index].Keyword, StringComparison.OrdinalIgnoreCase)
            ? dockerfile.OriginalLine(dockerfile.Instructions[index].Line)
            : null;
    }

    private static int LineOf(Match parseError) => int.Parse(parseError.Groups["line"].Value, CultureInfo.InvariantCulture);

    private async Task<ImageBuildResult> RunAsync(
        Build build,
        LabelledDockerfile dockerfile,
        byte[]? ignoreFile,
        TimeSpan timeout,
        BuildOutput output,
        CancellationToken cancellationToken)
    {
        var request = build.Request;
        var engineRequest = new EngineBuildRequest
        {
            Dockerfile = LabelledDockerfileName,
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
            (stream, token) => WriteContextAsync(build, dockerfile, ignoreFile, stream, token),
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

    private async Task WriteContextAsync(
        Build build, LabelledDockerfile dockerfile, byte[]? ignoreFile, Stream destination, CancellationToken cancellationToken)
    {
        var ignore = ignoreFile is null ? DockerIgnore.Empty : DockerIgnore.Parse(Encoding.UTF8.GetString(ignoreFile));
        await using var source = await artifacts.OpenReadAsync(build.Request.Workspace.Archive.Key, cancellationToken);
        await using var writer = new TarWriter(destination, TarEntryFormat.Gnu, leaveOpen: true);
        await WorkspaceArchive.CopyAsync(source, writer, owner: 0, Map, cancellationToken);
        await WriteFileAsync(LabelledDockerfileName, dockerfile.Content);

        // What is named there, itself included, the engine reads and then takes out of the context: a COPY sees what the author has, and no more.
        var ours = ignoreFile is null ? $"{LabelledDockerfileName}\n{IgnoreFile}\n" : $"\n{LabelledDockerfileName}\n";
        await WriteFileAsync(IgnoreFile, [.. ignoreFile ?? [], .. Encoding.ASCII.GetBytes(ours)]);

        string? Map(string path)
        {
            var inContext = build.Context.Length == 0 ? path
                : path.StartsWith($"{build.Context}/", StringComparison.Ordinal) ? path[(build.Context.Length + 1)..]
                : "";
            return inContext is IgnoreFile || ignore.Excludes(inContext) ? null : inContext;
        }

        async Task WriteFileAsync(string name, byte[] content)
        {
            using var data = new MemoryStream(content, writable: false);
            await writer.WriteEntryAsync(new GnuTarEntry(TarEntryType.RegularFile, name) { DataStream = data }, cancellationToken);
        }
    }

    /// <summary>Removes what a build that came to nothing leaves in the engine.</summary>
    private async Task CleanUpAsync(Build build)
    {
        using var deadline = new CancellationTokenSource(CleanUpTimeout, timeProvider);
        try
        {
            if (!(await engine.GetTraitsAsync(deadline.Token)).ControlsBuildSteps)
            {
                logger.LogInformation(
                    "The engine cannot be told to end a step of a build: what the build of run {RunId} has begun goes on by itself, and the end of the run removes its layers.",
                    build.Request.RunId);
            }

            await resources.RemoveBuildLeftoversAsync(build.Request.RunId, deadline.Token);
        }
        catch (Exception exception) when (exception is ToolException or OperationCanceledException)
        {
            logger.LogWarning(
                exception,
                "Something of the build of run {RunId} may be left in the engine; the next try or the end of the run removes it.",
                build.Request.RunId);
        }
    }

    [GeneratedRegex("(?<before>parse error (?:on )?line )(?<line>[0-9]{1,6})", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ParseErrorPattern();

    [GeneratedRegex("dockerfile parse error|no build stage in current context|unknown instruction|invalid reference format|no FROM statement found", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex InvalidPattern();

    private sealed class Build
    {
        public Build(ImageBuildRequest request)
        {
            Request = request;
            Tag = request.Tag ?? RunName.OfImage(request.RunId);
            Context = WorkspaceArchive.NormalisePath(request.Context);
            Dockerfile = WorkspaceArchive.NormalisePath(request.Dockerfile);
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

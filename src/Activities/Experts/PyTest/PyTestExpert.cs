using System.Security.Cryptography;
using System.Text.Json;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Json;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Activities.Experts.PyTest;

/// <summary>Knows how to run a repository's Python tests, how to read what comes out, and when there is no need to run them again.</summary>
[Agent(AgentLayer.ToolExpertise, Name, "Runs Python tests in containers or locally, and explains their failures.")]
public sealed class PyTestExpert(IServiceProvider services, IPyTestClient client, IArtifactStore artifacts, IStageLog log, SecretRedactor redactor)
{
    internal const string Name = "PyTestExpert";
    private const string RunTestsName = "PyTestExpert_RunTests";
    private const string CollectTestsName = "PyTestExpert_CollectTests";
    private const string ContainerRoot = "/workspace";
    private const int OutputTailLength = 16_000;
    private const int MaxTestIds = 10_000;

    /// <summary>Part of every cache key: a change in how runs are started or judged makes earlier reports worthless.</summary>
    private const int CacheVersion = 1;

    public static ActivityCall<PyTestRequest, PyTestReport> RunTests { get; } = new(RunTestsName);

    public static ActivityCall<PyTestRequest, CollectedTests> CollectTests { get; } = new(CollectTestsName);

    /// <summary>Runs the tests, or answers from the cache where the same tree passed or failed in the same image in the same way before.</summary>
    /// <exception cref="ToolUnavailableException">The container engine cannot be reached, or somebody removed the container.</exception>
    /// <exception cref="ToolException">Tests may not run on this machine, or the workspace cannot be read.</exception>
    [Function(RunTestsName)]
    public async Task<PyTestReport> RunTestsAsync([ActivityTrigger] PyTestRequest input, CancellationToken cancellationToken)
    {
        if (PyTestCommandLine.FindProblem(input) is { } problem)
        {
            return new PyTestReport(PyTestOutcome.UsageError, PyTestCounts.None, TimeSpan.Zero, [], null, "", problem);
        }

        var cacheKey = CacheKey(input);
        if (cacheKey is not null && await ReadCacheAsync(cacheKey, cancellationToken) is { } cached)
        {
            var coverage = cached.Coverage is { } measured ? measured with { Threshold = input.CoverageThreshold } : null;
            return cached with { Cached = true, Coverage = coverage };
        }

        var commandLine = PyTestCommandLine.ForRun(input, Guid.NewGuid().ToString("N"));
        var run = await RunAsync(input, commandLine, cancellationToken);
        var report = PyTestVerdict.Judge(run, commandLine, input, Tail(run.Output));
        if (cacheKey is not null && report.Outcome is PyTestOutcome.Passed or PyTestOutcome.Failed)
        {
            await artifacts.WriteAsync(cacheKey!, (stream, token) => JsonSerializer.SerializeAsync(stream, report, JsonDefaults.Options, token), cancellationToken);
        }

        return report;
    }

    /// <summary>Lists the tests without running them.</summary>
    /// <exception cref="ToolUnavailableException">The container engine cannot be reached, or somebody removed the container.</exception>
    /// <exception cref="ToolException">Tests may not run on this machine, or the workspace cannot be read.</exception>
    [Function(CollectTestsName)]
    public async Task<CollectedTests> CollectTestsAsync([ActivityTrigger] PyTestRequest input, CancellationToken cancellationToken)
    {
        if (PyTestCommandLine.FindProblem(input) is { } problem)
        {
            return new CollectedTests(PyTestOutcome.UsageError, [], 0, problem);
        }

        var commandLine = PyTestCommandLine.ForCollection(input, Guid.NewGuid().ToString("N"));
        var run = await RunAsync(input, commandLine, cancellationToken);
        var tests = run.Output.Split('\n').TakeWhile(line => line.Length > 0).Where(line => line.Contains("::", StringComparison.Ordinal)).ToList();
        var report = PyTestVerdict.Judge(run, commandLine, input, Tail(run.Output));
        var outcome = report.Outcome == PyTestOutcome.NoTests && tests.Count > 0 ? PyTestOutcome.Passed : report.Outcome;
        return new CollectedTests(outcome, [.. tests.Take(MaxTestIds)], tests.Count, outcome == PyTestOutcome.Passed ? null : report.Problem);
    }

    private Task<PyTestRunResult> RunAsync(PyTestRequest request, PyTestCommandLine commandLine, CancellationToken cancellationToken) =>
        request.Runner.Kind == PyTestRunnerKind.Container
            ? RunInContainerAsync(request, commandLine, cancellationToken)
            : RunLocallyAsync(request, commandLine, cancellationToken);

    private async Task<PyTestRunResult> RunInContainerAsync(PyTestRequest request, PyTestCommandLine commandLine, CancellationToken cancellationToken)
    {
        var image = request.Runner.Image is { Length: > 0 } named
            ? named
            : throw new ToolException(PyTestTool.Name, "A run in a container needs an image; the request names none.");
        var sandbox = services.GetService<IContainerSandbox>()
            ?? throw new ToolException(PyTestTool.Name, "Tests cannot run in a container because no container engine is set up.");
        IReadOnlyList<string> reports = commandLine.CoveragePath is { } coverage ? [commandLine.JUnitPath, coverage] : [commandLine.JUnitPath];
        var result = await sandbox.RunAsync(
            new SandboxRequest(request.RunId, request.Stage, image, [.. commandLine.Command ?? ["python3", "-m", "pytest"], .. commandLine.Arguments])
            {
                Workspace = request.Workspace,
                WorkingDirectory = ContainerRoot,
                Environment = commandLine.Environment,
                Limits = request.Limits,
                Collect = [.. reports.Select(path => $"{ContainerRoot}/{path}")],
            },
            cancellationToken);
        var ending = result.Ending switch
        {
            SandboxEnding.TimedOut => PyTestRunEnding.TimedOut,
            SandboxEnding.OutOfMemory => PyTestRunEnding.OutOfMemory,
            SandboxEnding.Killed => throw new ToolUnavailableException(PyTestTool.Name, "Somebody removed or killed the container while the tests ran."),
            _ => PyTestRunEnding.Exited,
        };
        var files = reports
            .Where(path => result.Files.ContainsKey($"{ContainerRoot}/{path}"))
            .ToDictionary(path => path, path => result.Files[$"{ContainerRoot}/{path}"], StringComparer.Ordinal);
        return new PyTestRunResult(ending, result.ExitCode, result.Output, result.Duration, ContainerRoot, files);
    }

    private async Task<PyTestRunResult> RunLocallyAsync(PyTestRequest request, PyTestCommandLine commandLine, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> reports = commandLine.CoveragePath is { } coverage ? [commandLine.JUnitPath, coverage] : [commandLine.JUnitPath];
        var invocation = new PyTestInvocation(request.Workspace, commandLine.Command, commandLine.Arguments, commandLine.Environment, request.Limits, reports)
        {
            OnOutput = (chunk, token) => log.AppendAsync(request.RunId, request.Stage, chunk.Text, token),
        };
        var result = await client.RunAsync(invocation, cancellationToken);
        var ending = result.Ending switch
        {
            ProcessEnding.TimedOut => PyTestRunEnding.TimedOut,
            ProcessEnding.OutOfMemory => PyTestRunEnding.OutOfMemory,
            ProcessEnding.TooManyProcesses => PyTestRunEnding.TooManyProcesses,
            _ => PyTestRunEnding.Exited,
        };
        return new PyTestRunResult(ending, result.ExitCode, result.Output, result.Duration, result.Root, result.Files);
    }

    /// <summary>Null where a report would not stay true: an image's name may mean another image tomorrow, and no hash covers what this machine has installed.</summary>
    private static string? CacheKey(PyTestRequest request)
    {
        if (request.Runner is not { Kind: PyTestRunnerKind.Container, Image: { } image } || !image.StartsWith("sha256:", StringComparison.Ordinal))
        {
            return null;
        }

        var content = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                CacheVersion,
                request.Workspace.Archive.Sha256,
                image,
                request.Strategy,
                request.Paths,
                request.Command,
                request.ExtraArguments,
                Coverage = request.CoverageThreshold is not null,
                request.Limits,
            },
            JsonDefaults.Options);
        return $"cache/pytest/{Convert.ToHexStringLower(SHA256.HashData(content))}.json";
    }

    private async Task<PyTestReport?> ReadCacheAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = await artifacts.OpenReadAsync(key, cancellationToken);
            return await JsonSerializer.DeserializeAsync<PyTestReport>(stream, JsonDefaults.Options, cancellationToken);
        }
        catch (Exception exception) when (exception is ToolNotFoundException or JsonException)
        {
            return null;
        }
    }

    private string Tail(string output)
    {
        var redacted = redactor.Redact(output);
        return redacted.Length <= OutputTailLength ? redacted : "…" + redacted[^OutputTailLength..];
    }
}

using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>The pytest command line of this machine's Python.</summary>
[Agent(AgentLayer.ExecutionWrapper, PyTestTool.Name, "Runs pytest on this machine in a directory of its own.")]
public sealed class PyTestCli(IProcessRunner processes, IArtifactStore artifacts, IOptions<PyTestOptions> options, ILogger<PyTestCli> logger) : IPyTestClient
{
    private const string InstallHint = "Install Python with pytest, for example with: apt-get install python3-pytest python3-pytest-cov";
    private const long MaxCollectedBytes = 64L * 1024 * 1024;
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(20);
    private static readonly string[] Candidates = ["/usr/bin/python3", "python3"];

    public async Task<string?> GetVersionAsync(CancellationToken cancellationToken) => (await FindPythonAsync(cancellationToken))?.Version;

    public async Task<PyTestRun> RunAsync(PyTestInvocation invocation, CancellationToken cancellationToken)
    {
        if (!options.Value.AllowLocal)
        {
            throw new ToolException(
                PyTestTool.Name,
                "Running tests outside of a container is not allowed. Use a container, or set PyTest:AllowLocal to true where every author is trusted.");
        }

        var command = invocation.Command is { Count: > 0 } own ? own : await DefaultCommandAsync(cancellationToken);
        if (command is null)
        {
            return new PyTestRun(ProcessEnding.Exited, 127, $"There is no Python with pytest. {InstallHint}\n", TimeSpan.Zero, "", NoFiles());
        }

        var root = Path.Combine(Path.GetFullPath(options.Value.Directory ?? Path.GetTempPath()), "atomic-devops-pytest-" + Guid.NewGuid().ToString("N"));
        try
        {
            var tree = Directory.CreateDirectory(Path.Combine(root, "tree")).FullName;
            await using (var archive = await artifacts.OpenReadAsync(invocation.Workspace.Archive.Key, cancellationToken))
            {
                await WorkspaceUnpacker.UnpackAsync(archive, tree, cancellationToken);
            }

            return await RunAsync(invocation, command, root, tree, cancellationToken);
        }
        finally
        {
            Remove(root);
        }
    }

    private async Task<PyTestRun> RunAsync(PyTestInvocation invocation, IReadOnlyList<string> command, string root, string tree, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(invocation.Environment, StringComparer.Ordinal)
        {
            ["HOME"] = Directory.CreateDirectory(Path.Combine(root, "home")).FullName,
            ["TMPDIR"] = Directory.CreateDirectory(Path.Combine(root, "tmp")).FullName,
            ["LANG"] = "C.UTF-8",
            ["PYTHONDONTWRITEBYTECODE"] = "1",
        };
        var limits = invocation.Limits;
        ProcessResult result;
        try
        {
            result = await processes.RunAsync(
                new ProcessRequest(PyTestTool.Name, command[0], [.. command.Skip(1), .. invocation.Arguments])
                {
                    WorkingDirectory = tree,
                    Environment = environment,
                    InheritedVariables = ["PATH"],
                    Timeout = limits.Timeout,
                    OutputBytes = limits.OutputBytes,
                    OnOutput = invocation.OnOutput,
                    InstallHint = InstallHint,
                    Limits = new ProcessLimits { Processes = limits.Processes, MemoryBytes = limits.MemoryBytes, FileBytes = limits.FileBytes },
                },
                cancellationToken);
        }
        catch (ProgramMissingException exception)
        {
            return new PyTestRun(ProcessEnding.Exited, 127, exception.Message + "\n", TimeSpan.Zero, "", NoFiles());
        }

        var separator = result.StandardOutput.Text is { Length: > 0 } text && !text.EndsWith('\n') ? "\n" : "";
        return new PyTestRun(
            result.Ending,
            result.ExitCode,
            string.Concat(result.StandardOutput.Text, separator, result.StandardError.Text),
            result.Duration,
            tree,
            await CollectAsync(tree, invocation.Collect, cancellationToken));
    }

    private async Task<IReadOnlyList<string>?> DefaultCommandAsync(CancellationToken cancellationToken) =>
        await FindPythonAsync(cancellationToken) is { } python ? [python.Program, "-m", "pytest"] : null;

    private async Task<(string Program, string Version)?> FindPythonAsync(CancellationToken cancellationToken)
    {
        foreach (var candidate in options.Value.Python is { } configured ? [configured] : Candidates)
        {
            try
            {
                var result = await processes.RunAsync(
                    new ProcessRequest(PyTestTool.Name, candidate, ["-c", "import platform, pytest; print(f'Python {platform.python_version()}, pytest {pytest.__version__}')"])
                    {
                        Timeout = ProbeTimeout,
                        InstallHint = InstallHint,
                    },
                    cancellationToken);
                if (result.Succeeded)
                {
                    return (candidate, result.StandardOutput.Text.Trim());
                }
            }
            catch (ProgramMissingException)
            {
                continue;
            }
        }

        return null;
    }

    private static async Task<IReadOnlyDictionary<string, byte[]>> CollectAsync(string tree, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            // What was run may have put links in the place of the report or of its directory.
            var file = new FileInfo(Path.Combine(tree, path));
            if (file.Exists
                && file.LinkTarget is null
                && file.Directory?.LinkTarget is null
                && (file.Attributes & (FileAttributes.Device | FileAttributes.Directory)) == FileAttributes.None
                && file.Length <= MaxCollectedBytes)
            {
                files[path] = await File.ReadAllBytesAsync(file.FullName, cancellationToken);
            }
        }

        return files;
    }

    private void Remove(string root)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && Directory.Exists(root))
            {
                MakeRemovable(new DirectoryInfo(root));
            }

            Directory.Delete(root, recursive: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning(exception, "The directory {Directory} of a test run could not be removed; remove it by hand.", root);
        }
    }

    /// <summary>Tests may take the rights on their directories away, which would keep anyone but root from deleting them.</summary>
    private static void MakeRemovable(DirectoryInfo directory)
    {
        if (!OperatingSystem.IsWindows())
        {
            directory.UnixFileMode |= UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        }

        foreach (var child in directory.EnumerateDirectories().Where(child => child.LinkTarget is null))
        {
            MakeRemovable(child);
        }
    }

    private static Dictionary<string, byte[]> NoFiles() => new(StringComparer.Ordinal);
}

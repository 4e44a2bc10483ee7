using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.Activities.Tools.Processes;

/// <summary>Starts each program in a session of its own, so that all of it can be ended.</summary>
public sealed class ProcessRunner(TimeProvider timeProvider, SecretRedactor redactor) : IProcessRunner, IDisposable
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<ProcessTree, byte> _running = new();
    private volatile bool _isDisposed;

    public async Task<ProcessResult> RunAsync(ProcessRequest request, CancellationToken cancellationToken)
    {
        Validate(request);
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var mark = Guid.NewGuid().ToString("N");
        var environment = BuildEnvironment(request, mark);
        var start = BuildStartInfo(request, environment, out var ownSession);
        using var process = new Process { StartInfo = start };
        var started = timeProvider.GetTimestamp();
        Start(process, request);
        var tree = new ProcessTree(process, mark, ownSession);
        _running[tree] = 0;
        if (_isDisposed)
        {
            tree.KillAll();
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var deadline = new CancellationTokenSource(request.Timeout, timeProvider);
        using var killed = new CancellationTokenSource();
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, deadline.Token, killed.Token);
        using var oneAtATime = new SemaphoreSlim(1, 1);
        var output = new BoundedOutput(request.OutputBytes);
        var error = new BoundedOutput(request.OutputBytes);
        var pumps = Task.WhenAll(
            PumpAsync(process.StandardOutput.BaseStream, ProcessOutputSource.StandardOutput, output, request, oneAtATime, stop),
            PumpAsync(process.StandardError.BaseStream, ProcessOutputSource.StandardError, error, request, oneAtATime, stop));
        var input = FeedAsync(process, request.StandardInput, stop.Token);
        var ending = ProcessEnding.Exited;
        var watch = request.Limits is { } limits
            ? WatchAsync(tree, limits, reason => ending = reason, killed, wait.Token)
            : Task.CompletedTask;
        try
        {
            await process.WaitForExitAsync(wait.Token);
        }
        catch (OperationCanceledException)
        {
            if (!killed.IsCancellationRequested)
            {
                ending = ProcessEnding.TimedOut;
            }
        }
        finally
        {
            if (wait.IsCancellationRequested || request.Limits is not null)
            {
                tree.KillAll();
            }
            else
            {
                tree.KillSession();
            }

            _running.TryRemove(tree, out _);
        }

        await process.WaitForExitAsync(CancellationToken.None);
        await killed.CancelAsync();
        await watch;
        await FinishAsync(pumps, tree, stop);
        await input;
        cancellationToken.ThrowIfCancellationRequested();
        return new ProcessResult(
            ending,
            ending == ProcessEnding.Exited ? process.ExitCode : null,
            output.ToOutput(),
            error.ToOutput(),
            timeProvider.GetElapsedTime(started));
    }

    /// <summary>The host ends: kills what still runs, because its caller heeded no cancellation.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        foreach (var tree in _running.Keys)
        {
            tree.KillAll();
        }
    }

    private static void Validate(ProcessRequest request)
    {
        if (request.Arguments.Prepend(request.FileName).Any(text => text.Contains('\0', StringComparison.Ordinal)))
        {
            throw new ToolException(request.Tool, "An argument holds a NUL character, which no program can be given.");
        }

        ToolGuard.InRange(request.Tool, nameof(request.OutputBytes), request.OutputBytes, 0, 1024L * 1024 * 1024);
        if (request.Timeout <= TimeSpan.Zero)
        {
            throw new ToolException(request.Tool, $"The timeout is {request.Timeout}; it must be longer than zero.");
        }

        if (request.WorkingDirectory is { } directory && !Directory.Exists(directory))
        {
            throw new ToolException(request.Tool, $"The working directory '{directory}' does not exist.");
        }
    }

    private static Dictionary<string, string> BuildEnvironment(ProcessRequest request, string mark)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in request.InheritedVariables)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                environment[name] = value;
            }
        }

        foreach (var (name, value) in request.Environment)
        {
            environment[name] = value;
        }

        environment[ProcessTree.MarkVariable] = mark;
        return environment;
    }

    private static ProcessStartInfo BuildStartInfo(ProcessRequest request, Dictionary<string, string> environment, out bool ownSession)
    {
        var program = FindProgram(request.FileName, environment.GetValueOrDefault("PATH"))
            ?? throw new ProgramMissingException(request.Tool, Missing(request));
        var command = new List<string>();
        var setsid = OperatingSystem.IsLinux() ? FindProgram("setsid", Environment.GetEnvironmentVariable("PATH")) : null;
        ownSession = setsid is not null;
        if (setsid is not null)
        {
            command.Add(setsid);
        }

        if (request.Limits is { } limits && OperatingSystem.IsLinux() && FindProgram("prlimit", Environment.GetEnvironmentVariable("PATH")) is { } prlimit)
        {
            command.AddRange([prlimit, string.Create(CultureInfo.InvariantCulture, $"--fsize={limits.FileBytes}"), "--core=0", "--"]);
        }

        command.Add(program);
        command.AddRange(request.Arguments);
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = request.WorkingDirectory ?? Path.GetTempPath(),
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static string? FindProgram(string name, string? path)
    {
        if (name.Contains('/', StringComparison.Ordinal))
        {
            return Path.IsPathFullyQualified(name) && File.Exists(name) ? name : null;
        }

        return (path ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
    }

    private static string Missing(ProcessRequest request) =>
        $"The program '{request.FileName}' is not installed. {request.InstallHint ?? "Install it, or put its directory into PATH"}.";

    private void Start(Process process, ProcessRequest request)
    {
        try
        {
            process.Start();
        }
        catch (Win32Exception exception)
        {
            throw new ToolException(
                request.Tool,
                redactor.Redact($"The program '{request.FileName}' could not be started: {exception.Message}"),
                exception);
        }
    }

    private static async Task FeedAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = process.StandardInput.BaseStream;
            await stream.WriteAsync(input, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // A program may end, or be ended, without reading what it was given.
        }
    }

    private static async Task PumpAsync(
        Stream source,
        ProcessOutputSource kind,
        BoundedOutput kept,
        ProcessRequest request,
        SemaphoreSlim oneAtATime,
        CancellationTokenSource stop)
    {
        var buffer = new byte[32 * 1024];
        var decoder = Encoding.UTF8.GetDecoder();
        var destination = kind == ProcessOutputSource.StandardOutput ? request.StandardOutputDestination : null;
        try
        {
            int read;
            while ((read = await source.ReadAsync(buffer, stop.Token)) > 0)
            {
                if (destination is not null)
                {
                    await destination.WriteAsync(buffer.AsMemory(0, read), stop.Token);
                }
                else
                {
                    kept.Append(buffer.AsSpan(0, read));
                }

                await ReportAsync(buffer.AsMemory(0, read), flush: false);
            }

            await ReportAsync(ReadOnlyMemory<byte>.Empty, flush: true);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException && destination is null && request.OnOutput is null)
        {
            // The pipe was closed under the reader because the process was given up; what was read stands.
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }

        async Task ReportAsync(ReadOnlyMemory<byte> bytes, bool flush)
        {
            if (request.OnOutput is not { } report || destination is not null)
            {
                return;
            }

            var text = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
            var length = decoder.GetChars(bytes.Span, text, flush);
            if (length == 0)
            {
                return;
            }

            await oneAtATime.WaitAsync(stop.Token);
            try
            {
                await report(new ProcessOutputChunk(kind, new string(text, 0, length)), stop.Token);
            }
            finally
            {
                oneAtATime.Release();
            }
        }
    }

    private async Task WatchAsync(ProcessTree tree, ProcessLimits limits, Action<ProcessEnding> end, CancellationTokenSource killed, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var timer = new PeriodicTimer(WatchInterval, timeProvider);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var (processes, bytes) = tree.Measure();
                if (processes > limits.Processes || bytes > limits.MemoryBytes)
                {
                    end(processes > limits.Processes ? ProcessEnding.TooManyProcesses : ProcessEnding.OutOfMemory);
                    tree.KillSession();
                    await killed.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The process has ended.
        }
    }

    private async Task FinishAsync(Task pumps, ProcessTree tree, CancellationTokenSource stop)
    {
        try
        {
            await pumps.WaitAsync(DrainPatience, timeProvider);
        }
        catch (TimeoutException)
        {
            // Something outside of the session still holds the pipes.
            tree.KillAll();
            await stop.CancelAsync();
            try
            {
                await pumps;
            }
            catch (OperationCanceledException)
            {
                // What was read stands.
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Cancelled by the caller, who is told so.
        }
    }
}

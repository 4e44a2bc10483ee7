using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace AtomicDevOps.QuickStart;

/// <summary>The platform, in a process of its own.</summary>
internal sealed class PlatformProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";
    private const int SignalTerminate = 15;
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _logPath;
    private readonly TextWriter _log;
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _output;

    private PlatformProcess(Process process, string logPath)
    {
        _process = process;
        _logPath = logPath;
        _log = TextWriter.Synchronized(new StreamWriter(logPath) { AutoFlush = true });
        _output = Task.WhenAll(CopyAsync(process.StandardOutput), CopyAsync(process.StandardError));
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => _address.Task.Result;

    public int ProcessId => _process.Id;

    /// <summary>Starts the platform on a free port; it listens when this returns.</summary>
    /// <param name="directory">Its current directory, and where its log is written.</param>
    /// <param name="configuration">Set in its environment.</param>
    /// <exception cref="QuickStartException">It did not start.</exception>
    public static async Task<PlatformProcess> StartAsync(
        string directory, IReadOnlyDictionary<string, string> configuration, CancellationToken cancellationToken)
    {
        var assembly = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => string.Equals(metadata.Key, "PlatformAssembly", StringComparison.Ordinal)).Value!;
        if (!File.Exists(assembly))
        {
            throw new QuickStartException($"The platform is not built: {assembly} is missing. Build it with: dotnet build samples/QuickStart", ExitCodes.Unavailable);
        }

        Directory.CreateDirectory(directory);
        var start = new ProcessStartInfo(DotNetHost(), [assembly, "--port", "0"])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (key, value) in configuration)
        {
            start.Environment[key] = value;
        }

        var platform = new PlatformProcess(Process.Start(start)!, Path.Combine(directory, "platform.log"));
        try
        {
            await platform.WaitUntilListeningAsync(cancellationToken);
            return platform;
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="QuickStartException">The process has ended.</exception>
    public void ThrowIfEnded()
    {
        if (_process.HasExited)
        {
            throw Ended();
        }
    }

    /// <summary>Has it stop in good order, and kills it where it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var patience = new CancellationTokenSource(StopPatience);
            try
            {
                if (OperatingSystem.IsWindows() || Kill(_process.Id, SignalTerminate) != 0)
                {
                    _process.Kill(entireProcessTree: true);
                }

                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        await _output;
        await _log.DisposeAsync();
        _process.Dispose();
    }

    /// <summary>The program that runs this process's own .NET.</summary>
    private static string DotNetHost()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        var host = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", name));
        return File.Exists(host) ? host : name;
    }

    private async Task WaitUntilListeningAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(StartPatience);
        try
        {
            var ended = _process.WaitForExitAsync(patience.Token);
            if (await Task.WhenAny(_address.Task, ended) == ended)
            {
                await ended;
                await _output;
                throw Ended();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new QuickStartException(
                string.Create(CultureInfo.InvariantCulture, $"The platform does not listen after {StartPatience.TotalSeconds} s.\n{LogEnd()}"),
                ExitCodes.Broken);
        }
    }

    private QuickStartException Ended() =>
        new(string.Create(CultureInfo.InvariantCulture, $"The platform ended with exit code {_process.ExitCode}.\n{LogEnd()}"), ExitCodes.Broken);

    private string LogEnd()
    {
        using var stream = new FileStream(_logPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return string.Join('\n', reader.ReadToEnd().Split('\n').TakeLast(15)).Trim();
    }

    private async Task CopyAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            await _log.WriteLineAsync(line);
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at
                && Uri.TryCreate(line[(at + Listening.Length)..].Trim(), UriKind.Absolute, out var address))
            {
                _address.TrySetResult(address);
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}

using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>How a process ended, and what it wrote.</summary>
public sealed record ProcessResult(int ExitCode, string Output, string Error);

/// <summary>The app as it is built, in a process of its own that can be killed and started again on its data.</summary>
public sealed partial class PlatformProcess : IAsyncDisposable
{
    public const string FunctionKey = "canary-function-key-5d1f6a";
    public const string ManagementKey = "canary-management-key-91ab07";

    private const int KeptLines = 2_000;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    private readonly string _directory;
    private readonly IReadOnlyDictionary<string, string?> _settings;
    private readonly Queue<string> _log = [];
    private Process? _process;

    private PlatformProcess(string directory, IReadOnlyDictionary<string, string?> settings)
    {
        _directory = directory;
        _settings = settings;
    }

    /// <summary>Where it listens; the same after every restart.</summary>
    public Uri Address { get; private set; } = new("http://127.0.0.1:0/");

    /// <summary>Its API, with a function key.</summary>
    public PlatformClient Client { get; private set; } = null!;

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The platform does not run.");

    /// <summary>Starts it on a free port and waits until it listens.</summary>
    /// <param name="directory">Its data; made where it is missing.</param>
    /// <param name="settings">Environment variables over those of this process; null takes one away.</param>
    public static async Task<PlatformProcess> StartAsync(string directory, IReadOnlyDictionary<string, string?> settings)
    {
        Directory.CreateDirectory(directory);
        var platform = new PlatformProcess(directory, settings);
        try
        {
            await platform.StartProcessAsync();
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }

        return platform;
    }

    /// <summary>Ends it as a power cut would, by SIGKILL; the processes that it has started are left to themselves.</summary>
    public async Task KillAsync() => await EndAsync(entireProcessTree: false);

    /// <summary>Asks it to stop, by SIGTERM.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until it has ended by itself.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> EndedAsync()
    {
        var process = _process ?? throw new InvalidOperationException("The platform does not run.");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    /// <summary>Starts it again on the same port and data.</summary>
    public async Task RestartAsync()
    {
        await EndAsync(entireProcessTree: false);
        await StartProcessAsync();
    }

    /// <summary>Runs the app as a command, <c>instances …</c>, with the same data and settings.</summary>
    public Task<ProcessResult> RunInstancesAsync(params IEnumerable<string> arguments) => RunAsync(StartInfo(["instances", .. arguments]));

    /// <summary>Starts it where it is expected to end by itself.</summary>
    /// <param name="launcher">A program and its arguments that become the app by exec; empty to start it as it is.</param>
    /// <inheritdoc cref="StartAsync"/>
    public static async Task<ProcessResult> RunToEndAsync(
        string directory, IReadOnlyDictionary<string, string?> settings, params IReadOnlyList<string> launcher)
    {
        await using var platform = new PlatformProcess(directory, settings);
        return await RunAsync(platform.StartInfo([], launcher));
    }

    private static async Task<ProcessResult> RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new ProcessResult(process.ExitCode, await output, await error);
    }

    /// <summary>The end of what it wrote, over all its lives.</summary>
    public string Log(int lines = KeptLines)
    {
        lock (_log)
        {
            return string.Join('\n', _log.TakeLast(lines));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync(entireProcessTree: true);
        Client?.Dispose();
    }

    private ProcessStartInfo StartInfo(IEnumerable<string> arguments, params IEnumerable<string> launcher)
    {
        string[] line = [.. launcher, .. AppUnderTest.Command, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            WorkingDirectory = _directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var (name, value) in AppUnderTest.Settings.Concat(_settings))
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private async Task StartProcessAsync()
    {
        var start = StartInfo(["--port", $"{Address.Port}"]);
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException($"The platform ended before it listened:\n{Log()}"));
        process.Start();
        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            Address = await listening.Task.WaitAsync(StartTimeout, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new InvalidOperationException($"The platform did not listen within {StartTimeout}:\n{Log()}", exception);
        }

        Client ??= new PlatformClient(Address);

        void Keep(string? line)
        {
            if (line is null)
            {
                return;
            }

            lock (_log)
            {
                _log.Enqueue(line);
                if (_log.Count > KeptLines)
                {
                    _log.Dequeue();
                }
            }

            if (ListeningLine().Match(line) is { Success: true } match)
            {
                listening.TrySetResult(new Uri(match.Groups["address"].Value));
            }
        }
    }

    private async Task EndAsync(bool entireProcessTree)
    {
        if (_process is not { } process)
        {
            return;
        }

        process.Kill(entireProcessTree);
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
    }

    [GeneratedRegex("Now listening on: (?<address>http://[^ \"]+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ListeningLine();
}

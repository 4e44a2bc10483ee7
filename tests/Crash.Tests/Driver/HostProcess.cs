using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using AtomicDevOps.Crash.Tests.Worker;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>The embedded host in a process of its own.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _gate = new();
    private readonly StringBuilder _output = new();
    private readonly List<(string Text, TaskCompletionSource Seen)> _waiting = [];

    private HostProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Client { get; } = new();

    public string Output
    {
        get
        {
            lock (_gate)
            {
                return _output.ToString();
            }
        }
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Starts it on a free port and waits until it listens.</summary>
    /// <param name="directory">For its data and what the activities count.</param>
    public static async Task<HostProcess> StartAsync(string directory, TimeSpan drainTimeout)
    {
        var start = new ProcessStartInfo(
            WorkerProcess.ProgramPath,
            [HostProgram.Command, "--Host:DataDirectory", Path.Combine(directory, "data"), "--Host:Port", "0", "--Runs", directory, "--Host:DrainTimeout", drainTimeout.ToString("c")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = directory,
        };
        var host = new HostProcess(Process.Start(start)!);
        try
        {
            await host.WrittenAsync("Application started.");
            host.Client.BaseAddress = new Uri(ListeningLine().Match(host.Output).Groups["address"].Value);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until it has written that text.</summary>
    public async Task WrittenAsync(string text)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((text, seen));
        }

        Keep(null);
        var ended = _process.WaitForExitAsync(Cancelled);
        await Task.WhenAny(seen.Task, ended);
        seen.Task.IsCompleted.ShouldBeTrue($"It has ended without writing '{text}':\n{Output}");
    }

    public void Signal(int signal) => Driver.Signal.Send(_process, signal);

    /// <returns>The exit code.</returns>
    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(Cancelled);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Client.Dispose();
    }

    private void Keep(string? line)
    {
        lock (_gate)
        {
            if (line is not null)
            {
                _output.AppendLine(line);
            }

            var output = _output.ToString();
            foreach (var (_, seen) in _waiting.Where(waiting => output.Contains(waiting.Text, StringComparison.Ordinal)))
            {
                seen.TrySetResult();
            }
        }
    }

    [GeneratedRegex("Now listening on: (?<address>http://[^ \\r\\n]+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex ListeningLine();
}

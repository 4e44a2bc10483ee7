using System.Diagnostics;

namespace AtomicDevOps.EngineLoad;

/// <summary>This program in a process of its own, which reports by lines on its standard output.</summary>
internal sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _verb;
    private readonly long _started;

    private ChildProcess(string verb, IEnumerable<string> arguments)
    {
        _verb = verb;
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is not known.");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, UseShellExecute = false };
        if (string.Equals(Path.GetFileNameWithoutExtension(program), "dotnet", StringComparison.OrdinalIgnoreCase))
        {
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        }

        start.ArgumentList.Add(verb);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        _started = Stopwatch.GetTimestamp();
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
    }

    /// <summary>Since just before it was started.</summary>
    public double Seconds => Stopwatch.GetElapsedTime(_started).TotalSeconds;

    public static ChildProcess Start(string verb, params IEnumerable<string> arguments) => new(verb, arguments);

    /// <exception cref="InvalidOperationException">It ended without saying anything more.</exception>
    public async Task<T> ReadAsync<T>(CancellationToken cancellationToken)
    {
        var line = await _process.StandardOutput.ReadLineAsync(cancellationToken)
            ?? throw new InvalidOperationException($"The child process '{_verb}' ended without the report that was due; see its error output above.");
        return JsonLines.Read<T>(line);
    }

    /// <summary>By SIGKILL: no code of it runs any more.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        if (_process.ExitCode != 0)
        {
            throw new InvalidOperationException($"The child process '{_verb}' ended with exit code {_process.ExitCode}; see its error output above.");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}

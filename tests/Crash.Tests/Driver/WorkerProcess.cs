using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using AtomicDevOps.Crash.Tests.Worker;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <param name="Word">One of <see cref="WorkerProgram"/>'s answers.</param>
/// <param name="Rest">What follows, by tabs.</param>
internal sealed record Answer(string Word, string Rest)
{
    public bool IsAcknowledgement => Word is WorkerProgram.Ok or WorkerProgram.Exists;
}

/// <summary>A worker, spoken to over its standard input and output.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<Answer?>> _open = new();
    private readonly TaskCompletionSource _opening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private readonly Task<string> _errors;
    private readonly Lock _gate = new();
    private readonly List<(long Count, TaskCompletionSource Reached)> _waiting = [];
    private long _number;
    private long _answers;

    private WorkerProcess(Process process)
    {
        _process = process;
        _reading = ReadAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    public int Id => _process.Id;

    /// <summary>Ends when the worker is about to open its store, or is dead.</summary>
    public Task Opening => _opening.Task;

    /// <summary>Ends with true when the worker takes commands, and with false when it died before.</summary>
    public Task<bool> Ready => _ready.Task;

    /// <summary>What it wrote to standard error; ends with the worker.</summary>
    public Task<string> Errors => _errors;

    public static string ProgramPath { get; } = Path.Combine(AppContext.BaseDirectory, typeof(WorkerProcess).Assembly.GetName().Name!);

    /// <summary>Ends when the worker has given that many answers more, or is dead.</summary>
    public Task AnswersAsync(int count)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add((_answers + count, reached));
        }

        CountAnswers(0);
        return reached.Task;
    }

    /// <param name="launcher">A program and its arguments that become the worker by exec; empty to start it as it is.</param>
    public static WorkerProcess Start(string dataDirectory, string attemptLog, params IEnumerable<string> launcher)
    {
        string[] line = [.. launcher, ProgramPath, WorkerProgram.Command, dataDirectory, attemptLog];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        return new WorkerProcess(Process.Start(start) ?? throw new InvalidOperationException($"'{line[0]}' did not start."));
    }

    /// <returns>Null if the worker died before it answered.</returns>
    public async Task<Answer?> SendAsync(string command, params string[] parts)
    {
        var answer = new TaskCompletionSource<Answer?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            var number = ++_number;
            _open[number] = answer;
            try
            {
                _process.StandardInput.WriteLine(
                    string.Join('\t', [command, number.ToString(CultureInfo.InvariantCulture), .. parts]));
                _process.StandardInput.Flush();
            }
            catch (IOException)
            {
                return null;
            }
        }

        if (_reading.IsCompleted)
        {
            answer.TrySetResult(null);
        }

        return await answer.Task;
    }

    /// <summary>SIGKILL. Returns when the process is gone and everything that it had answered is read.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
    }

    /// <summary>SIGSTOP: returns when no thread of the worker runs any more.</summary>
    public void Freeze()
    {
        Send(Signal.Stop);
        SpinWait.SpinUntil(() => Directory.EnumerateDirectories($"/proc/{Id}/task").All(static task => StateOf(task) is 'T' or 't' or 'Z'));
    }

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Send(Signal.Continue);

    /// <summary>Ends the worker in order, by the end of its input.</summary>
    public async Task EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        await _reading;
        _process.ExitCode.ShouldBe(0, await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void CountAnswers(long more)
    {
        lock (_gate)
        {
            _answers += more;
            foreach (var (_, reached) in _waiting.Where(waiting => waiting.Count <= _answers))
            {
                reached.TrySetResult();
            }
        }
    }

    private static char StateOf(string task)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2];
        }
        catch (IOException)
        {
            return 'Z';
        }
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line is WorkerProgram.Opening)
            {
                _opening.TrySetResult();
            }
            else if (line is WorkerProgram.Ready)
            {
                _ready.TrySetResult(true);
            }
            else
            {
                var parts = line.Split('\t', 3);
                if (long.TryParse(parts[0], CultureInfo.InvariantCulture, out var number) && _open.TryRemove(number, out var answer))
                {
                    CountAnswers(1);
                    answer.TrySetResult(new Answer(parts[1], parts.Length > 2 ? parts[2] : string.Empty));
                }
            }
        }

        _opening.TrySetResult();
        _ready.TrySetResult(false);
        CountAnswers(long.MaxValue / 2);
        foreach (var unanswered in _open.Values)
        {
            unanswered.TrySetResult(null);
        }
    }

    private void Send(int signal) => Signal.Send(_process, signal);
}

using System.Diagnostics;
using System.Globalization;
using AtomicDevOps.FunctionsHost.Protocol;

namespace AtomicDevOps.FunctionsHost;

/// <summary>The app, in a process that is started and stopped as the Functions host does it.</summary>
internal sealed class WorkerProcess(WorkerChannel channel) : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private Process? _process;

    /// <summary>Ends when the process does, with its exit code.</summary>
    public Task<int> Ended { get; private set; } = Task.FromResult(0);

    public void Start(string app, Uri host)
    {
        var id = Guid.NewGuid().ToString();
        var start = new ProcessStartInfo(
            "dotnet",
            [
                app,
                "--functions-uri", host.AbsoluteUri,
                "--functions-worker-id", id,
                "--functions-request-id", id,
                "--functions-grpc-max-message-length", int.MaxValue.ToString(CultureInfo.InvariantCulture),
            ])
        {
            UseShellExecute = false,
        };
        start.Environment["FUNCTIONS_APPLICATION_DIRECTORY"] = Path.GetDirectoryName(app);
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        _process = Process.Start(start)!;
        Ended = WaitAsync(_process);
    }

    /// <summary>Has it end in good order, and kills it where it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is not { } process)
        {
            return;
        }

        channel.Tell(new Message { Terminate = new Terminate { GracePeriod = new Span { Seconds = (long)StopPatience.TotalSeconds } } });
        if (await Task.WhenAny(Ended, Task.Delay(StopPatience)) != Ended)
        {
            process.Kill(entireProcessTree: true);
        }

        await Ended;
        process.Dispose();
    }

    private static async Task<int> WaitAsync(Process process)
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}

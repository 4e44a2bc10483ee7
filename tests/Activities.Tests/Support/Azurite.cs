using System.Diagnostics;
using System.Runtime.CompilerServices;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Blobs;
using Azure.Storage;
using Azure.Storage.Blobs;

[assembly: AssemblyFixture(typeof(Azurite))]

namespace AtomicDevOps.Activities.Tests.Support;

/// <summary>The real Azurite on loopback, on a port that the system picks, started by the first test that needs it.</summary>
public sealed class Azurite : IAsyncDisposable
{
    private readonly SemaphoreSlim _starting = new(1, 1);
    private TemporaryDirectory? _directory;
    private Process? _process;
    private Uri? _address;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Makes a container of its own.</summary>
    public async Task<Uri> NewContainerAsync()
    {
        var address = await StartAsync();
        var container = new Uri(address, $"devstoreaccount1/c{Guid.NewGuid():N}");
        await Client(container).CreateAsync(cancellationToken: Token);
        return container;
    }

    /// <summary>The address of a container that was never made.</summary>
    public async Task<Uri> NoContainerAsync() => new(await StartAsync(), $"devstoreaccount1/missing{Guid.NewGuid():N}");

    public static BlobContainerClient Client(Uri container)
    {
        var (name, key) = BlobContainerAddress.Parse(container.AbsoluteUri).PublishedAccount!.Value;
        return new BlobContainerClient(container, new StorageSharedKeyCredential(name, key));
    }

    public static async Task<IReadOnlyList<string>> NamesAsync(Uri container)
    {
        var names = new List<string>();
        await foreach (var blob in Client(container).GetBlobsAsync(cancellationToken: Token))
        {
            names.Add(blob.Name);
        }

        return names;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        _directory?.Dispose();
        _starting.Dispose();
    }

    private static string ProgramPath([CallerFilePath] string file = "") =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(file))!, "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");

    private async Task<Uri> StartAsync()
    {
        var program = ProgramPath();
        Guard.NeedsAzurite(program);
        await _starting.WaitAsync(Token);
        try
        {
            if (_address is not null)
            {
                return _address;
            }

            _directory = new TemporaryDirectory();
            var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
            foreach (var argument in new[]
            {
                program, "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", _directory.Path, "--skipApiVersionCheck", "--disableTelemetry",
            })
            {
                start.ArgumentList.Add(argument);
            }

            const string Mark = "listens on ";
            var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
            _process = new Process { StartInfo = start, EnableRaisingEvents = true };
            _process.OutputDataReceived += (_, line) =>
            {
                if (line.Data?.IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at)
                {
                    listening.TrySetResult(new Uri(line.Data[(at + Mark.Length)..]));
                }
            };
            _process.ErrorDataReceived += (_, _) => { };
            _process.Exited += (_, _) => listening.TrySetException(new InvalidOperationException("Azurite ended without listening."));
            _process.Start();
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
            return _address = await listening.Task.WaitAsync(TimeSpan.FromMinutes(1), Token);
        }
        finally
        {
            _starting.Release();
        }
    }
}

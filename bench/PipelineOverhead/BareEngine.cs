using System.Formats.Tar;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace AtomicDevOps.PipelineOverhead;

/// <summary>
/// What one would do by hand: <c>docker build</c>, then <c>docker run --rm … pytest</c>, as plain calls of the Engine API (v1.41) with none of the
/// platform's code in between, but with the limits and flags that the platform gives.
/// </summary>
internal sealed class BareEngine : IDisposable
{
    private const string Image = "atomicdevops-bench/bare";
    private const int Processes = 128;
    private const long Memory = 512L * 1024 * 1024;
    private const long NanoCpus = 1_000_000_000;

    private static readonly string[] TestCommand =
    [
        "python3", "-m", "pytest", "-p", "no:cacheprovider", "--color=no", "--junitxml=/tmp/junit.xml", "-o", "junit_family=xunit1",
        "--cov=.", "--cov-report=xml:/tmp/coverage.xml", "tests",
    ];

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = null };

    private readonly HttpClient _http;

    public BareEngine(string endpoint)
    {
        const string Unix = "unix://";
        _http = endpoint.StartsWith(Unix, StringComparison.Ordinal)
            ? new HttpClient(new SocketsHttpHandler { ConnectCallback = (_, token) => ConnectAsync(endpoint[Unix.Length..], token) }) { BaseAddress = new Uri("http://engine/v1.41/") }
            : new HttpClient { BaseAddress = new Uri(endpoint.Replace("tcp://", "http://", StringComparison.Ordinal).TrimEnd('/') + "/v1.41/") };
        _http.Timeout = TimeSpan.FromMinutes(5);
    }

    /// <summary>Builds the image of a tree, and runs its tests in a container of it.</summary>
    /// <param name="files">Content by path.</param>
    /// <exception cref="InvalidOperationException">The build or the tests failed.</exception>
    public async Task BuildAndTestAsync(IReadOnlyDictionary<string, byte[]?> files, CancellationToken cancellationToken)
    {
        using (var context = Tar(files))
        using (var request = new HttpRequestMessage(HttpMethod.Post, BuildAddress()) { Content = new ByteArrayContent(context.ToArray()) })
        {
            request.Content.Headers.ContentType = new("application/x-tar");
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var output = await response.Content.ReadAsStringAsync(cancellationToken);
            if (!response.IsSuccessStatusCode || output.Contains("\"errorDetail\"", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"The bare build failed: {output}");
            }
        }

        var container = await CreateContainerAsync(cancellationToken);
        await PostAsync($"containers/{container}/start", cancellationToken);
        using var waiting = await PostAsync($"containers/{container}/wait", cancellationToken);
        var exit = await waiting.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        var log = await _http.GetStringAsync($"containers/{container}/logs?stdout=1&stderr=1", cancellationToken);
        using var removed = await _http.DeleteAsync($"containers/{container}?v=1&force=1", cancellationToken);
        if (exit.GetProperty("StatusCode").GetInt32() != 0 || !log.Contains(" passed", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The bare tests failed: {log}");
        }
    }

    /// <summary>Removes the image, so that the next round builds as cold as this one did.</summary>
    public async Task RemoveImageAsync(CancellationToken cancellationToken)
    {
        using var response = await _http.DeleteAsync($"images/{Image}?force=1", cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static string BuildAddress() => string.Create(
        CultureInfo.InvariantCulture,
        $"build?t={Image}&networkmode=none&rm=1&forcerm=1&memory={Memory}&memswap={Memory}&cpuperiod=100000&cpuquota=100000");

    private static MemoryStream Tar(IReadOnlyDictionary<string, byte[]?> files)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Gnu, leaveOpen: true))
        {
            foreach (var (path, content) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
            {
                writer.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(content!) });
            }
        }

        return stream;
    }

    private async Task<string> CreateContainerAsync(CancellationToken cancellationToken)
    {
        var configuration = new
        {
            Image,
            Cmd = TestCommand,
            User = "1000:1000",
            WorkingDir = "/workspace",
            Env = new[] { "HOME=/tmp", "PYTHONDONTWRITEBYTECODE=1", "COVERAGE_FILE=/tmp/.coverage" },
            HostConfig = new
            {
                NetworkMode = "none",
                CapDrop = new[] { "ALL" },
                SecurityOpt = new[] { "no-new-privileges" },
                ReadonlyRootfs = true,
                Tmpfs = new Dictionary<string, string>(StringComparer.Ordinal) { ["/tmp"] = "rw,exec,nosuid,nodev,mode=1777" },
                Memory,
                MemorySwap = Memory,
                NanoCpus,
                PidsLimit = Processes,
                Init = true,
            },
        };
        using var response = await _http.PostAsJsonAsync("containers/create", configuration, Json, cancellationToken);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return response.IsSuccessStatusCode
            ? body.GetProperty("Id").GetString()!
            : throw new InvalidOperationException($"The bare container could not be made: {Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(body))}");
    }

    private async Task<HttpResponseMessage> PostAsync(string path, CancellationToken cancellationToken)
    {
        var response = await _http.PostAsync(path, content: null, cancellationToken);
        return response.IsSuccessStatusCode
            ? response
            : throw new InvalidOperationException($"POST {path}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
    }
}

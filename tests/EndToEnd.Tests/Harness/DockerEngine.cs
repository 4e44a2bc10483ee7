using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools.Docker;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>A container engine as its own API shows it, seen past the platform's client.</summary>
public sealed class DockerEngine : IDisposable
{
    public const string BaseImage = "atomicdevops/python:3";

    private const string RunLabel = "dev.atomicdevops.run";

    private readonly HttpClient _http;

    private DockerEngine(string socket)
    {
        Endpoint = $"unix://{socket}";
        _http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken);
                return new NetworkStream(connection, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri("http://engine/v1.41/"),
        };
    }

    /// <summary>What <c>DOCKER_HOST</c> has to be to reach it.</summary>
    public string Endpoint { get; }

    /// <param name="endpoint"><c>unix:///path</c>.</param>
    public static DockerEngine At(string endpoint) => new(endpoint["unix://".Length..]);

    /// <returns>The engine that <c>DOCKER_HOST</c> or the usual socket leads to; it may not answer.</returns>
    public static DockerEngine Usual() =>
        At(Environment.GetEnvironmentVariable("DOCKER_HOST") is { } host && host.StartsWith("unix:///", StringComparison.Ordinal)
            ? host
            : "unix:///var/run/docker.sock");

    /// <summary>Skips the test where there is no engine with the base image, and fails it where there has to be one.</summary>
    public async Task RequireAsync()
    {
        var missing = await FindProblemAsync();
        if (missing is not null && Environment.GetEnvironmentVariable("CI") is "true")
        {
            Assert.Fail($"CI has to have a container engine: {missing}");
        }

        Assert.SkipUnless(missing is null, $"Needs a container engine; eng/setup/test-tools.sh starts one. {missing}");
    }

    /// <summary>What a run has left in the engine: containers, also stopped ones, volumes, networks and images.</summary>
    public async Task<IReadOnlyList<string>> LeftoversAsync(string runId)
    {
        var label = $"{RunLabel}={RunName.Of(runId)}";
        return
        [
            .. await ListAsync("containers/json?all=true&", label, "Id"),
            .. await ListAsync("volumes?", label, "Name"),
            .. await ListAsync("networks?", label, "Id"),
            .. await ListAsync("images/json?all=true&", label, "Id"),
        ];
    }

    /// <summary>The ids of a run's containers that run now.</summary>
    public async Task<IReadOnlyList<string>> RunningAsync(string runId) =>
        await ListAsync("containers/json?", $"{RunLabel}={RunName.Of(runId)}", "Id");

    /// <summary>How many containers there are in all, also stopped ones and those of builds.</summary>
    public async Task<int> CountContainersAsync() =>
        (await _http.GetFromJsonAsync<JsonArray>("containers/json?all=true", TestContext.Current.CancellationToken))!.Count;

    /// <summary>
    /// Every container and image, also those without name and label such as a build leaves behind, whose environment has this variable.
    /// </summary>
    /// <param name="variable"><c>NAME=value</c>.</param>
    public async Task<IReadOnlyList<string>> FindByEnvironmentAsync(string variable)
    {
        var found = new List<string>();
        foreach (var (list, kind) in new[] { ("containers/json?all=true", "containers"), ("images/json?all=true", "images") })
        {
            foreach (var item in (await _http.GetFromJsonAsync<JsonArray>(list, TestContext.Current.CancellationToken))!)
            {
                var id = item!["Id"]!.GetValue<string>();
                using var answer = await _http.GetAsync($"{kind}/{id}/json", TestContext.Current.CancellationToken);
                if (answer.StatusCode == System.Net.HttpStatusCode.NotFound)
                {
                    continue;
                }

                var details = await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken);
                if (details!["Config"]?["Env"] is JsonArray environment
                    && environment.Any(entry => string.Equals(entry!.GetValue<string>(), variable, StringComparison.Ordinal)))
                {
                    found.Add($"{kind} {id} {details["Created"]} {item["Names"] ?? item["RepoTags"]} {details["Config"]!["Cmd"]}");
                }
            }
        }

        return found;
    }

    /// <summary>The names of all images, also of the unnamed ones between an image and its base.</summary>
    public async Task<IReadOnlyList<string>> ListImagesAsync() =>
        [.. (await _http.GetFromJsonAsync<JsonArray>("images/json?all=true", TestContext.Current.CancellationToken))!
            .Select(image => (image!["RepoTags"] as JsonArray)?.FirstOrDefault()?.GetValue<string>() ?? image["Id"]!.GetValue<string>())];

    public async Task CopyBaseImageAsync(DockerEngine other)
    {
        using var saved = await _http.GetAsync($"images/{BaseImage}/get", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        saved.EnsureSuccessStatusCode();
        using var archive = new StreamContent(await saved.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        archive.Headers.ContentType = new("application/x-tar");
        using var loaded = await other._http.PostAsync("images/load?quiet=true", archive, TestContext.Current.CancellationToken);
        loaded.EnsureSuccessStatusCode();
        (await other.FindProblemAsync()).ShouldBeNull();
    }

    public void Dispose() => _http.Dispose();

    private async Task<string?> FindProblemAsync()
    {
        try
        {
            using var answer = await _http.GetAsync($"images/{BaseImage}/json", TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode ? null : $"{Endpoint} has no image {BaseImage}.";
        }
        catch (HttpRequestException exception)
        {
            return $"{Endpoint}: {exception.Message}";
        }
    }

    private async Task<IReadOnlyList<string>> ListAsync(string path, string label, string property)
    {
        var filters = JsonSerializer.Serialize(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["label"] = [label] });
        var answer = await _http.GetFromJsonAsync<JsonNode>($"{path}filters={Uri.EscapeDataString(filters)}", TestContext.Current.CancellationToken);
        var items = answer as JsonArray ?? answer!["Volumes"] as JsonArray ?? [];
        return [.. items.Select(item => $"{path.Split('?', '/')[0]} {item![property]!.GetValue<string>()}")];
    }
}

using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace AtomicDevOps.LocalForge.Tests;

/// <summary>A forge of its own for one test, with the repository octo/hello and a client that is octo.</summary>
internal sealed class TestForge : IAsyncDisposable
{
    public const string Hello = "/repos/octo/hello";

    private readonly string _directory;
    private readonly LocalForgeOptions _options;

    private TestForge(string directory, LocalForgeOptions options, LocalForgeServer server, string token)
    {
        _directory = directory;
        _options = options;
        Server = server;
        Token = token;
        Client = ClientFor(token);
    }

    public LocalForgeServer Server { get; private set; }

    public string Token { get; }

    public HttpClient Client { get; private set; }

    public static async Task<TestForge> StartAsync(Func<LocalForgeOptions, LocalForgeOptions>? configure = null, bool isPrivate = false)
    {
        var directory = Directory.CreateTempSubdirectory("forge-").FullName;
        var options = new LocalForgeOptions { Directory = directory };
        options = configure?.Invoke(options) ?? options;
        var server = await LocalForgeServer.StartAsync(options);
        await server.Administration.CreateRepositoryAsync("octo/hello", Files(("a.txt", "one\ntwo\nthree\nfour\nfive\n"), ("src/b.py", "x = 1\n")), isPrivate);
        return new TestForge(directory, options, server, await server.Administration.CreateTokenAsync("octo"));
    }

    public static Dictionary<string, byte[]> Files(params (string Path, string Text)[] files) =>
        files.ToDictionary(file => file.Path, file => Encoding.UTF8.GetBytes(file.Text));

    public HttpClient ClientFor(string? token, DelegatingHandler? through = null)
    {
        HttpMessageHandler handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        if (through is not null)
        {
            through.InnerHandler = handler;
            handler = through;
        }

        var client = new HttpClient(handler) { BaseAddress = Server.Address };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("forge-tests");
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        return client;
    }

    /// <summary>Stops the forge and starts another on the same directory and port.</summary>
    public async Task RestartAsync()
    {
        var port = Server.Address.Port;
        await Server.DisposeAsync();
        Server = await LocalForgeServer.StartAsync(_options with { Port = port });
        Client = ClientFor(Token);
    }

    /// <summary>Commits to a branch, which is made from main where it does not exist.</summary>
    public Task<string> CommitAsync(string branch, params (string Path, string? Text)[] files) =>
        CommitToAsync("octo/hello", branch, files);

    public Task<string> CommitToAsync(string repository, string branch, params (string Path, string? Text)[] files) =>
        Server.Administration.CommitAsync(
            repository, branch, $"Change {branch}", files.ToDictionary(f => f.Path, f => f.Text is null ? null : Encoding.UTF8.GetBytes(f.Text)));

    public async Task<JsonObject> OpenPullAsync(string head, string title = "A change", bool draft = false)
    {
        using var response = await PostAsync($"{Hello}/pulls", new { title, head, @base = "main", body = "Why", draft });
        return await ReadAsync(response, 201);
    }

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(path);

    public Task<HttpResponseMessage> PostAsync(string path, object body) => Client.PostAsJsonAsync(path, body);

    public Task<HttpResponseMessage> PutAsync(string path, object body) => Client.PutAsJsonAsync(path, body);

    public Task<HttpResponseMessage> PatchAsync(string path, object body) => Client.PatchAsJsonAsync(path, body);

    public async Task<JsonObject> GetObjectAsync(string path)
    {
        using var response = await GetAsync(path);
        return await ReadAsync(response, 200);
    }

    public async Task<JsonArray> GetArrayAsync(string path)
    {
        using var response = await GetAsync(path);
        ((int)response.StatusCode).ShouldBe(200);
        return (await response.Content.ReadFromJsonAsync<JsonArray>())!;
    }

    public static async Task<JsonObject> ReadAsync(HttpResponseMessage response, int status)
    {
        var text = await response.Content.ReadAsStringAsync();
        ((int)response.StatusCode).ShouldBe(status, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    public string CloneUrl(string repository, string? token = null) =>
        $"http://x-access-token:{token ?? Token}@{Server.Address.Authority}/{repository}.git";

    public string NewDirectory(string name) => Path.Combine(_directory, name);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

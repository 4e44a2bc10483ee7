using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>The platform's HTTP API as its users call it.</summary>
public sealed class PlatformClient(Uri address) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>With a function key.</summary>
    public HttpClient Http { get; } = Create(address, PlatformProcess.FunctionKey);

    /// <summary>Without any key.</summary>
    public HttpClient Anonymous { get; } = Create(address, key: null);

    /// <summary>With the key of the durable management API.</summary>
    public HttpClient Management { get; } = Create(address, PlatformProcess.ManagementKey);

    /// <summary>Delivers an event as the forge does.</summary>
    /// <param name="signature">The signature header; null leaves it out, nothing computes the right one.</param>
    public async Task<HttpResponseMessage> DeliverAsync(
        string eventName, Guid? delivery, string body, Func<byte[], string?>? signature = null)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/github/webhook") { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new("application/json");
        if (eventName.Length > 0)
        {
            request.Headers.Add("X-GitHub-Event", eventName);
        }

        if (delivery is { } id)
        {
            request.Headers.Add("X-GitHub-Delivery", id.ToString());
        }

        if ((signature ?? Sign)(bytes) is { } value)
        {
            request.Headers.Add("X-Hub-Signature-256", value);
        }

        return await Anonymous.SendAsync(request, Cancelled);
    }

    public static string Sign(byte[] body) =>
        $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Installation.WebhookSecret), body))}";

    /// <summary>Starts a run through the API.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> StartAsync(string repository, int pullRequest, string? headSha = null)
    {
        using var answer = await Http.PostAsJsonAsync("api/pipelines", new { repository, pullRequest, headSha }, Cancelled);
        var body = await answer.Content.ReadFromJsonAsync<JsonNode>(Cancelled);
        answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.Accepted, body!.ToJsonString());
        return body["id"]!.GetValue<string>();
    }

    /// <summary>The runs of a repository, newest first, without their stages.</summary>
    public async Task<IReadOnlyList<PipelineRun>> RunsAsync(string repository, int? pullRequest = null)
    {
        var query = $"api/pipelines?limit=200&repository={Uri.EscapeDataString(repository)}"
            + (pullRequest is { } number ? string.Create(CultureInfo.InvariantCulture, $"&pullRequest={number}") : "");
        return (await Http.GetFromJsonAsync<JsonNode>(query, Cancelled))!["pipelines"].Deserialize<PipelineRun[]>(Json)!;
    }

    public async Task<PipelineRun> RunAsync(string id) =>
        (await Http.GetFromJsonAsync<PipelineRun>($"api/pipelines/{Uri.EscapeDataString(id)}", Json, Cancelled))!;

    /// <summary>Waits for a run of the pull request, of that head where it is given.</summary>
    /// <returns>The newest one.</returns>
    public async Task<PipelineRun> FindRunAsync(string repository, int pullRequest, string? headSha = null) =>
        (await Eventually.ReadAsync(
            async () => (await RunsAsync(repository, pullRequest)).FirstOrDefault(run => headSha is null || string.Equals(run.HeadSha, headSha, StringComparison.Ordinal)),
            run => run is not null,
            $"a run of {repository}#{pullRequest} at {headSha ?? "any head"}"))!;

    /// <summary>Waits until the run has ended, and until its instances have.</summary>
    public Task<PipelineRun> EndAsync(string id, TimeSpan? patience = null) =>
        Eventually.ReadAsync(() => RunAsync(id), run => run.State is "Completed" or "Broken", $"{id} has ended", patience);

    public async Task<PipelineRun> EndAsync(string repository, int pullRequest, string? headSha = null, TimeSpan? patience = null) =>
        await EndAsync((await FindRunAsync(repository, pullRequest, headSha)).Id, patience);

    /// <summary>Waits until a stage of the run is in that state.</summary>
    public Task<PipelineRun> ReachAsync(string id, string stage, string state = "Running") =>
        Eventually.ReadAsync(() => RunAsync(id), run => string.Equals(run.FindStage(stage)?.State, state, StringComparison.Ordinal), $"{stage} of {id} is {state}");

    public async Task<string> StageLogAsync(string id, string stage) =>
        await Http.GetStringAsync($"api/pipelines/{Uri.EscapeDataString(id)}/stages/{stage}/log", Cancelled);

    public Task<HttpResponseMessage> CancelAsync(string id) => Http.DeleteAsync($"api/pipelines/{Uri.EscapeDataString(id)}", Cancelled);

    public Task<HttpResponseMessage> AnswerAsync(string id, string gate, bool approved, string by = "ada") =>
        Http.PostAsJsonAsync($"api/pipelines/{Uri.EscapeDataString(id)}/approvals/{gate}", new { approved, by }, Cancelled);

    public void Dispose()
    {
        Http.Dispose();
        Anonymous.Dispose();
        Management.Dispose();
    }

    private static HttpClient Create(Uri address, string? key)
    {
        var client = new HttpClient { BaseAddress = address };
        if (key is not null)
        {
            client.DefaultRequestHeaders.Add("x-functions-key", key);
        }

        return client;
    }
}

/// <summary>A run as <c>GET /api/pipelines/{id}</c> shows it.</summary>
public sealed record PipelineRun(
    string Id, string Repository, int? PullRequest, string? HeadSha, string RequestedBy, string State, string? Verdict, string? Summary, string? MergeSha, PipelineAgent? Agents)
{
    /// <summary>The stages of all agents.</summary>
    public IEnumerable<PipelineStage> Stages => Agents?.All.SelectMany(agent => agent.Stages) ?? [];

    /// <summary>How it ended, stage by stage, for the message of a test that fails.</summary>
    public string Report =>
        $"{Id}: {Verdict}: {Summary}\n{string.Join('\n', Stages.Select(stage => $"{stage.Name}: {stage.State}: {stage.Summary}\n{stage.Details}"))}";

    public PipelineStage? FindStage(string name) => Stages.FirstOrDefault(stage => string.Equals(stage.Name, name, StringComparison.Ordinal));
}

public sealed record PipelineAgent(string Agent, string State, IReadOnlyList<PipelineStage> Stages, IReadOnlyList<PipelineAgent> Children)
{
    public IEnumerable<PipelineAgent> All => Children.SelectMany(child => child.All).Prepend(this);
}

public sealed record PipelineStage(string Name, string State, string? Summary, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, string? Details, Uri? CheckRun);

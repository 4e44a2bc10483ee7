using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace AtomicDevOps.QuickStart;

/// <summary>What a person does on the forge, by GitHub's REST API.</summary>
internal sealed class ForgeClient
{
    private static readonly string[] EveryEvent = ["*"];
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly HttpClient _http;
    private readonly string _repository;

    /// <param name="http">With the forge's address.</param>
    /// <param name="token">The person's.</param>
    /// <param name="repository"><c>owner/name</c>.</param>
    public ForgeClient(HttpClient http, string token, string repository)
    {
        _http = http;
        _repository = repository;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("AtomicDevOps.QuickStart", productVersion: null));
    }

    /// <summary>Has the forge send every event to an address.</summary>
    public Task AddWebhookAsync(Uri address, string secret, CancellationToken cancellationToken) =>
        PostAsync<JsonElement>("hooks", new { Active = true, Events = EveryEvent, Config = new { Url = address, ContentType = "json", Secret = secret } }, cancellationToken);

    public Task<OpenedPullRequest> OpenPullRequestAsync(string branch, string title, string description, CancellationToken cancellationToken) =>
        PostAsync<OpenedPullRequest>("pulls", new { Title = title, Body = description, Head = branch, Base = "main" }, cancellationToken);

    /// <summary>The comments, oldest first.</summary>
    public async Task<IReadOnlyList<Comment>> GetCommentsAsync(int pullRequest, CancellationToken cancellationToken) =>
        (await _http.GetFromJsonAsync<IReadOnlyList<Comment>>(Path(FormattableString.Invariant($"issues/{pullRequest}/comments")), Json, cancellationToken))!;

    private async Task<T> PostAsync<T>(string path, object body, CancellationToken cancellationToken)
    {
        using var response = await _http.PostAsJsonAsync(Path(path), body, Json, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new QuickStartException(
                $"The forge refused POST {path} with {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}", ExitCodes.Broken);
        }

        return (await response.Content.ReadFromJsonAsync<T>(Json, cancellationToken))!;
    }

    private string Path(string path) => $"repos/{_repository}/{path}";
}

/// <param name="HtmlUrl">Its page for people.</param>
internal sealed record OpenedPullRequest(int Number, Uri HtmlUrl);

/// <param name="Body">Markdown.</param>
internal sealed record Comment(string Body, CommentAuthor User);

internal sealed record CommentAuthor(string Login);

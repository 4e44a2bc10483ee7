using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Alerts;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>A repository as the people who work with it see it.</summary>
public sealed class ForgeRepository(Forge forge, string fullName)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string FullName => fullName;

    /// <summary>The owner's login.</summary>
    public string Owner => fullName.Split('/')[0];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Has every event of the repository delivered to the address.</summary>
    public async Task AddWebhookAsync(Uri address, string secret) =>
        await SendAsync(HttpMethod.Post, "hooks", new
        {
            active = true,
            events = new[] { "*" },
            config = new { url = address.ToString(), content_type = "json", secret },
        });

    /// <summary>Commits files to a branch in the owner's name; a null deletes the file.</summary>
    /// <returns>The commit's id.</returns>
    public Task<string> CommitAsync(string branch, string message, params IEnumerable<(string Path, string? Content)> files) =>
        forge.CommitAsync(
            fullName, branch, message, files.ToDictionary(file => file.Path, file => file.Content is null ? null : Encoding.UTF8.GetBytes(file.Content), StringComparer.Ordinal));

    public Task<string> CommitBytesAsync(string branch, string message, string path, byte[] content) =>
        forge.CommitAsync(fullName, branch, message, new Dictionary<string, byte[]?>(StringComparer.Ordinal) { [path] = content });

    /// <summary>Opens a pull request to main.</summary>
    /// <param name="head">A branch, or <c>login:branch</c> of a fork.</param>
    public Task<ForgePullRequest> OpenPullRequestAsync(string head, string title = "A change", string? body = "Why it is made.", string? login = null) =>
        SendAsync<ForgePullRequest>(HttpMethod.Post, "pulls", new { title, body, head, @base = "main" }, login);

    public Task<ForgePullRequest> PullRequestAsync(int number) => SendAsync<ForgePullRequest>(HttpMethod.Get, Path($"pulls/{number}"));

    /// <summary>All open ones, newest first.</summary>
    public async Task<IReadOnlyList<ForgePullRequest>> OpenPullRequestsAsync() => await SendAsync<ForgePullRequest[]>(HttpMethod.Get, "pulls?state=open&per_page=100");

    /// <summary>The paths that it changes.</summary>
    public async Task<IReadOnlyList<string>> ChangedFilesAsync(int number)
    {
        const int PageSize = 100;
        var paths = new List<string>();
        for (var page = 1; paths.Count == (page - 1) * PageSize; page++)
        {
            paths.AddRange((await SendAsync(HttpMethod.Get, Path($"pulls/{number}/files?per_page={PageSize}&page={page}")))!.AsArray().Select(file => file!["filename"]!.GetValue<string>()));
        }

        return paths;
    }

    /// <summary>The names of all branches.</summary>
    public async Task<IReadOnlyList<string>> BranchesAsync() =>
        [.. (await SendAsync(HttpMethod.Get, "branches?per_page=100"))!.AsArray().Select(branch => branch!["name"]!.GetValue<string>())];

    /// <summary>Merges it in the owner's name.</summary>
    public async Task MergePullRequestAsync(int number) => await SendAsync(HttpMethod.Put, Path($"pulls/{number}/merge"), new { });

    public async Task ClosePullRequestAsync(int number) => await SendAsync(HttpMethod.Patch, Path($"pulls/{number}"), new { state = "closed" });

    /// <summary>Forks it into another account.</summary>
    public async Task<ForgeRepository> ForkAsync(string login) =>
        new(forge, (await SendAsync(HttpMethod.Post, "forks", new { }, login))!["full_name"]!.GetValue<string>());

    /// <summary>Every check run on a commit, also those that a newer one of the same name replaces, with their annotations.</summary>
    public async Task<IReadOnlyList<ForgeCheckRun>> CheckRunsAsync(string sha)
    {
        var answer = (await SendAsync(HttpMethod.Get, $"commits/{sha}/check-runs?filter=all&per_page=100"))!;
        var runs = new List<ForgeCheckRun>();
        foreach (var run in answer["check_runs"]!.AsArray())
        {
            var read = run.Deserialize<ForgeCheckRun>(Json)!;
            runs.Add(read.Output is { AnnotationsCount: > 0 }
                ? read with { Annotations = await SendAsync<ForgeAnnotation[]>(HttpMethod.Get, Path($"check-runs/{read.Id}/annotations?per_page=100")) }
                : read);
        }

        return runs;
    }

    public async Task RerequestAsync(ForgeCheckRun run) => await SendAsync(HttpMethod.Post, Path($"check-runs/{run.Id}/rerequest"), new { });

    public Task RaiseAlertAsync(SecurityAlert alert) => forge.RaiseAlertAsync(fullName, alert);

    public async Task<IReadOnlyList<ForgeComment>> CommentsAsync(int pullRequest) =>
        await SendAsync<ForgeComment[]>(HttpMethod.Get, Path($"issues/{pullRequest}/comments?per_page=100"));

    public async Task CommentAsync(int pullRequest, string body, string? login = null) =>
        await SendAsync(HttpMethod.Post, Path($"issues/{pullRequest}/comments"), new { body }, login);

    public async Task<ForgeCommit> CommitOfAsync(string reference) => await SendAsync<ForgeCommit>(HttpMethod.Get, $"commits/{reference}");

    /// <summary>What was delivered to the webhook, newest first, as it was sent.</summary>
    public async Task<IReadOnlyList<ForgeDelivery>> DeliveriesAsync()
    {
        var hook = (await SendAsync(HttpMethod.Get, "hooks"))![0]!["id"]!.GetValue<long>();
        var deliveries = new List<ForgeDelivery>();
        foreach (var delivery in (await SendAsync(HttpMethod.Get, Path($"hooks/{hook}/deliveries?per_page=100")))!.AsArray())
        {
            var whole = (await SendAsync(HttpMethod.Get, Path($"hooks/{hook}/deliveries/{delivery!["id"]!.GetValue<long>()}")))!;
            deliveries.Add(new ForgeDelivery(
                Guid.Parse(whole["guid"]!.GetValue<string>()),
                whole["event"]!.GetValue<string>(),
                whole["action"]?.GetValue<string>(),
                whole["status_code"]!.GetValue<int>(),
                whole["request"]!["payload"]!.ToJsonString()));
        }

        return deliveries;
    }

    private static string Path(FormattableString path) => path.ToString(CultureInfo.InvariantCulture);

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body = null, string? login = null) =>
        (await SendAsync(method, path, body, login)).Deserialize<T>(Json)!;

    private async Task<JsonNode?> SendAsync(HttpMethod method, string path, object? body = null, string? login = null)
    {
        using var request = new HttpRequestMessage(method, $"/repos/{fullName}/{path}");
        request.Content = body is null ? null : JsonContent.Create(body);
        using var answer = await (await forge.AsAsync(login ?? Owner)).SendAsync(request, Cancelled);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        answer.IsSuccessStatusCode.ShouldBeTrue($"{method} {path}: {answer.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }
}

public sealed record ForgePullRequest(int Number, string State, bool Merged, string? MergeCommitSha, ForgeReference Head, ForgeReference Base);

public sealed record ForgeReference(string Ref, string Sha);

public sealed record ForgeCheckRun(long Id, string Name, string HeadSha, string Status, string? Conclusion, ForgeCheckOutput? Output)
{
    public IReadOnlyList<ForgeAnnotation> Annotations { get; init; } = [];

    /// <summary>The stage that the platform tells about here.</summary>
    public string Stage => Name["Atomic DevOps / ".Length..];

    /// <summary>Everything that a person can read on it.</summary>
    public string Text => $"{Output?.Title}\n{Output?.Summary}\n{Output?.Text}\n{string.Join('\n', Annotations.Select(annotation => annotation.Message))}";
}

public sealed record ForgeCheckOutput(string? Title, string? Summary, string? Text, int AnnotationsCount);

public sealed record ForgeAnnotation(string Path, int StartLine, int EndLine, string AnnotationLevel, string? Title, string Message);

public sealed record ForgeComment(long Id, string Body, ForgeUser User);

public sealed record ForgeUser(string Login);

public sealed record ForgeCommit(string Sha, IReadOnlyList<ForgeParent> Parents);

public sealed record ForgeParent(string Sha);

public sealed record ForgeDelivery(Guid Id, string Event, string? Action, int StatusCode, string Payload);

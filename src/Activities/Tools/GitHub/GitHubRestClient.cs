using System.Runtime.CompilerServices;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.GitHub;

[Agent(AgentLayer.ExecutionWrapper, GitHubTransport.Tool, "Speaks GitHub's REST API, on github.com or a GitHub Enterprise Server.")]
internal sealed partial class GitHubRestClient(GitHubTransport transport, IGitHubTokenSource tokens, TimeProvider timeProvider) : IGitHubClient
{
    public const int MaxComparedFiles = 300;

    private const int PageSize = 100;

    private volatile GitHubIdentity? _identity;

    public async Task<GitHubIdentity> GetIdentityAsync(CancellationToken cancellationToken)
    {
        if (_identity is { } known)
        {
            return known;
        }

        if (tokens is AppTokenSource app)
        {
            var found = await GetAsync<WireApp>(new GitHubRequest(HttpMethod.Get, "app") { Token = app.CreateJwt(), IsCacheable = false }, cancellationToken);
            return _identity = new GitHubIdentity($"{found.Slug}[bot]", found.Id);
        }

        var user = await GetAsync<WireAccount>(Get("user"), cancellationToken);
        return _identity = new GitHubIdentity(user.Login, AppId: null);
    }

    public async Task<RateLimit> GetRateLimitAsync(CancellationToken cancellationToken)
    {
        var limits = await GetAsync<WireRateLimits>(Get("rate_limit") with { IsCacheable = false }, cancellationToken);
        var core = limits.Resources.Core;
        return new RateLimit(core.Limit, core.Remaining, DateTimeOffset.FromUnixTimeSeconds(core.Reset));
    }

    private static GitHubRequest Get(string address) => new(HttpMethod.Get, address);

    private static GitHubRequest Post(string address, object body) => new(HttpMethod.Post, address) { Body = body };

    private static GitHubRequest Patch(string address, object body) => new(HttpMethod.Patch, address) { Body = body };

    private static string Repo(RepositoryName repository) => $"repos/{repository.Owner}/{repository.Name}";

    private Task<GitHubResponse> SendAsync(GitHubRequest request, CancellationToken cancellationToken) => transport.SendAsync(request, tokens, cancellationToken);

    private async Task<T> GetAsync<T>(GitHubRequest request, CancellationToken cancellationToken)
        => GitHubTransport.Read<T>(request, await SendAsync(request, cancellationToken));

    private IAsyncEnumerable<T> ListAsync<T>(string address, CancellationToken cancellationToken)
        => ListAsync<IReadOnlyList<T>, T>(address, page => page, cancellationToken);

    private async IAsyncEnumerable<TItem> ListAsync<TPage, TItem>(
        string address, Func<TPage, IReadOnlyList<TItem>> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var separator = address.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        var request = Get($"{address}{separator}per_page={PageSize}");
        while (true)
        {
            var response = await SendAsync(request, cancellationToken);
            foreach (var item in items(GitHubTransport.Read<TPage>(request, response)))
            {
                yield return item;
            }

            if (response.Next is not { } next || next == request.Address)
            {
                yield break;
            }

            request = request with { Address = next };
        }
    }

    private static string Query(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var query = "";
        foreach (var (name, value) in parameters)
        {
            if (value is not null)
            {
                query += $"{(query.Length == 0 ? '?' : '&')}{name}={Uri.EscapeDataString(value)}";
            }
        }

        return query;
    }
}

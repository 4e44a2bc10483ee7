using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Octokit.Internal;
using static AtomicDevOps.Activities.Tools.GitHub.OctokitMapping;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>
/// GitHub's REST API by Octokit's typed calls, over the same transport as <see cref="GitHubRestClient"/>. Where a typed call would lose or
/// change something it is Octokit's connection that asks, and a comment says what. Lists are among these: Octokit's read every page before
/// they give the first item.
/// </summary>
internal sealed partial class OctokitGitHubClient(
    GitHubTransport transport, IGitHubTokenSource tokens, IOptions<GitHubOptions> options, TimeProvider timeProvider) : IGitHubClient
{
    private const string PageSize = "100";

    private static readonly Octokit.ProductHeaderValue Product = new("AtomicDevOps");

    /// <summary>The transport adds the token, as it knows which requests may have it.</summary>
    private static readonly InMemoryCredentialStore Anonymous = new(Octokit.Credentials.Anonymous);

    private volatile GitHubIdentity? _identity;

    public async Task<GitHubIdentity> GetIdentityAsync(CancellationToken cancellationToken)
    {
        if (_identity is { } known)
        {
            return known;
        }

        if (tokens is AppTokenSource app)
        {
            var token = app.CreateJwt();
            return _identity = await CallAsync(
                github => github.GitHubApps.GetCurrent(),
                found => new GitHubIdentity($"{Required(found?.Slug, "slug")}[bot]", Given(found!.Id, "id")),
                cancellationToken,
                request => request with { Token = token, IsCacheable = false });
        }

        return _identity = await CallAsync(
            github => github.User.Current(),
            user => new GitHubIdentity(Required(user?.Login, "login"), AppId: null),
            cancellationToken);
    }

    public Task<RateLimit> GetRateLimitAsync(CancellationToken cancellationToken)
        => CallAsync(
            github => github.RateLimit.GetRateLimits(),
            limits =>
            {
                var core = Required(limits?.Resources?.Core, "resources.core");
                return new RateLimit(core.Limit, core.Remaining, core.Reset);
            },
            cancellationToken,
            request => request with { IsCacheable = false });

    private Octokit.GitHubClient Connect(OctokitExchange exchange)
        => new(new Octokit.Connection(Product, options.Value.BaseAddress, Anonymous, exchange, exchange));

    private async Task<TResult> CallAsync<TAnswer, TResult>(
        Func<Octokit.GitHubClient, Task<TAnswer>> call,
        Func<TAnswer?, TResult> map,
        CancellationToken cancellationToken,
        Func<GitHubRequest, GitHubRequest>? adapt = null)
    {
        using var exchange = Exchange(cancellationToken, adapt);
        var answer = await call(Connect(exchange));
        return exchange.Read(() => map(answer));
    }

    private async Task CallAsync(Func<Octokit.GitHubClient, Task> call, CancellationToken cancellationToken)
    {
        using var exchange = new OctokitExchange(transport, tokens, cancellationToken) { IsAnswerIgnored = true };
        await call(Connect(exchange));
    }

    private OctokitExchange Exchange(CancellationToken cancellationToken, Func<GitHubRequest, GitHubRequest>? adapt = null)
        => new(transport, tokens, cancellationToken) { Adapt = adapt ?? (request => request) };

    private IAsyncEnumerable<TResult> ListAsync<TItem, TResult>(
        Uri address, Func<TItem, TResult> map, CancellationToken cancellationToken, IDictionary<string, string>? parameters = null)
        => ListAsync<List<TItem>, TItem, TResult>(address, page => page, map, cancellationToken, parameters);

    private async IAsyncEnumerable<TResult> ListAsync<TPage, TItem, TResult>(
        Uri address,
        Func<TPage, IReadOnlyList<TItem>?> items,
        Func<TItem, TResult> map,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        IDictionary<string, string>? parameters = null)
        where TPage : class
    {
        using var exchange = Exchange(cancellationToken);
        var connection = Connect(exchange).Connection;
        parameters = new Dictionary<string, string>(parameters ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
        {
            ["per_page"] = PageSize,
        };
        while (true)
        {
            var response = await connection.Get<TPage>(address, parameters);
            foreach (var item in exchange.Read(() => Required(items(Required(response.Body, "page")), "items").Select(map).ToArray()))
            {
                yield return item;
            }

            if (Octokit.ApiInfoExtensions.GetNextPageUrl(response.HttpResponse.ApiInfo) is not { } next || next == address)
            {
                yield break;
            }

            // The link holds all parameters.
            address = next;
            parameters = null;
        }
    }

    /// <summary>GitHub's word for one of ours, for Octokit's enumerations that have the same words.</summary>
    private static Octokit.StringEnum<TWord>? Word<TWord>(Enum? value)
        where TWord : struct
        => value is null ? default(Octokit.StringEnum<TWord>?) : new(JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
}

using System.Text;
using AtomicDevOps.Activities.Tools.Git;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>Lets git clone from and push to the configured GitHub with the client's own token; every other address gets nothing.</summary>
internal sealed class GitHubCredentialSource(IOptions<GitHubOptions> options, IGitHubTokenSource tokens) : IGitCredentialSource
{
    private readonly Uri _site = SiteOf(options.Value.BaseAddress);

    public async ValueTask<string?> GetAuthorizationHeaderAsync(Uri remote, CancellationToken cancellationToken)
    {
        if (!remote.IsAbsoluteUri
            || Uri.Compare(remote, _site, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) != 0)
        {
            return null;
        }

        return await tokens.GetTokenAsync(cancellationToken) is { } token
            ? $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-access-token:{token}"))}"
            : null;
    }

    /// <summary>
    /// github.com and its relatives have the API at <c>api.HOST</c>, an Enterprise Server at <c>HOST/api/v3</c>:
    /// https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api.
    /// </summary>
    private static Uri SiteOf(Uri api)
    {
        const string Prefix = "api.";
        var isPrefixed = api.AbsolutePath is "/" && api.Host.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
        return new UriBuilder(api.Scheme, isPrefixed ? api.Host[Prefix.Length..] : api.Host, api.Port).Uri;
    }
}

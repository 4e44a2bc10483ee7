using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>Configuration section <c>GitHub</c>. Without <see cref="Token"/> and <see cref="App"/> requests are anonymous.</summary>
public sealed class GitHubOptions
{
    public const string Section = "GitHub";

    /// <summary>The REST API's address; <c>https://HOST/api/v3/</c> for a GitHub Enterprise Server.</summary>
    public Uri BaseAddress { get; set; } = new("https://api.github.com/");

    /// <summary>A personal access token, classic or fine-grained.</summary>
    public string? Token { get; set; }

    /// <summary>The GitHub App to act as, instead of <see cref="Token"/>.</summary>
    public GitHubAppOptions? App { get; set; }

    /// <summary>How long a request may wait for a rate limit before it gives up with <see cref="ToolUnavailableException"/>; 0–15 min.</summary>
    public TimeSpan RateLimitWait { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one exchange may take, from its start to the last byte (for archives, to the first); 1 s–10 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests at the same time; 1–100, which is GitHub's own limit.</summary>
    public int MaxConcurrency { get; set; } = 8;

    /// <summary>How many bytes of answers are kept to be asked for conditionally, which does not count against the rate limit; 0 for none.</summary>
    public long CacheBytes { get; set; } = 16 * 1024 * 1024;
}

/// <summary>Configuration section <c>GitHub:App</c>.</summary>
public sealed class GitHubAppOptions
{
    /// <summary>The app's client id, or its number: either one names it.</summary>
    public string? ClientId { get; set; }

    public string? AppId { get; set; }

    /// <summary>The private key in PEM; <c>\n</c> may stand for a line's end, as it has to in some environments.</summary>
    public string? PrivateKey { get; set; }

    /// <summary>A file with the private key in PEM; it is read anew for every token, so that it can be replaced.</summary>
    public string? PrivateKeyFile { get; set; }

    /// <summary>The number of the app's installation in the organisation or account.</summary>
    public long InstallationId { get; set; }

    internal string Issuer => string.IsNullOrWhiteSpace(ClientId) ? AppId ?? "" : ClientId;

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    internal string ReadPrivateKey() => string.IsNullOrWhiteSpace(PrivateKeyFile)
        ? (PrivateKey ?? "").Replace("\\n", "\n", StringComparison.Ordinal)
        : File.ReadAllText(PrivateKeyFile);
}

internal sealed class GitHubOptionsValidator : IValidateOptions<GitHubOptions>
{
    public ValidateOptionsResult Validate(string? name, GitHubOptions options)
    {
        var problems = FindProblems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> FindProblems(GitHubOptions options)
    {
        if (!options.BaseAddress.IsAbsoluteUri || options.BaseAddress.Scheme is not ("https" or "http"))
        {
            yield return $"GitHub:BaseAddress is '{options.BaseAddress}'; right would be an address such as https://api.github.com/ "
                + "or https://HOST/api/v3/.";
        }
        else if (options.BaseAddress.Scheme is "http" && !options.BaseAddress.IsLoopback)
        {
            yield return $"GitHub:BaseAddress is '{options.BaseAddress}': a token would cross the network in the clear. Use https; "
                + "http is for loopback addresses only.";
        }
        else if (options.BaseAddress.UserInfo.Length > 0 || options.BaseAddress.Query.Length > 0)
        {
            yield return "GitHub:BaseAddress holds a user, a password or a query; give the token as GitHub:Token.";
        }

        if (!string.IsNullOrWhiteSpace(options.Token) && options.App is not null)
        {
            yield return "GitHub:Token and GitHub:App are both set; set the one that the platform shall act as.";
        }

        if (options.Token is { } token && token.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
        {
            yield return "GitHub:Token holds spaces or line ends; give the token alone.";
        }

        if (options.RateLimitWait < TimeSpan.Zero || options.RateLimitWait > TimeSpan.FromMinutes(15))
        {
            yield return $"GitHub:RateLimitWait is {options.RateLimitWait}; right would be 00:00:00 to 00:15:00.";
        }

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromMinutes(10))
        {
            yield return $"GitHub:Timeout is {options.Timeout}; right would be 00:00:01 to 00:10:00.";
        }

        if (options.MaxConcurrency is < 1 or > 100)
        {
            yield return $"GitHub:MaxConcurrency is {options.MaxConcurrency}; right would be 1 to 100.";
        }

        if (options.CacheBytes < 0)
        {
            yield return $"GitHub:CacheBytes is {options.CacheBytes}; right would be 0 (no cache) or more.";
        }

        if (options.App is { } app)
        {
            foreach (var problem in FindProblems(app))
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<string> FindProblems(GitHubAppOptions app)
    {
        if (app.Issuer.Length == 0)
        {
            yield return "GitHub:App needs ClientId or AppId, as the app's settings page shows them.";
        }

        if (!string.IsNullOrEmpty(app.AppId) && !app.AppId.All(char.IsAsciiDigit))
        {
            yield return $"GitHub:App:AppId is '{app.AppId}'; it must be the number that the app's settings page shows.";
        }

        if (app.InstallationId <= 0)
        {
            yield return "GitHub:App:InstallationId is missing; it is the number at the end of the installation's address.";
        }

        if (string.IsNullOrWhiteSpace(app.PrivateKey) == string.IsNullOrWhiteSpace(app.PrivateKeyFile))
        {
            yield return "GitHub:App needs either PrivateKey (PEM) or PrivateKeyFile.";
        }
        else if (FindKeyProblem(app) is { } problem)
        {
            yield return problem;
        }
    }

    private static string? FindKeyProblem(GitHubAppOptions app)
    {
        var source = string.IsNullOrWhiteSpace(app.PrivateKeyFile) ? "GitHub:App:PrivateKey" : $"GitHub:App:PrivateKeyFile '{app.PrivateKeyFile}'";
        try
        {
            using var rsa = RSA.Create();
            rsa.ImportFromPem(app.ReadPrivateKey());
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"{source} cannot be read: {exception.Message}";
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            return $"{source} is no RSA private key in PEM; right would be the file that the app's settings page gave.";
        }
    }
}

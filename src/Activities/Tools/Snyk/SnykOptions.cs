using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>Configuration section <c>Snyk</c>. Without <see cref="Token"/> and <see cref="Organization"/> Snyk is not configured.</summary>
public sealed class SnykOptions
{
    public const string Section = "Snyk";

    /// <summary>An API token, best of a service account. The command line gets it by its environment.</summary>
    public string? Token { get; set; }

    /// <summary>The organization's id.</summary>
    public string? Organization { get; set; }

    /// <summary>The region's host, such as <c>https://api.eu.snyk.io/</c>.</summary>
    public Uri BaseAddress { get; set; } = new("https://api.snyk.io/");

    /// <summary>How long a request may wait for a rate limit before it gives up with <see cref="ToolUnavailableException"/>; 0–15 min.</summary>
    public TimeSpan RateLimitWait { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long one exchange may take; 1 s–10 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one test of an SBOM or of a tree may take; 1 s–6 h.</summary>
    public TimeSpan TestTimeout { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>The command line: a name in <c>PATH</c> or an absolute path.</summary>
    public string Executable { get; set; } = "snyk";

    /// <summary>Whether source code is tested, which sends it to Snyk.</summary>
    public bool Code { get; set; }

    /// <summary>
    /// Whether dependencies are tested by the command line, which runs the build tools of the repository on this machine as this process's user:
    /// for repositories whose every author is trusted.
    /// </summary>
    public bool AllowBuild { get; set; }

    internal bool IsConfigured => !string.IsNullOrWhiteSpace(Token) && !string.IsNullOrWhiteSpace(Organization);
}

internal sealed class SnykOptionsValidator : IValidateOptions<SnykOptions>
{
    public ValidateOptionsResult Validate(string? name, SnykOptions options)
    {
        var problems = FindProblems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> FindProblems(SnykOptions options)
    {
        if (options.Token is { } token && token.Any(c => char.IsWhiteSpace(c) || !char.IsAscii(c) || char.IsControl(c)))
        {
            yield return "Snyk:Token holds spaces, line ends or characters that no token has; give the token alone.";
        }

        if (!string.IsNullOrWhiteSpace(options.Organization) && !Guid.TryParseExact(options.Organization, "D", out _))
        {
            yield return $"Snyk:Organization is '{options.Organization}'; right would be the organization's id, such as 00000000-0000-0000-0000-000000000000.";
        }

        if (!string.IsNullOrWhiteSpace(options.Token) && string.IsNullOrWhiteSpace(options.Organization))
        {
            yield return "Snyk:Token is set and Snyk:Organization is not; set it to the organization's id, as its settings page shows it.";
        }

        if (options.Code && !options.IsConfigured)
        {
            yield return "Snyk:Code is set without Snyk:Token and Snyk:Organization; set them too, or leave it out.";
        }

        var address = options.BaseAddress;
        if (!address.IsAbsoluteUri || address.Scheme is not ("https" or "http"))
        {
            yield return $"Snyk:BaseAddress is '{address}'; right would be a region's host, such as https://api.eu.snyk.io/.";
        }
        else if (address.Scheme is "http" && !address.IsLoopback)
        {
            yield return $"Snyk:BaseAddress is '{address}': a token would cross the network in the clear. Use https; http is for loopback addresses only.";
        }
        else if (address.UserInfo.Length > 0 || address.Query.Length > 0 || address.AbsolutePath is not "/")
        {
            yield return "Snyk:BaseAddress holds a user, a path or a query; right would be the host alone, such as https://api.eu.snyk.io/.";
        }

        if (options.RateLimitWait < TimeSpan.Zero || options.RateLimitWait > TimeSpan.FromMinutes(15))
        {
            yield return $"Snyk:RateLimitWait is {options.RateLimitWait}; right would be 00:00:00 to 00:15:00.";
        }

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromMinutes(10))
        {
            yield return $"Snyk:Timeout is {options.Timeout}; right would be 00:00:01 to 00:10:00.";
        }

        if (options.TestTimeout < TimeSpan.FromSeconds(1) || options.TestTimeout > TimeSpan.FromHours(6))
        {
            yield return $"Snyk:TestTimeout is {options.TestTimeout}; right would be 00:00:01 to 06:00:00.";
        }

        if (string.IsNullOrWhiteSpace(options.Executable))
        {
            yield return "Snyk:Executable is empty; it must be a program's name or absolute path, for example snyk.";
        }
        else if (Path.IsPathRooted(options.Executable) && !File.Exists(options.Executable))
        {
            yield return "Snyk:Executable names a program that does not exist.";
        }
    }
}

using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Configuration section <c>Osv</c>. With both a directory and an address, the address is asked about the ecosystems that the directory has nothing of.</summary>
public sealed class OsvOptions
{
    public const string Section = "Osv";

    /// <summary>A directory of OSV records in JSON or YAML, at any depth.</summary>
    public string? Directory { get; set; }

    /// <summary>Where the API of osv.dev is, such as <c>https://api.osv.dev/</c>. It is told the names of packages. Without it nothing is.</summary>
    public Uri? Address { get; set; }

    /// <summary>How long one exchange with the API may take; 1 s–10 min. Its own limit for a query is 20 s a page.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a request may wait for a limit of the API before it gives up with <see cref="ToolUnavailableException"/>; 0–15 min.</summary>
    public TimeSpan RateLimitWait { get; set; } = TimeSpan.FromMinutes(2);
}

internal sealed class OsvOptionsValidator : IValidateOptions<OsvOptions>
{
    public ValidateOptionsResult Validate(string? name, OsvOptions options)
    {
        var problems = FindProblems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> FindProblems(OsvOptions options)
    {
        if (options.Directory is not null && !Directory.Exists(options.Directory))
        {
            yield return "Osv:Directory names a directory that does not exist. Right would be one with OSV records, such as an unpacked export of a database.";
        }

        if (options.Address is { } address)
        {
            if (!address.IsAbsoluteUri || address.Scheme is not ("https" or "http"))
            {
                yield return $"Osv:Address is '{address}'; right would be a host, such as https://api.osv.dev/.";
            }
            else if (address.Scheme is "http" && !address.IsLoopback)
            {
                yield return $"Osv:Address is '{address}': whoever is on the way could hide advisories. Use https; http is for loopback addresses only.";
            }
            else if (address.UserInfo.Length > 0 || address.Query.Length > 0 || address.AbsolutePath is not "/")
            {
                yield return "Osv:Address holds a user, a path or a query; right would be the host alone, such as https://api.osv.dev/.";
            }
        }

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromMinutes(10))
        {
            yield return $"Osv:Timeout is {options.Timeout}; right would be 00:00:01 to 00:10:00.";
        }

        if (options.RateLimitWait < TimeSpan.Zero || options.RateLimitWait > TimeSpan.FromMinutes(15))
        {
            yield return $"Osv:RateLimitWait is {options.RateLimitWait}; right would be 00:00:00 to 00:15:00.";
        }
    }
}

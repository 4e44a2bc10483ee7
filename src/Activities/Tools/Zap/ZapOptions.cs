using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>Configuration section <c>Zap</c>. The ZAP that it names is for the platform alone: a scan begins with a new session.</summary>
public sealed class ZapOptions
{
    public const string Section = "Zap";

    /// <summary>Where ZAP's API listens, such as <c>http://127.0.0.1:8080/</c>; without it ZAP is not configured.</summary>
    public Uri? Address { get; set; }

    /// <summary>ZAP's <c>api.key</c>; none where ZAP runs with <c>api.disablekey=true</c>.</summary>
    public string? ApiKey { get; set; }

    /// <summary>How long one exchange with the API may take; 1 s–10 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a baseline scan may take; 1 min–1 day.</summary>
    public TimeSpan BaselineTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a full scan may take; 1 min–1 day.</summary>
    public TimeSpan FullTimeout { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The scan policy of active scans; without it ZAP's default one.</summary>
    public string? Policy { get; set; }
}

internal sealed class ZapOptionsValidator : IValidateOptions<ZapOptions>
{
    public ValidateOptionsResult Validate(string? name, ZapOptions options)
    {
        var problems = FindProblems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static IEnumerable<string> FindProblems(ZapOptions options)
    {
        if (options.Address is { } address)
        {
            if (!address.IsAbsoluteUri || address.Scheme is not ("https" or "http"))
            {
                yield return $"Zap:Address is '{address}'; right would be where ZAP listens, such as http://127.0.0.1:8080/.";
            }
            else if (address.Scheme is "http" && !address.IsLoopback)
            {
                yield return $"Zap:Address is '{address}': the key would cross the network in the clear. Use https; http is for loopback addresses only.";
            }
            else if (address.UserInfo.Length > 0 || address.Query.Length > 0 || address.AbsolutePath is not "/")
            {
                yield return "Zap:Address holds a user, a path or a query; right would be the host and port alone, such as http://127.0.0.1:8080/.";
            }
        }

        if (options.ApiKey is { } key && key.Any(c => char.IsWhiteSpace(c) || !char.IsAscii(c) || char.IsControl(c)))
        {
            yield return "Zap:ApiKey holds spaces, line ends or characters that no header takes; give the key alone.";
        }

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromMinutes(10))
        {
            yield return $"Zap:Timeout is {options.Timeout}; right would be 00:00:01 to 00:10:00.";
        }

        foreach (var (setting, value) in new[] { (nameof(options.BaselineTimeout), options.BaselineTimeout), (nameof(options.FullTimeout), options.FullTimeout) })
        {
            if (value < TimeSpan.FromMinutes(1) || value > TimeSpan.FromDays(1))
            {
                yield return $"Zap:{setting} is {value}; right would be 00:01:00 to 1.00:00:00.";
            }
        }

        if (options.Policy is { } policy && string.IsNullOrWhiteSpace(policy))
        {
            yield return "Zap:Policy is empty; it must be a scan policy's name, or be left out.";
        }
    }
}

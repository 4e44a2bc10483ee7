using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>Configuration section <c>Zap</c>. It names an image, from which ZAP is started for each scan, or the address of one that runs, or nothing.</summary>
public sealed class ZapOptions
{
    public const string Section = "Zap";

    /// <summary>An image with ZAP and Python 3, such as <c>ghcr.io/zaproxy/zaproxy:stable</c>. ZAP is started from it beside the application that it scans.</summary>
    public string? Image { get; set; }

    /// <summary>What starts ZAP in the image: a name in its <c>PATH</c> or an absolute path.</summary>
    public string Program { get; set; } = "zap.sh";

    /// <summary>How long ZAP may take from its start until its API answers; 1 s–30 min.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Where the API of a ZAP listens that runs already, such as <c>http://127.0.0.1:8080/</c>, and that is for the platform alone, since a scan begins with a new
    /// session. It cannot reach applications that have no network.
    /// </summary>
    public Uri? Address { get; set; }

    /// <summary>The <c>api.key</c> of the ZAP at the address; none where ZAP runs with <c>api.disablekey=true</c>.</summary>
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
        if (options.Image is { } image && string.IsNullOrWhiteSpace(image))
        {
            yield return "Zap:Image is empty; it must be an image with ZAP and Python 3, such as ghcr.io/zaproxy/zaproxy:stable, or be left out.";
        }

        if (options.Image is not null && options.Address is not null)
        {
            yield return "Zap:Image and Zap:Address are both set; set the image to have ZAP started beside applications, or the address of one that runs.";
        }

        if (string.IsNullOrWhiteSpace(options.Program))
        {
            yield return "Zap:Program is empty; it must be a program's name or absolute path in the image, for example zap.sh.";
        }

        if (options.StartTimeout < TimeSpan.FromSeconds(1) || options.StartTimeout > TimeSpan.FromMinutes(30))
        {
            yield return $"Zap:StartTimeout is {options.StartTimeout}; right would be 00:00:01 to 00:30:00.";
        }

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

using AtomicDevOps.Activities.Security;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>
/// ZAP over its API, one scan at a time for the ZAP at the settings' address. Every call may throw <see cref="ToolException"/> (also where ZAP is not configured),
/// <see cref="ToolUnavailableException"/> where the same call may succeed later, and <see cref="ZapRequestException"/> with ZAP's own code.
/// </summary>
public interface IZapClient
{
    /// <summary>Whether the settings name an address. A <see cref="ZapHost"/> needs none.</summary>
    bool IsConfigured { get; }

    Task<string> GetVersionAsync(CancellationToken cancellationToken);

    Task<string> GetVersionAsync(ZapHost host, CancellationToken cancellationToken);

    /// <summary>How long the scan may take: its own deadline, or its mode's of the settings.</summary>
    TimeSpan TimeoutOf(ZapScan scan);

    /// <summary>
    /// Scans a running web application. Whatever happens, what was started in ZAP is stopped and its context removed. A scan that reaches its
    /// deadline is <see cref="ScanOutcome.PartlyChecked"/> with what was found by then.
    /// </summary>
    /// <param name="onProgress">Gets how far it is, whenever ZAP was asked.</param>
    /// <exception cref="ToolException">An address is outside of the allowed origin; nothing was sent.</exception>
    Task<ScanReport> ScanAsync(ZapScan scan, Func<ZapProgress, CancellationToken, ValueTask>? onProgress, CancellationToken cancellationToken);

    /// <summary>The same by a ZAP that is this scan's alone.</summary>
    Task<ScanReport> ScanAsync(ZapScan scan, ZapHost host, CancellationToken cancellationToken);
}

/// <param name="AllowedOrigin">Scheme, host and port that may be scanned, as ZAP reaches them; nothing else ever is.</param>
/// <param name="Target">Where to begin, in that origin.</param>
public sealed record ZapScan(Uri AllowedOrigin, Uri Target, ZapScanMode Mode)
{
    /// <summary>Whether pages are looked at in a browser too.</summary>
    public bool UsesAjaxSpider { get; init; }

    /// <summary>The address of an OpenAPI description in the allowed origin.</summary>
    public Uri? OpenApi { get; init; }

    /// <summary>The path of an OpenAPI description on ZAP's machine.</summary>
    public string? OpenApiFile { get; init; }

    /// <summary>The deadline, where it is not the mode's own of the settings.</summary>
    public TimeSpan? Timeout { get; init; }
}

public enum ZapScanMode
{
    /// <summary>Looks at what the spider finds, and attacks nothing.</summary>
    Baseline,

    /// <summary>Attacks what was found too: never anything but a copy that may break.</summary>
    Full,
}

public enum ZapPhase
{
    Import,
    Spider,
    AjaxSpider,
    PassiveScan,
    ActiveScan,
    Alerts,
}

/// <param name="Percent">0–100 for the spider and the active scan; null for phases that tell none.</param>
/// <param name="Left">Messages that the passive scan has still to look at, or alerts read.</param>
public sealed record ZapProgress(ZapPhase Phase, int? Percent, int? Left = null);

/// <summary>ZAP refused a request.</summary>
public sealed class ZapRequestException : ToolException
{
    public ZapRequestException(string message, string code)
        : base(ZapClient.ToolName, message)
    {
        Code = code;
    }

    /// <summary>ZAP's own code, such as <c>does_not_exist</c>; empty where it gave none.</summary>
    public string Code { get; }
}

namespace AtomicDevOps.Activities.Tools.Wapiti;

/// <summary>
/// Wapiti's attack modules that need nothing but the target. Left out are those that ask a server of Wapiti's authors for results (ssrf, xxe), that fetch a
/// database from the internet (nikto, wapp), and that guess passwords or file names (brute_login_form, buster).
/// </summary>
internal static class WapitiModules
{
    private static readonly string[] Looking = ["cookieflags", "csp", "http_headers"];

    private static readonly string[] Attacking = ["blindsql", "crlf", "exec", "file", "permanentxss", "redirect", "sql", "xss"];

    private static readonly string[] OnRequest = ["backup", "csrf", "htaccess", "methods", "shellshock"];

    /// <exception cref="ToolException">A module is unknown or left out.</exception>
    public static IReadOnlyList<string> Of(WapitiScan scan)
    {
        IReadOnlyList<string> allowed = scan.Mode == WapitiScanMode.Baseline ? Looking : [.. Looking, .. Attacking, .. OnRequest];
        if (scan.Modules.Except(allowed, StringComparer.Ordinal).FirstOrDefault() is { } other)
        {
            throw new ToolException(WapitiCli.ToolName, $"'{other}' is no module of a {scan.Mode} scan; right would be any of {string.Join(", ", allowed)}.");
        }

        return scan switch
        {
            { Modules.Count: > 0 } => [.. scan.Modules.Distinct(StringComparer.Ordinal)],
            { Mode: WapitiScanMode.Baseline } => Looking,
            _ => [.. Looking, .. Attacking],
        };
    }
}

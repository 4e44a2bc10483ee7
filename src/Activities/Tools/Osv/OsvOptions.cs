namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Configuration section <c>Osv</c>.</summary>
public sealed class OsvOptions
{
    public const string Section = "Osv";

    /// <summary>A directory of OSV records in JSON or YAML, at any depth.</summary>
    public string? Directory { get; set; }

    /// <summary>A copy of CISA's catalogue of known exploited vulnerabilities, in JSON; what it names comes first.</summary>
    public string? KnownExploited { get; set; }
}

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Configuration section <c>Osv</c>.</summary>
public sealed class OsvOptions
{
    public const string Section = "Osv";

    /// <summary>A directory of OSV records in JSON or YAML, at any depth.</summary>
    public string? Directory { get; set; }

}

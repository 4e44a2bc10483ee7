namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>Configuration section <c>Remediation</c>: the bounds of a patch that is not made by a rule.</summary>
public sealed class RemediationOptions
{
    public const string Section = "Remediation";

    /// <summary>Files that a patch may change; 1–20.</summary>
    public int MaxFiles { get; set; } = 3;

    /// <summary>Lines that it may add and remove, together; 1–1,000.</summary>
    public int MaxChangedLines { get; set; } = 60;

    /// <summary>Bytes of the patch in UTF-8, with its context; 1,024–262,144.</summary>
    public int MaxPatchBytes { get; set; } = 32 * 1024;
}

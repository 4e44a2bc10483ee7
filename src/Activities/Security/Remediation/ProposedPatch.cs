namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>A patch that applies and breaks no rule that can be held without running anything.</summary>
/// <param name="Files">What changes, whole, with the secrets that were masked back in their places.</param>
/// <param name="Explanation">The model's words around the patch, in plain text with secrets still masked, at most 2,000 characters.</param>
/// <param name="HoldsSecrets">Whether a file has a secret in it, so that its content may be written only where its source may.</param>
internal sealed record ProposedPatch(IReadOnlyList<PatchedFile> Files, string Explanation, bool HoldsSecrets);

/// <param name="Patch">Null where it is refused.</param>
/// <param name="Message">For a refusal, what is wrong and where, without any of the answer's text but paths.</param>
internal sealed record PatchReading(ProposedPatch? Patch, PatchRefusal? Refusal, string Message);

/// <param name="Files">Files that a patch may change.</param>
/// <param name="ChangedLines">Lines that it may add and remove, together.</param>
/// <param name="Bytes">Of the patch in UTF-8.</param>
internal sealed record PatchLimits(int Files, int ChangedLines, int Bytes)
{
    public static PatchLimits From(RemediationOptions options) => new(options.MaxFiles, options.MaxChangedLines, options.MaxPatchBytes);
}

namespace AtomicDevOps.LocalForge.Administration;

/// <param name="CommitSha">What was scanned.</param>
/// <param name="Reference">The full reference that it was scanned for.</param>
/// <param name="ToolName">What the upload names as the tool.</param>
/// <param name="Log">The SARIF log in UTF-8, as it was before compression.</param>
/// <param name="Errors">Why it was rejected; nothing where it was taken.</param>
public sealed record UploadedSarif(string CommitSha, string Reference, string? ToolName, ReadOnlyMemory<byte> Log, IReadOnlyList<string> Errors);

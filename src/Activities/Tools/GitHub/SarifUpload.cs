using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <param name="CommitSha">What was scanned.</param>
/// <param name="Reference"><c>refs/heads/…</c>, <c>refs/tags/…</c>, <c>refs/pull/N/head</c> or <c>refs/pull/N/merge</c>.</param>
/// <param name="CompressedLog">The SARIF 2.1.0 log, compressed with gzip to 10 MB at most.</param>
public sealed record SarifUpload(string CommitSha, string Reference, ReadOnlyMemory<byte> CompressedLog)
{
    /// <summary>What GitHub calls the tool where the log has no name for it.</summary>
    public string? ToolName { get; init; }

    /// <summary>When the scan began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The directory that absolute addresses in the log lie below; not needed where they are relative to the repository's root.</summary>
    public Uri? CheckoutUri { get; init; }
}

/// <param name="Errors">What GitHub found wrong with the log.</param>
public sealed record SarifUploadStatus(SarifProcessing Processing, IReadOnlyList<string> Errors);

[JsonConverter(typeof(JsonStringEnumConverter<SarifProcessing>))]
public enum SarifProcessing
{
    Pending,
    Complete,

    /// <summary>The log was not read, or only in part.</summary>
    Failed,
}

using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>A change that is said to clear findings. Nothing is believed of it until the pipeline has proved it.</summary>
/// <param name="Title">What it does, in at most 72 characters, imperative.</param>
/// <param name="Files">Each file once; at least one.</param>
/// <param name="Fingerprints">Of the findings that it is to clear, at least one.</param>
public sealed record RemediationProposal(
    RemediationSource Source, string Title, IReadOnlyList<PatchedFile> Files, IReadOnlyList<string> Fingerprints)
{
    /// <summary>What was done and why, in plain text.</summary>
    public string Explanation { get; init; } = string.Empty;
}

/// <param name="Path">From the repository's root, with <c>/</c>.</param>
/// <param name="Content">The whole file afterwards.</param>
public sealed record PatchedFile(string Path, string Content);

[JsonConverter(typeof(JsonStringEnumConverter<RemediationSource>))]
public enum RemediationSource
{
    /// <summary>A rule whose outcome is known beforehand.</summary>
    Rule,

    /// <summary>A chat model.</summary>
    Model,
}

using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Experts.GenRemediationSecurity;

/// <param name="RunId">The run that asks; the files belong to it and go with its workspaces.</param>
/// <param name="Workspace">The tree that the findings are of.</param>
/// <param name="Findings">A list of <see cref="Finding"/> in JSON.</param>
/// <param name="First">How many of them, from the first on, are to be cleared.</param>
public sealed record ProposeByRuleRequest(string RunId, WorkspaceReference Workspace, StoredArtifact Findings, int First);

/// <summary>A change that is said to clear findings. Nothing is believed of it until the pipeline has proved it.</summary>
/// <param name="Kept">A <see cref="RemediationProposal"/> in JSON; null where no rule knows what to do.</param>
/// <param name="Title">What it does, in at most 72 characters, imperative.</param>
/// <param name="Explanation">What was done, in plain text.</param>
/// <param name="Fingerprints">Of the findings that it is to clear.</param>
/// <param name="Refusals">Why others are not, a sentence each, at most 50.</param>
public sealed record ProposedFix(StoredArtifact? Kept, string Title, string Explanation, IReadOnlyList<string> Fingerprints, IReadOnlyList<string> Refusals);

/// <param name="RunId">The pipeline run; what has to be kept belongs to it.</param>
/// <param name="Workspace">The tree that the findings are of.</param>
/// <param name="Findings">What is to be cleared by one change, of <see cref="FindingKind.Code"/> or <see cref="FindingKind.Infrastructure"/>, each with its fingerprint.</param>
public sealed record ModelRemediationRequest(string RunId, WorkspaceReference Workspace, IReadOnlyList<Finding> Findings)
{
    /// <summary>Where tools found secrets in this tree. Their lines are masked whatever stands on them.</summary>
    public IReadOnlyList<FindingLocation> Secrets { get; init; } = [];
}

/// <param name="Refusal">Null where there is a proposal.</param>
/// <param name="Message">Why there is none, for people.</param>
public sealed record ModelRemediationResult(PatchRefusal? Refusal, string Message)
{
    /// <summary>Not proved by anything yet. Null for a refusal, and where <see cref="Kept"/> has it.</summary>
    public RemediationProposal? Proposal { get; init; }

    /// <summary>
    /// The proposal as JSON, where a changed file has a secret in it, as it had before: such a file is in the artifact store like its tree, and in no history.
    /// </summary>
    public StoredArtifact? Kept { get; init; }

    /// <summary>What the proposal does, in a line; null for a refusal.</summary>
    public string? Title { get; init; }

    /// <summary>In the model's words, as plain text; null for a refusal.</summary>
    public string? Explanation { get; init; }

    /// <summary>Tokens that the answer took, also where it was taken from the cache.</summary>
    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    /// <summary>The same question was answered before; nothing was sent.</summary>
    public bool Cached { get; init; }
}

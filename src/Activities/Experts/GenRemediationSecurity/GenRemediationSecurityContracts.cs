using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Experts.GenRemediationSecurity;

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

    /// <summary>Tokens that the answer took, also where it was taken from the cache.</summary>
    public long InputTokens { get; init; }

    public long OutputTokens { get; init; }

    /// <summary>The same question was answered before; nothing was sent.</summary>
    public bool Cached { get; init; }
}

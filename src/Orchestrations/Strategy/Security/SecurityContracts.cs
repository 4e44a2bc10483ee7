using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Orchestrations.Domains.Vulnerability;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Orchestrations.Strategy.Security;

/// <param name="Path">The agents that lead here.</param>
/// <param name="Policy">What the operator decided.</param>
public sealed record SecurityRequest(string RunId, AgentPath Path, WorkItem Work, PlatformPolicy Policy)
{
    public Uri? RunUrl { get; init; }
}

/// <param name="Path">The agents that lead here.</param>
public sealed record SecurityWatchRequest(string RunId, AgentPath Path, IReadOnlyList<string> DisabledAgents);

/// <summary>What the change adds, and what a fix has to start from.</summary>
public sealed record SecurityReview(SecurityVerdict Verdict)
{
    /// <summary>Nothing where there was nothing to scan.</summary>
    public VulnerabilityTarget? Target { get; init; }

    /// <summary>What it was looked at for.</summary>
    public ScanScope? Scope { get; init; }

    public VulnerabilityScanResult? Scan { get; init; }
}

/// <param name="Path">The agents that lead here.</param>
/// <param name="Review">With a target and a scan.</param>
public sealed record SecurityRemediationRequest(string RunId, AgentPath Path, PlatformPolicy Policy, SecurityReview Review)
{
    public Uri? RunUrl { get; init; }
}

/// <param name="Fixes">The pull requests that were opened.</param>
/// <param name="Notes">What was not fixed, or not proved, and why: a sentence each.</param>
public sealed record SecurityRemediation(IReadOnlyList<PublishedFix> Fixes, IReadOnlyList<string> Notes);

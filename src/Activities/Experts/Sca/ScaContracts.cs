using AtomicDevOps.Activities.Tools.Artifacts;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <param name="RunId">The run that asks; the reports belong to it and go with it.</param>
/// <param name="Head">The tree whose dependencies are judged.</param>
public sealed record ScaRequest(string RunId, WorkspaceReference Head)
{
    /// <summary>The tree that the change builds on, where what it adds is to be told from what was there.</summary>
    public WorkspaceReference? Base { get; init; }

    /// <summary>Whether dependencies can have changed; where they cannot, nothing is read and the outcome is <see cref="Security.ScanOutcome.NotApplicable"/>.</summary>
    public bool IsNeeded { get; init; } = true;
}

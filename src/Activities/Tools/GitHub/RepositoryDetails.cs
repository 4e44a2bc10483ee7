namespace AtomicDevOps.Activities.Tools.GitHub;

/// <param name="CloneUrl">Where git clones it from, without credentials.</param>
/// <param name="IsArchived">Whether it can only be read.</param>
public sealed record RepositoryDetails(string DefaultBranch, Uri CloneUrl, bool IsArchived);

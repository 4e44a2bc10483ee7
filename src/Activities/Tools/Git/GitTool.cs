namespace AtomicDevOps.Activities.Tools.Git;

internal static class GitTool
{
    public const string Name = "git CLI";
}

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>What other projects were built into, with this one's configuration, framework and host.</summary>
internal static class AppOutput
{
    public static string Of(string project, string file)
    {
        var own = Path.Combine(RepositoryRoot.Path, "tests", "EndToEnd.Tests");
        return Path.Combine(RepositoryRoot.Path, project, Path.GetRelativePath(own, AppContext.BaseDirectory), file);
    }
}

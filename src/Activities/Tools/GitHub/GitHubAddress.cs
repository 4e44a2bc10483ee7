namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>Names as they stand in the addresses of GitHub's API.</summary>
internal static class GitHubAddress
{
    /// <summary>A name as one segment of a path: a slash in it is escaped, and what would climb out of the path is refused.</summary>
    /// <exception cref="ArgumentException">It is empty, <c>.</c> or <c>..</c>.</exception>
    public static string Segment(string name)
        => name is "" or "." or ".."
            ? throw new ArgumentException($"'{name}' cannot be part of a GitHub address.", nameof(name))
            : Uri.EscapeDataString(name);

    /// <summary>A path or reference, its slashes kept.</summary>
    /// <exception cref="ArgumentException">A part of it is empty, <c>.</c> or <c>..</c>.</exception>
    public static string Segments(string path) => string.Join('/', path.Split('/').Select(Segment));
}

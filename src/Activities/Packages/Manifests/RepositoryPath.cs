namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>Paths in a repository, from its root and with <c>/</c>.</summary>
internal static class RepositoryPath
{
    /// <summary>Where a path leads that a file names, from the file's directory on; null where it leads out of the repository.</summary>
    public static string? Combine(string file, string relative)
    {
        if (relative.Length == 0 || relative[0] is '/' or '\\' || relative.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        var parts = new List<string>(file.Split('/')[..^1]);
        foreach (var part in relative.Replace('\\', '/').Split('/'))
        {
            if (part is "" or ".")
            {
                continue;
            }

            if (part is not "..")
            {
                parts.Add(part);
            }
            else if (parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else
            {
                return null;
            }
        }

        return string.Join('/', parts);
    }
}

using System.IO.Enumeration;

namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>Paths in a repository, from its root and with <c>/</c>.</summary>
internal static class RepositoryPath
{
    /// <summary>The directories that a path is in, each with a <c>/</c> at its end, from the nearest to the root, which is empty.</summary>
    public static IEnumerable<string> Ancestors(string path)
    {
        for (var end = path.LastIndexOf('/'); end >= 0; end = end == 0 ? -1 : path.LastIndexOf('/', end - 1))
        {
            yield return path[..(end + 1)];
        }

        yield return string.Empty;
    }

    /// <summary>Whether a pattern with <c>*</c> for a part of a name and <c>**</c> for any directories means a directory, both from the same one.</summary>
    public static bool Matches(string pattern, string directory)
    {
        var names = directory.Split('/');
        var reached = new bool[names.Length + 1];
        reached[0] = true;
        foreach (var part in pattern.Split('/').Where(static part => part is not ("" or ".")))
        {
            var next = new bool[names.Length + 1];
            for (var index = 0; index < reached.Length; index++)
            {
                if (part is "**")
                {
                    next[index] = reached[index] || (index > 0 && next[index - 1]);
                }
                else if (index > 0)
                {
                    next[index] = reached[index - 1] && FileSystemName.MatchesSimpleExpression(part, names[index - 1], ignoreCase: false);
                }
            }

            reached = next;
        }

        return reached[^1];
    }

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

namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>Follows the symbolic links of a tree the way a kernel would, without a file system.</summary>
internal static class SymbolicLinks
{
    private const int MaxFollowed = 40;

    /// <summary>The first link, by path, that leads out of the tree; null where none does. A link that goes in circles or to nothing leads nowhere and is harmless.</summary>
    /// <param name="targets">Targets by path from the tree's root, parted by <c>/</c>.</param>
    public static string? FindEscape(IReadOnlyDictionary<string, string> targets) =>
        targets.Keys.Order(StringComparer.Ordinal).FirstOrDefault(path => Escapes(path, targets));

    private static bool Escapes(string path, IReadOnlyDictionary<string, string> targets)
    {
        var pending = new Stack<string>(path.Split('/').Reverse());
        var current = new List<string>();
        var followed = 0;
        while (pending.TryPop(out var name))
        {
            if (name is "" or ".")
            {
                continue;
            }

            if (name is "..")
            {
                if (current.Count == 0)
                {
                    return true;
                }

                current.RemoveAt(current.Count - 1);
                continue;
            }

            current.Add(name);
            if (!targets.TryGetValue(string.Join('/', current), out var target))
            {
                continue;
            }

            if (target.StartsWith('/'))
            {
                return true;
            }

            if (++followed > MaxFollowed)
            {
                return false;
            }

            current.RemoveAt(current.Count - 1);
            foreach (var part in target.Split('/').Reverse())
            {
                pending.Push(part);
            }
        }

        return false;
    }
}

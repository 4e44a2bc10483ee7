namespace AtomicDevOps.Activities.Packages.Manifests;

/// <summary>Finds what includes itself, whether by itself or by way of others.</summary>
internal static class IncludeCycles
{
    /// <summary>The includes that lead back to where the way to them began, each once.</summary>
    /// <param name="includes">What each includes, and where it says so.</param>
    public static IEnumerable<(string From, string To, int Line)> Find(IReadOnlyDictionary<string, List<(string Target, int Line)>> includes)
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in includes.Keys)
        {
            if (!done.Add(start))
            {
                continue;
            }

            var open = new HashSet<string>(StringComparer.Ordinal) { start };
            var way = new Stack<(string Name, int Next)>([(start, 0)]);
            while (way.TryPop(out var step))
            {
                if (step.Next == includes[step.Name].Count)
                {
                    open.Remove(step.Name);
                    continue;
                }

                way.Push((step.Name, step.Next + 1));
                var (target, line) = includes[step.Name][step.Next];
                if (open.Contains(target))
                {
                    yield return (step.Name, target, line);
                }
                else if (includes.ContainsKey(target) && done.Add(target))
                {
                    open.Add(target);
                    way.Push((target, 0));
                }
            }
        }
    }
}

namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>What a change answers for. One that only moved is unchanged.</summary>
/// <param name="Added">In the head and not in the base, in the head's order.</param>
/// <param name="Fixed">In the base and not in the head any more, in the base's order.</param>
/// <param name="Unchanged">In both, as the head has them, in its order.</param>
public sealed record FindingBaseline(IReadOnlyList<Finding> Added, IReadOnlyList<Finding> Fixed, IReadOnlyList<Finding> Unchanged)
{
    /// <param name="head">With fingerprints.</param>
    /// <param name="target">Of the commit that the head is compared to, with fingerprints.</param>
    /// <exception cref="ArgumentException">A finding has no fingerprint.</exception>
    public static FindingBaseline Compare(IReadOnlyList<Finding> head, IReadOnlyList<Finding> target)
    {
        if (head.Concat(target).FirstOrDefault(finding => finding.Fingerprint.Length == 0) is { } bare)
        {
            throw new ArgumentException(
                $"The finding '{bare.Title}' in {bare.Location.Path} has no fingerprint; {nameof(FindingConsolidation)} gives each its own.", nameof(head));
        }

        var remaining = target.GroupBy(finding => finding.Fingerprint, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => new Queue<Finding>(group), StringComparer.Ordinal);
        var added = new List<Finding>();
        var unchanged = new List<Finding>();
        foreach (var finding in head)
        {
            var known = remaining.TryGetValue(finding.Fingerprint, out var queue) && queue.TryDequeue(out _);
            (known ? unchanged : added).Add(finding);
        }

        var gone = remaining.Values.SelectMany(queue => queue).ToHashSet(ReferenceEqualityComparer.Instance);
        return new FindingBaseline(added, [.. target.Where(gone.Contains)], unchanged);
    }
}

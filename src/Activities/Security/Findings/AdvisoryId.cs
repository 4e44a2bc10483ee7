namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>Which of an advisory's ids it goes by: CVE, then GHSA, then any other; among several of a kind the first in ordinal order without regard to case.</summary>
public static class AdvisoryId
{
    /// <summary>The best known first, each once.</summary>
    public static IReadOnlyList<string> Order(IEnumerable<string> ids) =>
    [
        .. ids.Where(id => id.Length > 0)
            .OrderBy(Rank)
            .ThenBy(id => id, StringComparer.OrdinalIgnoreCase)
            .ThenBy(id => id, StringComparer.Ordinal)
            .DistinctBy(id => id, StringComparer.OrdinalIgnoreCase),
    ];

    /// <summary>All ids of a package's advisory, the best known first.</summary>
    public static IReadOnlyList<string> Of(VulnerablePackage package) => Order([package.Advisory, .. package.Aliases]);

    private static int Rank(string id) =>
        id.StartsWith("CVE-", StringComparison.OrdinalIgnoreCase) ? 0 : id.StartsWith("GHSA-", StringComparison.OrdinalIgnoreCase) ? 1 : 2;
}

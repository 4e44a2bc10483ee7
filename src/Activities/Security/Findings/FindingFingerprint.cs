using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>
/// What a finding is known by from commit to commit: kind, file, what is wrong and what stands on the line, not where; for a dependency its name and the
/// advisory's best-known id, not its version. Those that are alike in all this are counted through the file from its top. A renamed file changes it.
/// </summary>
public static class FindingFingerprint
{
    /// <param name="findings">All of one commit, without repeats.</param>
    /// <returns>The same in the same order, each with its fingerprint.</returns>
    public static IReadOnlyList<Finding> Assign(IReadOnlyList<Finding> findings)
    {
        var fingerprints = new string[findings.Count];
        foreach (var alike in Enumerable.Range(0, findings.Count).GroupBy(index => Identity(findings[index]), StringComparer.Ordinal))
        {
            var ordinal = 0;
            foreach (var index in alike.OrderBy(index => findings[index], FindingPriority.ByPlace))
            {
                fingerprints[index] = Digest(string.Create(CultureInfo.InvariantCulture, $"{alike.Key}\n{ordinal++}"));
            }
        }

        return [.. findings.Select((finding, index) => finding with { Fingerprint = fingerprints[index] })];
    }

    private static string Identity(Finding finding)
    {
        if (finding is { Kind: FindingKind.Dependency, Package: { } package })
        {
            var name = VersionScheme.Find(package.Ecosystem)?.NormalName(package.Name) ?? package.Name;
            return Join("dependency", package.Ecosystem, name, AdvisoryId.Of(package).FirstOrDefault(string.Empty).ToUpperInvariant(), finding.Location.Path);
        }

        var equivalence = RuleEquivalence.Find(finding);
        var kind = equivalence == RuleClass.HardCodedCredential ? FindingKind.Secret : finding.Kind;
        var matter = equivalence?.ToString() ?? Weakness.Primary(finding.Weaknesses) ?? finding.Evidence.Select(evidence => $"{evidence.Tool}/{evidence.Rule}").Min(StringComparer.Ordinal)!;
        return Join(kind.ToString(), finding.Location.Path, matter, equivalence == RuleClass.RootUser ? string.Empty : finding.Location.LineDigest ?? string.Empty);
    }

    private static string Join(params string[] parts) => string.Join('\n', parts.Select(part => part.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)));

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}

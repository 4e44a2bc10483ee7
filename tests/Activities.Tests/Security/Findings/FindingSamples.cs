using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Security.Findings;

internal static class FindingSamples
{
    public static Finding Code(string tool, string rule, string path, int line, params string[] weaknesses) => new()
    {
        Kind = FindingKind.Code,
        Title = $"{rule} of {tool}",
        Message = "Something is wrong.",
        Location = new FindingLocation(path, line) { LineDigest = LineDigest.Of($"line {line}") },
        Severity = FindingSeverity.Medium,
        Weaknesses = weaknesses,
        Evidence = [new FindingEvidence(tool, rule)],
    };

    public static Finding Secret(string tool, string rule, string path, int line) => Code(tool, rule, path, line) with { Kind = FindingKind.Secret };

    public static Finding Dependency(string tool, string name, string version, string advisory, params string[] aliases) => new()
    {
        Kind = FindingKind.Dependency,
        Title = $"{name} {version}: {advisory}",
        Message = "Something is wrong.",
        Location = new FindingLocation("requirements.txt", 1),
        Severity = FindingSeverity.Medium,
        Package = new VulnerablePackage("PyPI", name, version, advisory) { Aliases = aliases },
        Evidence = [new FindingEvidence(tool, advisory)],
    };

    public static string Text(IEnumerable<Finding> findings) => JsonSerializer.Serialize(findings);

    /// <summary>Few files, lines and weaknesses, so that many are the same; no two have the same evidence.</summary>
    public static Arbitrary<Finding[]> Lists()
    {
        var vectors = Gen.Elements(null, null, "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "AV:N/AC:L/Au:N/C:P/I:P/A:P");
        var severities = Gen.Elements(Enum.GetValues<FindingSeverity>());
        var weaknesses = Gen.SubListOf("CWE-89", "CWE-943", "CWE-564", "CWE-20", "CWE-259", "CWE-798", "CWE-22");
        var code =
            from kind in Gen.Elements(FindingKind.Code, FindingKind.Secret, FindingKind.Infrastructure, FindingKind.Application)
            from tool in Gen.Elements("Bandit", "Trivy", "Semgrep")
            from rule in Gen.Elements("B105", "B608", "DS002", "other")
            from path in Gen.Elements("a.py", "Dockerfile")
            from line in Gen.Choose(1, 12)
            from height in Gen.Choose(0, 13)
            from column in Gen.Choose(0, 3)
            from found in weaknesses
            select Code(tool, rule, path, line, [.. found]) with
            {
                Kind = kind,
                Location = new FindingLocation(path, line)
                {
                    EndLine = height == 0 ? null : line + height,
                    StartColumn = column == 0 ? null : column,
                    EndColumn = column == 0 ? null : column + 4,
                    LineDigest = LineDigest.Of($"line {line % 4}"),
                },
            };
        var dependencies =
            from tool in Gen.Elements("OSV", "Trivy", "Snyk")
            from name in Gen.Elements("Django", "django", "flask")
            from version in Gen.Elements("1.0", "1.0.0", "2.0", "odd version")
            from ids in Gen.Elements("CVE-1", "CVE-2", "GHSA-1", "GHSA-2", "PYSEC-1", "SNYK-1").NonEmptyListOf()
            from fixedIn in Gen.Elements(null, "2.1", "3.0")
            from line in Gen.Choose(1, 3)
            select Dependency(tool, name, version, ids[0], [.. ids.Skip(1).Take(2)]) with
            {
                Location = new FindingLocation("requirements.txt", line),
                Package = new VulnerablePackage("PyPI", name, version, ids[0]) { Aliases = [.. ids.Skip(1).Take(2)], FixedVersion = fixedIn },
            };
        var one =
            from finding in Gen.OneOf(code, dependencies)
            from severity in severities
            from vector in vectors
            from exploited in Gen.Elements(true, false)
            from reachable in Gen.Elements(true, false, (bool?)null)
            select finding with { Severity = severity, Vector = vector, Score = vector is null ? null : 5.5, KnownExploited = exploited, Reachable = reachable };
        return one.ListOf()
            .Select(findings => findings
                .Select((finding, index) => finding with { Evidence = [finding.Evidence[0] with { Message = $"evidence {index}" }] })
                .ToArray())
            .ToArbitrary();
    }
}

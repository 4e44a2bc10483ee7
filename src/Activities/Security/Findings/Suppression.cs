using System.Globalization;
using Microsoft.Extensions.FileSystemGlobbing;

namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>
/// Somebody's word that findings do not count until a day. At least one of <see cref="Rule"/>, <see cref="Fingerprint"/>, <see cref="Advisory"/> and
/// <see cref="Weakness"/> says which; all that is given has to fit.
/// </summary>
public sealed record Suppression
{
    /// <summary>A tool's id of the rule, <c>B608</c>, or with the tool's name, <c>Bandit/B608</c>. It fits where any of a finding's evidence is by that rule.</summary>
    public string? Rule { get; init; }

    /// <summary>32 hexadecimal digits.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Any id of a dependency's advisory.</summary>
    public string? Advisory { get; init; }

    /// <summary>Such as <c>CWE-89</c>.</summary>
    public string? Weakness { get; init; }

    /// <summary>Which files: <c>tests/**</c>, <c>**/*.tf</c>, from the repository's root; null for all.</summary>
    public string? Path { get; init; }

    /// <summary>Which dependency; null for all.</summary>
    public string? Package { get; init; }

    /// <summary>Why it does not count.</summary>
    public string? Reason { get; init; }

    /// <summary>Who answers for it.</summary>
    public string? Owner { get; init; }

    /// <summary>The last day that it counts.</summary>
    public DateOnly? Until { get; init; }

    /// <summary>What keeps it from being one, in words for whoever wrote it; empty where nothing does. One that is past its end is none of them.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (Rule is null && Fingerprint is null && Advisory is null && Weakness is null)
        {
            problems.Add("It does not say what it suppresses; give a rule, a fingerprint, an advisory or a weakness.");
        }

        foreach (var (name, value) in new[] { ("rule", Rule), ("advisory", Advisory), ("path", Path), ("package", Package) })
        {
            if (value is not null && string.IsNullOrWhiteSpace(value))
            {
                problems.Add($"Its {name} is empty; give one or leave it out.");
            }
        }

        if (Fingerprint is not null && (Fingerprint.Length != 32 || !Fingerprint.All(char.IsAsciiHexDigit)))
        {
            problems.Add($"'{Fingerprint}' is no fingerprint; right would be 32 hexadecimal digits.");
        }

        if (Weakness is not null && Findings.Weakness.Normalize(Weakness) is null)
        {
            problems.Add($"'{Weakness}' is no weakness; right would be one such as CWE-89.");
        }

        if (Path is not null && (Path.StartsWith('/') || Path.Contains('\\', StringComparison.Ordinal) || Path.Split('/').Contains("..", StringComparer.Ordinal)))
        {
            problems.Add($"'{Path}' is no path from the repository's root; right would be one such as tests/** with forward slashes.");
        }

        if (string.IsNullOrWhiteSpace(Reason))
        {
            problems.Add("It gives no reason; say why it does not count.");
        }

        if (string.IsNullOrWhiteSpace(Owner))
        {
            problems.Add("It names no owner; say who answers for it.");
        }

        if (Until is null)
        {
            problems.Add("It has no end; give the last day that it counts as until: 2026-12-31.");
        }

        return problems;
    }

    public bool Counts(DateOnly today) => Until >= today && Problems().Count == 0;

    /// <summary>Whether it is about the finding, whatever the day.</summary>
    public bool Fits(Finding finding) =>
        (Rule is not null || Fingerprint is not null || Advisory is not null || Weakness is not null)
        && (Rule is null || finding.Evidence.Any(evidence => Same(Rule, evidence.Rule) || Same(Rule, $"{evidence.Tool}/{evidence.Rule}")))
        && (Fingerprint is null || Same(Fingerprint, finding.Fingerprint))
        && (Advisory is null || (finding.Package is { } advised && AdvisoryId.Of(advised).Any(id => Same(Advisory, id))))
        && (Weakness is null || finding.Weaknesses.Any(weakness => Same(Findings.Weakness.Normalize(Weakness) ?? Weakness, Findings.Weakness.Normalize(weakness) ?? weakness)))
        && (Package is null || (finding.Package is { } package && Same(NormalName(package, Package), NormalName(package, package.Name))))
        && (Path is null || new Matcher(StringComparison.Ordinal).AddInclude(Path).Match(finding.Location.Path).HasMatches);

    /// <param name="findings">With fingerprints.</param>
    /// <param name="today">The day to judge by.</param>
    public static SuppressedFindings Apply(IReadOnlyList<Finding> findings, IReadOnlyList<Suppression> suppressions, DateOnly today)
    {
        var open = new List<Finding>();
        var suppressed = new List<SuppressedFinding>();
        foreach (var finding in findings)
        {
            if (suppressions.FirstOrDefault(suppression => suppression.Counts(today) && suppression.Fits(finding)) is { } suppression)
            {
                suppressed.Add(new SuppressedFinding(finding, suppression));
            }
            else
            {
                open.Add(finding);
            }
        }

        return new SuppressedFindings(open, suppressed)
        {
            Expired = [.. suppressions.Where(suppression => suppression.Until < today)],
            Unused = [.. suppressions.Where(suppression => suppression.Counts(today) && !findings.Any(suppression.Fits))],
        };
    }

    public override string ToString()
    {
        var what = new[] { Rule, Weakness, Advisory, Package, Fingerprint, Path }.Where(part => part is not null);
        return string.Create(CultureInfo.InvariantCulture, $"{string.Join(" ", what)} until {Until:yyyy-MM-dd} by {Owner}: {Reason}");
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static string NormalName(VulnerablePackage package, string name) => Packages.Versions.VersionScheme.Find(package.Ecosystem)?.NormalName(name) ?? name;
}

/// <param name="Open">Those that count, in their order.</param>
/// <param name="Suppressed">In their order.</param>
public sealed record SuppressedFindings(IReadOnlyList<Finding> Open, IReadOnlyList<SuppressedFinding> Suppressed)
{
    /// <summary>Past their last day; they do not count.</summary>
    public IReadOnlyList<Suppression> Expired { get; init; } = [];

    /// <summary>They count and fit nothing.</summary>
    public IReadOnlyList<Suppression> Unused { get; init; } = [];
}

public sealed record SuppressedFinding(Finding Finding, Suppression Suppression);

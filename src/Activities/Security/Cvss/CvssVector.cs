using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace AtomicDevOps.Activities.Security.Cvss;

/// <summary>
/// What makes a vulnerability severe, in the Common Vulnerability Scoring System's short form: v2.0 (with or without parentheses), v3.0, v3.1 and v4.0, up to
/// 512 characters. Metrics may come in any order; optional ones that are missing count as not defined.
/// </summary>
public sealed class CvssVector : IEquatable<CvssVector>
{
    private const int MostCharacters = 512;

    private readonly Dictionary<string, string> _metrics;

    private CvssVector(CvssVersion version, Dictionary<string, string> metrics)
    {
        Version = version;
        _metrics = metrics;
        (BaseScore, TemporalScore, EnvironmentalScore) = version switch
        {
            CvssVersion.V2 => CvssV2.Scores(this),
            CvssVersion.V4 => CvssV4.Scores(this),
            _ => CvssV3.Scores(this),
        };
    }

    public CvssVersion Version { get; }

    /// <summary>0.0–10.0, from the base metrics alone.</summary>
    public double BaseScore { get; }

    /// <summary>0.0–10.0 with the temporal metrics (v4.0: the threat metric); null where none is set.</summary>
    public double? TemporalScore { get; }

    /// <summary>0.0–10.0 with all metrics; null where no environmental one is set.</summary>
    public double? EnvironmentalScore { get; }

    /// <summary>What all metrics that are set come to.</summary>
    public double Score => EnvironmentalScore ?? TemporalScore ?? BaseScore;

    /// <summary>Of <see cref="Score"/>, in words.</summary>
    public FindingSeverity Severity => Rate(Version, Score);

    /// <param name="score">0.0–10.0.</param>
    /// <returns>What the version's scale calls it. Version 2.0 has none of its own: the National Vulnerability Database's three steps are used, from Low to High.</returns>
    public static FindingSeverity Rate(CvssVersion version, double score) => score switch
    {
        < 0.0 or > 10.0 or double.NaN => throw new ArgumentOutOfRangeException(nameof(score), score, "A CVSS score is 0.0 to 10.0."),
        >= 9.0 when version != CvssVersion.V2 => FindingSeverity.Critical,
        >= 7.0 => FindingSeverity.High,
        >= 4.0 => FindingSeverity.Medium,
        >= 0.1 => FindingSeverity.Low,
        _ => version == CvssVersion.V2 ? FindingSeverity.Low : FindingSeverity.None,
    };

    /// <exception cref="FormatException">The text is no vector; the message names the metric and what is allowed.</exception>
    public static CvssVector Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Read(text) is var (vector, problem) && vector is not null ? vector : throw new FormatException(problem);
    }

    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out CvssVector? vector)
    {
        vector = text is null ? null : Read(text).Vector;
        return vector is not null;
    }

    public bool Equals(CvssVector? other) => other is not null && string.Equals(ToString(), other.ToString(), StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as CvssVector);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>The vector in the specification's order, without metrics that are not defined.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(CvssMetric.Prefix(Version));
        foreach (var metric in CvssMetric.Of(Version))
        {
            if (IsDefined(metric))
            {
                text.Append(metric.Name).Append(':').Append(_metrics[metric.Name]).Append('/');
            }
        }

        return text.ToString(0, text.Length - 1);
    }

    /// <summary>The metric's value, or what says that it is not defined.</summary>
    internal string this[string metric] =>
        _metrics.TryGetValue(metric, out var value) ? value : Version == CvssVersion.V2 ? CvssMetric.NotDefinedInV2 : CvssMetric.NotDefined;

    internal bool Has(string metric, string value) => string.Equals(this[metric], value, StringComparison.Ordinal);

    internal bool Defines(string metric) => this[metric] is not (CvssMetric.NotDefined or CvssMetric.NotDefinedInV2);

    internal bool Defines(CvssMetricGroup group) => CvssMetric.Of(Version).Any(metric => metric.Group == group && IsDefined(metric));

    private bool IsDefined(CvssMetric metric) =>
        _metrics.TryGetValue(metric.Name, out var value)
        && (metric.Group == CvssMetricGroup.Base || value is not (CvssMetric.NotDefined or CvssMetric.NotDefinedInV2));

    private static (CvssVector? Vector, string Problem) Read(string text)
    {
        if (text.Length > MostCharacters)
        {
            return (null, $"The CVSS vector has {text.Length} characters; at most {MostCharacters} are read.");
        }

        var (version, parts) = Split(text);
        if (version is null)
        {
            return (null, $"'{text}' is no CVSS vector that can be read here; right would be CVSS:4.0/…, CVSS:3.1/…, CVSS:3.0/… or, for version 2.0, AV:…/AC:…/Au:….");
        }

        var metrics = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in parts.Split('/'))
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? part : part[..colon];
            if (CvssMetric.Of(version.Value).FirstOrDefault(metric => string.Equals(metric.Name, name, StringComparison.Ordinal)) is not { } metric)
            {
                return (null, $"'{part}' in '{text}' is no metric of this version; it has {string.Join(", ", CvssMetric.Of(version.Value).Select(known => known.Name))}.");
            }

            var value = colon < 0 ? string.Empty : part[(colon + 1)..];
            if (!metric.Values.Contains(value, StringComparer.Ordinal))
            {
                return (null, $"'{part}' in '{text}': {metric.Name} ({metric.Title}) is one of {string.Join(", ", metric.Values)}.");
            }

            if (!metrics.TryAdd(name, value))
            {
                return (null, $"'{text}' gives {metric.Name} ({metric.Title}) twice; once is right.");
            }
        }

        var missing = CvssMetric.Of(version.Value).FirstOrDefault(metric => metric.Group == CvssMetricGroup.Base && !metrics.ContainsKey(metric.Name));
        return missing is null
            ? (new CvssVector(version.Value, metrics), string.Empty)
            : (null, $"'{text}' lacks {missing.Name} ({missing.Title}), which has to be one of {string.Join(", ", missing.Values)}.");
    }

    private static (CvssVersion? Version, string Metrics) Split(string text)
    {
        foreach (var version in new[] { CvssVersion.V4, CvssVersion.V31, CvssVersion.V30 })
        {
            if (text.StartsWith(CvssMetric.Prefix(version), StringComparison.Ordinal))
            {
                return (version, text[CvssMetric.Prefix(version).Length..]);
            }
        }

        var bare = text is ['(', .. var inner, ')'] ? inner : text;
        return bare.StartsWith("CVSS:", StringComparison.Ordinal) || !bare.Contains(':', StringComparison.Ordinal) ? (null, text) : (CvssVersion.V2, bare);
    }
}

public enum CvssVersion
{
    /// <summary>https://www.first.org/cvss/v2/guide</summary>
    V2,

    /// <summary>https://www.first.org/cvss/v3.0/specification-document</summary>
    V30,

    /// <summary>https://www.first.org/cvss/v3.1/specification-document</summary>
    V31,

    /// <summary>https://www.first.org/cvss/v4.0/specification-document</summary>
    V4,
}

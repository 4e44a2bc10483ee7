namespace AtomicDevOps.Activities.Security.Cvss;

/// <param name="Values">As the vector writes them.</param>
internal sealed record CvssMetric(CvssMetricGroup Group, string Name, string Title, IReadOnlyList<string> Values)
{
    public const string NotDefined = "X";
    public const string NotDefinedInV2 = "ND";

    /// <summary>What people's safety hangs on, which only the modified metrics of a subsequent system can say.</summary>
    private const string Safety = "S";

    private static readonly CvssMetric[] V2 =
    [
        Base("AV", "Access Vector", "L A N"),
        Base("AC", "Access Complexity", "H M L"),
        Base("Au", "Authentication", "M S N"),
        Base("C", "Confidentiality Impact", "N P C"),
        Base("I", "Integrity Impact", "N P C"),
        Base("A", "Availability Impact", "N P C"),
        Temporal("E", "Exploitability", "U POC F H ND"),
        Temporal("RL", "Remediation Level", "OF TF W U ND"),
        Temporal("RC", "Report Confidence", "UC UR C ND"),
        Environmental("CDP", "Collateral Damage Potential", "N L LM MH H ND"),
        Environmental("TD", "Target Distribution", "N L M H ND"),
        Environmental("CR", "Confidentiality Requirement", "L M H ND"),
        Environmental("IR", "Integrity Requirement", "L M H ND"),
        Environmental("AR", "Availability Requirement", "L M H ND"),
    ];

    private static readonly CvssMetric[] Requirements =
    [
        Environmental("CR", "Confidentiality Requirement", "X H M L"),
        Environmental("IR", "Integrity Requirement", "X H M L"),
        Environmental("AR", "Availability Requirement", "X H M L"),
    ];

    private static readonly CvssMetric[] BaseV3 =
    [
        Base("AV", "Attack Vector", "N A L P"),
        Base("AC", "Attack Complexity", "L H"),
        Base("PR", "Privileges Required", "N L H"),
        Base("UI", "User Interaction", "N R"),
        Base("S", "Scope", "U C"),
        Base("C", "Confidentiality", "H L N"),
        Base("I", "Integrity", "H L N"),
        Base("A", "Availability", "H L N"),
    ];

    private static readonly CvssMetric[] V3 =
    [
        .. BaseV3,
        Temporal("E", "Exploit Code Maturity", "X H F P U"),
        Temporal("RL", "Remediation Level", "X U W T O"),
        Temporal("RC", "Report Confidence", "X C R U"),
        .. Requirements,
        .. BaseV3.Select(static metric => Modified(metric)),
    ];

    private static readonly CvssMetric[] BaseV4 =
    [
        Base("AV", "Attack Vector", "N A L P"),
        Base("AC", "Attack Complexity", "L H"),
        Base("AT", "Attack Requirements", "N P"),
        Base("PR", "Privileges Required", "N L H"),
        Base("UI", "User Interaction", "N P A"),
        Base("VC", "Vulnerable System Confidentiality", "H L N"),
        Base("VI", "Vulnerable System Integrity", "H L N"),
        Base("VA", "Vulnerable System Availability", "H L N"),
        Base("SC", "Subsequent System Confidentiality", "H L N"),
        Base("SI", "Subsequent System Integrity", "H L N"),
        Base("SA", "Subsequent System Availability", "H L N"),
    ];

    private static readonly CvssMetric[] V4 =
    [
        .. BaseV4,
        Temporal("E", "Exploit Maturity", "X A P U"),
        .. Requirements,
        .. BaseV4.Select(static metric => metric.Name is "SI" or "SA" ? Modified(metric, Safety) : Modified(metric)),
        Supplemental("S", "Safety", "X N P"),
        Supplemental("AU", "Automatable", "X N Y"),
        Supplemental("R", "Recovery", "X A U I"),
        Supplemental("V", "Value Density", "X D C"),
        Supplemental("RE", "Vulnerability Response Effort", "X L M H"),
        Supplemental("U", "Provider Urgency", "X Clear Green Amber Red"),
    ];

    /// <summary>In the specification's order.</summary>
    public static IReadOnlyList<CvssMetric> Of(CvssVersion version) => version switch
    {
        CvssVersion.V2 => V2,
        CvssVersion.V4 => V4,
        _ => V3,
    };

    public static string Prefix(CvssVersion version) => version switch
    {
        CvssVersion.V30 => "CVSS:3.0/",
        CvssVersion.V31 => "CVSS:3.1/",
        CvssVersion.V4 => "CVSS:4.0/",
        _ => string.Empty,
    };

    private static CvssMetric Base(string name, string title, string values) => new(CvssMetricGroup.Base, name, title, values.Split(' '));

    private static CvssMetric Temporal(string name, string title, string values) => new(CvssMetricGroup.Temporal, name, title, values.Split(' '));

    private static CvssMetric Environmental(string name, string title, string values) => new(CvssMetricGroup.Environmental, name, title, values.Split(' '));

    /// <summary>What takes the base metric's place in somebody's own surroundings.</summary>
    private static CvssMetric Modified(CvssMetric metric, params string[] more) =>
        new(CvssMetricGroup.Environmental, $"M{metric.Name}", $"Modified {metric.Title}", [NotDefined, .. more, .. metric.Values]);

    private static CvssMetric Supplemental(string name, string title, string values) => new(CvssMetricGroup.Supplemental, name, title, values.Split(' '));
}

internal enum CvssMetricGroup
{
    /// <summary>The only ones that a vector has to have.</summary>
    Base,

    /// <summary>Called threat metrics in version 4.0.</summary>
    Temporal,
    Environmental,

    /// <summary>They inform and change no score.</summary>
    Supplemental,
}

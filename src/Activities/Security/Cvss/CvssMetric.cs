namespace AtomicDevOps.Activities.Security.Cvss;

/// <param name="Values">As the vector writes them.</param>
internal sealed record CvssMetric(CvssMetricGroup Group, string Name, string Title, IReadOnlyList<string> Values)
{
    public const string NotDefined = "X";
    public const string NotDefinedInV2 = "ND";

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

    private static readonly CvssMetric[] V3 =
    [
        Base("AV", "Attack Vector", "N A L P"),
        Base("AC", "Attack Complexity", "L H"),
        Base("PR", "Privileges Required", "N L H"),
        Base("UI", "User Interaction", "N R"),
        Base("S", "Scope", "U C"),
        Base("C", "Confidentiality", "H L N"),
        Base("I", "Integrity", "H L N"),
        Base("A", "Availability", "H L N"),
        Temporal("E", "Exploit Code Maturity", "X H F P U"),
        Temporal("RL", "Remediation Level", "X U W T O"),
        Temporal("RC", "Report Confidence", "X C R U"),
        Environmental("CR", "Confidentiality Requirement", "X H M L"),
        Environmental("IR", "Integrity Requirement", "X H M L"),
        Environmental("AR", "Availability Requirement", "X H M L"),
        Environmental("MAV", "Modified Attack Vector", "X N A L P"),
        Environmental("MAC", "Modified Attack Complexity", "X L H"),
        Environmental("MPR", "Modified Privileges Required", "X N L H"),
        Environmental("MUI", "Modified User Interaction", "X N R"),
        Environmental("MS", "Modified Scope", "X U C"),
        Environmental("MC", "Modified Confidentiality", "X N L H"),
        Environmental("MI", "Modified Integrity", "X N L H"),
        Environmental("MA", "Modified Availability", "X N L H"),
    ];

    private static readonly CvssMetric[] V4 =
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
        Temporal("E", "Exploit Maturity", "X A P U"),
        Environmental("CR", "Confidentiality Requirement", "X H M L"),
        Environmental("IR", "Integrity Requirement", "X H M L"),
        Environmental("AR", "Availability Requirement", "X H M L"),
        Environmental("MAV", "Modified Attack Vector", "X N A L P"),
        Environmental("MAC", "Modified Attack Complexity", "X L H"),
        Environmental("MAT", "Modified Attack Requirements", "X N P"),
        Environmental("MPR", "Modified Privileges Required", "X N L H"),
        Environmental("MUI", "Modified User Interaction", "X N P A"),
        Environmental("MVC", "Modified Vulnerable System Confidentiality", "X H L N"),
        Environmental("MVI", "Modified Vulnerable System Integrity", "X H L N"),
        Environmental("MVA", "Modified Vulnerable System Availability", "X H L N"),
        Environmental("MSC", "Modified Subsequent System Confidentiality", "X H L N"),
        Environmental("MSI", "Modified Subsequent System Integrity", "X S H L N"),
        Environmental("MSA", "Modified Subsequent System Availability", "X S H L N"),
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

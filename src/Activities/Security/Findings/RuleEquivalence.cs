using System.Collections.Frozen;

namespace AtomicDevOps.Activities.Security.Findings;

/// <summary>Rules of different tools that say the same without a weakness's id to tell it by.</summary>
internal static class RuleEquivalence
{
    private static readonly FrozenDictionary<string, RuleClass> Classes = new Dictionary<string, RuleClass>(StringComparer.OrdinalIgnoreCase)
    {
        ["Bandit/B105"] = RuleClass.HardCodedCredential,
        ["Bandit/B106"] = RuleClass.HardCodedCredential,
        ["Bandit/B107"] = RuleClass.HardCodedCredential,
        ["Bandit/B102"] = RuleClass.CodeInjection,
        ["Bandit/B307"] = RuleClass.CodeInjection,
        ["ast-grep/python-code-injection"] = RuleClass.CodeInjection,
        ["Bandit/B701"] = RuleClass.TemplateWithoutEscapes,
        ["ast-grep/python-template-without-escapes"] = RuleClass.TemplateWithoutEscapes,
        ["Trivy/DS002"] = RuleClass.RootUser,
        ["Trivy/DS-0002"] = RuleClass.RootUser,
        ["Trivy/AVD-DS-0002"] = RuleClass.RootUser,
        ["Checkov/CKV_DOCKER_3"] = RuleClass.RootUser,
        ["Checkov/CKV_DOCKER_8"] = RuleClass.RootUser,
        ["Hadolint/DL3002"] = RuleClass.RootUser,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>What the finding is about, whichever tool says so; null where its weaknesses have to tell.</summary>
    public static RuleClass? Find(Finding finding)
    {
        if (finding.Kind == FindingKind.Secret
            || (finding.Kind == FindingKind.Code && finding.Weaknesses.Any(weakness => Weakness.IsHardCodedCredential(Weakness.Normalize(weakness) ?? weakness))))
        {
            return RuleClass.HardCodedCredential;
        }

        return finding.Kind is FindingKind.Code or FindingKind.Infrastructure
            ? finding.Evidence.Min(evidence => Classes.TryGetValue($"{evidence.Tool}/{evidence.Rule}", out var found) ? found : (RuleClass?)null)
            : null;
    }
}

internal enum RuleClass
{
    HardCodedCredential,
    CodeInjection,
    TemplateWithoutEscapes,

    /// <summary>The image's processes run as root. It is said of the whole file, on whatever line.</summary>
    RootUser,
}

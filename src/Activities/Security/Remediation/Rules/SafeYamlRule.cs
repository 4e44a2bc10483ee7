using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Remediation.Rules;

/// <summary>Loads YAML without building objects: <c>yaml.load(text)</c> becomes <c>yaml.safe_load(text)</c>.</summary>
internal sealed partial class SafeYamlRule : RewriteRule
{
    public override string Title => "load YAML without building objects";

    public override bool Fits(Finding finding) =>
        IsPython(finding) && finding.Evidence.Any(static evidence => evidence.Rule is "B506" or "python-unsafe-yaml");

    public override bool TryRewrite(List<string> lines, Finding finding) =>
        TryReplaceLine(lines, finding, static line => Load().Count(line) == 1 ? Load().Replace(line, "yaml.safe_load(${text})") : null);

    [GeneratedRegex(@"\byaml\.load\(\s*(?<text>[\w.]+(\(\))?)\s*(,\s*(Loader\s*=\s*)?yaml\.(Unsafe|Full)?Loader\s*)?\)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Load();
}

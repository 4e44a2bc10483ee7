using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Remediation.Rules;

/// <summary>Switches Flask's debugger off.</summary>
internal sealed partial class FlaskDebugRule : RewriteRule
{
    public override string Title => "switch Flask's debugger off";

    public override bool Fits(Finding finding) =>
        IsPython(finding) && finding.Evidence.Any(static evidence => evidence.Rule is "B201" or "python-flask-debug");

    public override bool TryRewrite(List<string> lines, Finding finding) =>
        TryReplaceLine(lines, finding, static line => Debug().Count(line) == 1 ? Debug().Replace(line, "debug=False") : null);

    [GeneratedRegex(@"\bdebug\s*=\s*True\b", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Debug();
}

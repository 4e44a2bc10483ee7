using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Remediation.Rules;

/// <summary>Lets the client check the server's certificate again, which it does where <c>verify</c> is left out.</summary>
internal sealed partial class CertificateCheckRule : RewriteRule
{
    public override string Title => "check the server's certificate";

    public override bool Fits(Finding finding) =>
        IsPython(finding) && finding.Evidence.Any(static evidence => evidence.Rule is "B501" or "python-certificate-not-verified");

    public override bool TryRewrite(List<string> lines, Finding finding) =>
        TryReplaceLine(lines, finding, static line => Verify().Count(line) == 1 ? Verify().Replace(line, string.Empty) : null);

    [GeneratedRegex(@",\s*verify\s*=\s*False\b", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Verify();
}

namespace AtomicDevOps.Activities.Security.Remediation.Rules;

/// <summary>A rewriting of a finding's line whose outcome is known beforehand. It changes what it fully understands, and nothing else.</summary>
internal abstract class RewriteRule
{
    public static IReadOnlyList<RewriteRule> All { get; } = [new DockerfileUserRule(), new SqlParametersRule(), new SafeYamlRule(), new CertificateCheckRule(), new FlaskDebugRule()];

    /// <summary>What it does, imperative, to go on a sentence: <c>pass SQL values as parameters</c>.</summary>
    public abstract string Title { get; }

    public abstract bool Fits(Finding finding);

    /// <param name="lines">Of the file, without line ends; changed in place.</param>
    /// <returns>False where the line is not one of those that are understood; the lines are then as they were.</returns>
    public abstract bool TryRewrite(List<string> lines, Finding finding);

    private protected static bool HasWeakness(Finding finding, string weakness) => finding.Weaknesses.Contains(weakness, StringComparer.OrdinalIgnoreCase);

    private protected static bool IsPython(Finding finding) => finding.Location.Path.EndsWith(".py", StringComparison.OrdinalIgnoreCase);

    private protected static bool TryReplaceLine(List<string> lines, Finding finding, Func<string, string?> replace)
    {
        var index = finding.Location.StartLine - 1;
        if (index < 0 || index >= lines.Count || finding.Location.EndLine > finding.Location.StartLine || replace(lines[index]) is not { } line || string.Equals(line, lines[index], StringComparison.Ordinal))
        {
            return false;
        }

        lines[index] = line;
        return true;
    }
}

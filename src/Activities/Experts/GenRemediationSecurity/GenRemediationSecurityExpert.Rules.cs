using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Experts.Sca;
using AtomicDevOps.Activities.Packages;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Security.Remediation.Rules;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.GenRemediationSecurity;

public sealed partial class GenRemediationSecurityExpert
{
    private const string ProposeByRuleName = "GenRemediationSecurityExpert_ProposeByRule";
    private const int MostRefusals = 50;

    public static ActivityCall<ProposeByRuleRequest, ProposedFix> ProposeByRule { get; } = new(ProposeByRuleName);

    /// <summary>Makes one change of all that rules can fix: vulnerable dependencies are raised, and lines that a rule understands are rewritten.</summary>
    /// <exception cref="ToolException">The workspace or the list of findings cannot be read.</exception>
    [Function(ProposeByRuleName)]
    public async Task<ProposedFix> ProposeByRuleAsync([ActivityTrigger] ProposeByRuleRequest input, CancellationToken cancellationToken)
    {
        var findings = (await artifacts.ReadJsonAsync<IReadOnlyList<Finding>>(input.Findings.Key, cancellationToken)).Take(input.First).ToArray();
        var rewritten = findings.Select(static finding => finding.Location.Path).ToHashSet(StringComparer.Ordinal);
        using var directory = new ScratchDirectory("fix");
        await using (var archive = await artifacts.OpenReadAsync(input.Workspace.Archive.Key, cancellationToken))
        {
            await WorkspaceUnpacker.UnpackAsync(archive, directory.Path, path => rewritten.Contains(path) || DependencyJudgement.MayNameDependencies(path), cancellationToken);
        }

        var fix = new FixInProgress();
        var files = new DirectoryRepositoryFiles(directory.Path);
        await RaiseAsync(files, findings, fix, cancellationToken);
        Rewrite(files, findings, fix);
        if (fix.Files.Count == 0)
        {
            return new ProposedFix(null, string.Empty, string.Empty, [], [.. fix.Refusals.Take(MostRefusals)]);
        }

        // Files can hold secrets as they did before: they stay where the tree is, and in no history.
        var changes = fix.Files.Values.OrderBy(static file => file.Path, StringComparer.Ordinal).ToArray();
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', changes.Select(static change => $"{change.Path}\n{change.Content}")))))[..16];
        var proposal = new RemediationProposal(RemediationSource.Rule, Title(fix), changes, [.. fix.Cleared.Distinct(StringComparer.Ordinal)]) { Explanation = $"{string.Join(". ", fix.Steps)}." };
        var kept = await artifacts.WriteJsonAsync($"{ArtifactKey.Segment(input.RunId)}/workspace/remediation/{digest}.json", proposal, cancellationToken);
        return new ProposedFix(kept, proposal.Title, proposal.Explanation, proposal.Fingerprints, [.. fix.Refusals.Take(MostRefusals)]);
    }

    private static string Title(FixInProgress fix)
    {
        var title = fix.Steps.Count == 1 ? fix.Steps[0] : $"Fix {fix.Cleared.Distinct(StringComparer.Ordinal).Count()} security findings";
        return title.Length <= MaxTitleLength ? title : $"{title[..(MaxTitleLength - 1)]}…";
    }

    private async Task RaiseAsync(DirectoryRepositoryFiles files, IReadOnlyList<Finding> findings, FixInProgress fix, CancellationToken cancellationToken)
    {
        var vulnerable = findings.Where(static finding => finding.Package is not null)
            .GroupBy(static finding => (finding.Package!.Ecosystem, Name: NormalName(finding.Package), finding.Location.Path, finding.Location.StartLine))
            .ToArray();
        if (vulnerable.Length == 0)
        {
            return;
        }

        var answer = await advisories.FindAsync([.. vulnerable.Select(static group => new OsvPackage(group.Key.Ecosystem, group.First().Package!.Name)).Distinct()], cancellationToken);
        var dependencies = DependencyFiles.Read(files).Dependencies;
        var raises = new List<(DependencyRaise Raise, IReadOnlyList<Finding> Clears)>();
        foreach (var group in vulnerable)
        {
            var package = group.First().Package!;
            var dependency = dependencies.FirstOrDefault(each =>
                string.Equals(each.Path, group.Key.Path, StringComparison.Ordinal) && each.Line == group.Key.StartLine && string.Equals(each.Version, package.Version, StringComparison.Ordinal));
            var records = answer.Records.GetValueOrDefault(new OsvPackage(package.Ecosystem, package.Name)) ?? [];
            if (dependency is null)
            {
                fix.Refusals.Add($"{package.Name} {package.Version} is not where it was found.");
            }
            else if (LeastFixed.Find(dependency, [.. records]) is not { Version: { } target } least)
            {
                fix.Refusals.Add($"{package.Name} {package.Version}: {Why(LeastFixed.Find(dependency, [.. records]).Outcome)}.");
            }
            else
            {
                raises.Add((new DependencyRaise(dependency, target), [.. group]));
            }
        }

        if (raises.Count == 0)
        {
            return;
        }

        var edit = DependencyEditor.Raise(files, [.. raises.Select(static each => each.Raise)]);
        if (edit.Results.Any(static result => result.Outcome == DependencyRaiseOutcome.NeedsIndex))
        {
            // What needs an index has its manifest changed already, and its lock not.
            var raised = edit.Results.Where(static result => result.Outcome == DependencyRaiseOutcome.Raised).Select(static result => result.Raise).ToArray();
            edit = edit with { Files = raised.Length == 0 ? [] : DependencyEditor.Raise(files, raised).Files };
        }

        foreach (var (result, clears) in edit.Results.Zip(raises.Select(static each => each.Clears)))
        {
            var (dependency, target) = (result.Raise.Dependency, result.Raise.Version);
            if (result.Outcome == DependencyRaiseOutcome.Raised)
            {
                fix.Steps.Add($"Raise {dependency.Name} from {dependency.Version} to {target}");
                fix.Cleared.AddRange(clears.Select(static finding => finding.Fingerprint));
            }
            else
            {
                fix.Refusals.Add($"{dependency.Name} {dependency.Version}: {result.Explanation}");
            }
        }

        foreach (var change in edit.Files)
        {
            fix.Files[change.Path] = change;
        }
    }

    private static void Rewrite(DirectoryRepositoryFiles files, IReadOnlyList<Finding> findings, FixInProgress fix)
    {
        // From the end of a file to its beginning, so that a rule that adds a line moves none that another finding is on.
        foreach (var group in findings.Where(static finding => finding.Kind is FindingKind.Code or FindingKind.Infrastructure).GroupBy(static finding => finding.Location.Path, StringComparer.Ordinal))
        {
            if (!TryReadText(files, group.Key, fix, out var text))
            {
                fix.Refusals.Add($"{group.Key}: it is not there, not a text in UTF-8, or too large to rewrite.");
                continue;
            }

            var lineEnd = text.Contains('\r', StringComparison.Ordinal) ? "\r\n" : "\n";
            var lines = text.Split(lineEnd).ToList();
            if (lines.Exists(static line => line.AsSpan().ContainsAny('\r', '\n')))
            {
                fix.Refusals.Add($"{group.Key}: its lines end in different ways, so that tools do not agree on their numbers.");
                continue;
            }

            var changed = false;
            foreach (var finding in group.OrderByDescending(static finding => finding.Location.StartLine))
            {
                if (RewriteRule.All.FirstOrDefault(rule => rule.Fits(finding)) is { } rule && rule.TryRewrite(lines, finding))
                {
                    changed = true;
                    fix.Steps.Add($"In {finding.Location.Path}, {rule.Title}");
                    fix.Cleared.Add(finding.Fingerprint);
                }
                else
                {
                    fix.Refusals.Add($"{finding.Title} ({finding.Location.Path}:{finding.Location.StartLine}): no rule knows how to fix it.");
                }
            }

            if (changed)
            {
                fix.Files[group.Key] = new PatchedFile(group.Key, string.Join(lineEnd, lines));
            }
        }
    }

    private static bool TryReadText(DirectoryRepositoryFiles files, string path, FixInProgress fix, out string text)
    {
        const int MostBytes = 1024 * 1024;
        text = fix.Files.TryGetValue(path, out var changed) ? changed.Content : string.Empty;
        if (changed is not null)
        {
            return true;
        }

        if (files.Read(path, MostBytes) is not { } bytes)
        {
            return false;
        }

        try
        {
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private static string NormalName(VulnerablePackage package) => VersionScheme.Find(package.Ecosystem)?.NormalName(package.Name) ?? package.Name;

    private static string Why(LeastFixedOutcome outcome) => outcome switch
    {
        LeastFixedOutcome.NoneKnown => "no later version with a fix is known",
        LeastFixedOutcome.AllAffected => "every later version with a fix is affected by something else",
        LeastFixedOutcome.NoneAllowed => "its constraint rules out every version with a fix",
        _ => "its version cannot be read",
    };

    private sealed class FixInProgress
    {
        public Dictionary<string, PatchedFile> Files { get; } = new(StringComparer.Ordinal);

        public List<string> Steps { get; } = [];

        public List<string> Cleared { get; } = [];

        public List<string> Refusals { get; } = [];
    }
}

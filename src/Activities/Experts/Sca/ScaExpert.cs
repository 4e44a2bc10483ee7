using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Packages.Imports;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.CycloneDx;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.KnownExploited;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <summary>Knows what a repository depends on, and which advisories that meets.</summary>
[Agent(AgentLayer.ToolExpertise, Name, "Reads manifests and locks, and compares every version in them with the advisories about it.")]
public sealed class ScaExpert(
    IAdvisorySource advisories, IEnumerable<IDependencyScanner> scanners, IArtifactStore artifacts, IDocumentStore documents, IKnownExploitedCatalogue exploited)
{
    internal const string Name = "ScaExpert";
    private const string ScanName = "ScaExpert_Scan";
    private const string FindNewName = "ScaExpert_FindNew";

    public static ActivityCall<ScaRequest, ScanResult> Scan { get; } = new(ScanName);

    public static ActivityCall<NewAdvisoryRequest, NewAdvisoryResult> FindNew { get; } = new(FindNewName);

    /// <summary>Whether a file can say what a repository depends on.</summary>
    public static bool LooksAt(string path) => DependencyJudgement.MayNameDependencies(path);

    /// <summary>
    /// Judges every dependency of the head, and of the base, and makes an inventory of the head's. Where the advisories cannot be had that is
    /// <see cref="ScanOutcome.NotChecked"/>, and <see cref="ScanOutcome.PartlyChecked"/> where a file or a version cannot be read.
    /// </summary>
    /// <exception cref="ToolException">The workspace cannot be read.</exception>
    [Function(ScanName)]
    public async Task<ScanResult> ScanAsync([ActivityTrigger] ScaRequest input, CancellationToken cancellationToken)
    {
        if (!input.IsNeeded)
        {
            return await KeepAsync(input, [(DependencyJudgement.NotNeeded, input.Base is null ? null : DependencyJudgement.NotNeeded)], cancellationToken);
        }

        var head = await ReadAsync(input.Head, cancellationToken);
        var @base = input.Base is null ? null : await ReadAsync(input.Base, cancellationToken);
        var (answer, problem) = await AskAsync(head.Dependencies.Concat(@base?.Dependencies ?? []), cancellationToken);
        var reports = new List<(ScanReport Head, ScanReport? Base)>
        {
            (
                await MarkReachableAsync(DependencyJudgement.Judge(head, answer, problem), head, input.Head, cancellationToken),
                @base is null ? null : DependencyJudgement.Judge(@base, answer, problem)),
        };
        foreach (var scanner in scanners.Where(static scanner => scanner.IsEnabled))
        {
            reports.Add(await scanner.ScanAsync(input, head, @base, cancellationToken));
        }

        var result = await KeepAsync(input, reports, cancellationToken);
        return result with
        {
            Inventory = await WriteAsync($"{KeyOf(input)}-head.cdx.json", DependencyInventory.Of(head, input.Repository, input.Head.CommitSha), cancellationToken),
        };
    }

    /// <summary>
    /// Judges an inventory that is kept by the advisories as they are now, and tells those that nobody knew of. Where they cannot be had that is
    /// <see cref="ScanOutcome.NotChecked"/>, and nothing is known of new ones.
    /// </summary>
    /// <exception cref="ToolNotFoundException">The inventory is not kept any more: a newer scan has another one.</exception>
    /// <exception cref="ToolUnavailableException">The store is busy: the same may succeed later.</exception>
    [Function(FindNewName)]
    public async Task<NewAdvisoryResult> FindNewAsync([ActivityTrigger] NewAdvisoryRequest input, CancellationToken cancellationToken)
    {
        var document = await documents.ReadAsync(input.Inventory, cancellationToken)
            ?? throw new ToolNotFoundException(DocumentJson.Tool, $"There is no inventory '{input.Inventory}'. The ledger names the one of its newest scan.");
        var inventory = DependencyInventory.Read(document.Content.ToArray());
        var (answer, problem) = await AskAsync(inventory.Dependencies, cancellationToken);
        var report = DependencyJudgement.Judge(inventory, answer, problem);
        var (catalogue, gap) = await ReadExploitedAsync(cancellationToken);
        var known = input.Known.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var found = report.Findings.Where(finding => !known.Contains(finding.Package!.Advisory) && !finding.Package.Aliases.Any(known.Contains))
            .Select(finding => catalogue?.Mark(finding) ?? finding)
            .Order(FindingPriority.Comparer)
            .DistinctBy(static finding => (finding.Package!.Advisory, finding.Package.Ecosystem, finding.Package.Name, finding.Package.Version))
            .Select(static finding => new NewAdvisory(finding.Package!.Advisory, finding.Package.Ecosystem, finding.Package.Name, finding.Package.Version, finding.Severity)
            {
                Aliases = finding.Package.Aliases,
                KnownExploited = finding.KnownExploited,
            })
            .ToArray();
        return new NewAdvisoryResult(report.Outcome, [.. found.Take(NewAdvisoryResult.MostAdvisories)], found.Length)
        {
            Reason = (report.Reason, gap) is (null, null) ? null : string.Join(' ', new[] { report.Reason, gap }.OfType<string>()),
        };
    }

    private static string KeyOf(ScaRequest request) => $"{ArtifactKey.Segment(request.RunId)}/scans/sca";

    private async Task<ScanResult> KeepAsync(ScaRequest input, IReadOnlyList<(ScanReport Head, ScanReport? Base)> reports, CancellationToken cancellationToken) => new(
        await artifacts.WriteJsonAsync($"{KeyOf(input)}-head.json", reports.Select(static each => each.Head), cancellationToken),
        input.Base is null ? null : await artifacts.WriteJsonAsync($"{KeyOf(input)}-base.json", reports.Select(static each => each.Base), cancellationToken),
        [.. reports.Select(static each => ScannerOutcome.Of(each.Head))]);

    private async Task<(AdvisoryAnswer? Answer, string? Problem)> AskAsync(IEnumerable<PackageDependency> dependencies, CancellationToken cancellationToken)
    {
        var packages = dependencies.Select(DependencyJudgement.PackageOf).Distinct().ToArray();
        try
        {
            return (packages.Length == 0 ? null : await advisories.FindAsync(packages, cancellationToken), null);
        }
        catch (ToolException exception)
        {
            return (null, exception.Message);
        }
    }

    /// <summary>Which advisories there are does not depend on which of them are exploited, so a catalogue that cannot be read is told and no more.</summary>
    private async Task<(KnownExploitedVulnerabilities? Catalogue, string? Gap)> ReadExploitedAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await exploited.ReadAsync(cancellationToken), null);
        }
        catch (ToolException exception)
        {
            return (null, exception.Message);
        }
    }

    private async Task<ScanReport> MarkReachableAsync(ScanReport report, DependencyReport dependencies, WorkspaceReference workspace, CancellationToken cancellationToken)
    {
        if (!report.Findings.Any(Reachability.CanTell))
        {
            return report;
        }

        using var directory = await UnpackAsync(workspace, SourceImports.IsSource, cancellationToken);
        return Reachability.Mark(report, dependencies, SourceImports.Read(new DirectoryRepositoryFiles(directory.Path), cancellationToken));
    }

    private Task<StoredArtifact> WriteAsync(string key, CycloneDxDocument inventory, CancellationToken cancellationToken) => artifacts.WriteAsync(
        key,
        (stream, _) =>
        {
            CycloneDxWriter.Write(stream, inventory);
            return Task.CompletedTask;
        },
        cancellationToken);

    private async Task<DependencyReport> ReadAsync(WorkspaceReference workspace, CancellationToken cancellationToken)
    {
        using var directory = await UnpackAsync(workspace, DependencyJudgement.MayNameDependencies, cancellationToken);
        return DependencyFiles.Read(new DirectoryRepositoryFiles(directory.Path));
    }

    private async Task<ScratchDirectory> UnpackAsync(WorkspaceReference workspace, Func<string, bool> isWanted, CancellationToken cancellationToken)
    {
        var directory = new ScratchDirectory("dependencies");
        try
        {
            await using var archive = await artifacts.OpenReadAsync(workspace.Archive.Key, cancellationToken);
            await WorkspaceUnpacker.UnpackAsync(archive, directory.Path, isWanted, cancellationToken);
            return directory;
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }
}

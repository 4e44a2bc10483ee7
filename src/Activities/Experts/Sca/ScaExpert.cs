using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.Sca;

/// <summary>Knows what a repository depends on, and which advisories that meets.</summary>
[Agent(AgentLayer.ToolExpertise, Name, "Reads manifests and locks, and compares every version in them with the advisories about it.")]
public sealed class ScaExpert(IAdvisorySource advisories, IArtifactStore artifacts)
{
    internal const string Name = "ScaExpert";
    private const string ScanName = "ScaExpert_Scan";

    public static ActivityCall<ScaRequest, ScanResult> Scan { get; } = new(ScanName);

    /// <summary>Whether a file can say what a repository depends on.</summary>
    public static bool LooksAt(string path) => DependencyJudgement.MayNameDependencies(path);

    /// <summary>
    /// Judges every dependency of the head, and of the base. Where the advisories cannot be had that is <see cref="ScanOutcome.NotChecked"/>, and
    /// <see cref="ScanOutcome.PartlyChecked"/> where a file or a version cannot be read.
    /// </summary>
    /// <exception cref="ToolException">The workspace cannot be read.</exception>
    [Function(ScanName)]
    public async Task<ScanResult> ScanAsync([ActivityTrigger] ScaRequest input, CancellationToken cancellationToken)
    {
        if (!input.IsNeeded)
        {
            return await KeepAsync(input, DependencyJudgement.NotNeeded, input.Base is null ? null : DependencyJudgement.NotNeeded, cancellationToken);
        }

        var head = await ReadAsync(input.Head, cancellationToken);
        var @base = input.Base is null ? null : await ReadAsync(input.Base, cancellationToken);
        AdvisoryAnswer? answer = null;
        string? problem = null;
        var packages = head.Dependencies.Concat(@base?.Dependencies ?? []).Select(DependencyJudgement.PackageOf).Distinct().ToArray();
        try
        {
            answer = packages.Length == 0 ? null : await advisories.FindAsync(packages, cancellationToken);
        }
        catch (ToolException exception)
        {
            problem = exception.Message;
        }

        return await KeepAsync(
            input, DependencyJudgement.Judge(head, answer, problem), @base is null ? null : DependencyJudgement.Judge(@base, answer, problem), cancellationToken);
    }

    private async Task<ScanResult> KeepAsync(ScaRequest input, ScanReport head, ScanReport? @base, CancellationToken cancellationToken)
    {
        var key = $"{ArtifactKey.Segment(input.RunId)}/scans/sca";
        return new ScanResult(
            await artifacts.WriteJsonAsync($"{key}-head.json", new[] { head }, cancellationToken),
            @base is null ? null : await artifacts.WriteJsonAsync($"{key}-base.json", new[] { @base }, cancellationToken),
            [ScannerOutcome.Of(head)]);
    }

    private async Task<DependencyReport> ReadAsync(WorkspaceReference workspace, CancellationToken cancellationToken)
    {
        using var directory = new ScratchDirectory("dependencies");
        await using (var archive = await artifacts.OpenReadAsync(workspace.Archive.Key, cancellationToken))
        {
            await WorkspaceUnpacker.UnpackAsync(archive, directory.Path, DependencyJudgement.MayNameDependencies, cancellationToken);
        }

        return DependencyFiles.Read(new DirectoryRepositoryFiles(directory.Path));
    }
}

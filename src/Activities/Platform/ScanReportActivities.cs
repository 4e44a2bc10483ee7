using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Platform;

/// <param name="RunId">The run that scanned, as in <see cref="AssessmentRequest"/>.</param>
public sealed record DropScanReportsRequest(string RunId);

/// <summary>Removes what scanners and their assessment hand on within a run. What the ledger keeps is not among it.</summary>
public sealed class ScanReportActivities(IArtifactStore artifacts)
{
    private const string DropName = "ScanReports_Drop";

    private static readonly string[] Reports = ["scans", "findings.json", "findings-record.json", "findings.sarif"];

    public static ActivityCall<DropScanReportsRequest, bool> Drop { get; } = new(DropName);

    /// <summary>Deletes the reports of all scanners of a run, and what was made of them. Doing it again changes nothing.</summary>
    /// <returns>Always true; an activity has to return something.</returns>
    [Function(DropName)]
    public async Task<bool> DropAsync([ActivityTrigger] DropScanReportsRequest input, CancellationToken cancellationToken)
    {
        var run = ArtifactKey.Segment(input.RunId);
        foreach (var report in Reports)
        {
            await artifacts.DeleteAsync($"{run}/{report}", cancellationToken);
        }

        return true;
    }
}

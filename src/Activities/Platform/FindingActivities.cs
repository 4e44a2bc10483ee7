using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Security.Sarif;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.KnownExploited;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Platform;

/// <param name="RunId">The run that asks; the list belongs to it and goes with it.</param>
/// <param name="Scans">Of all experts.</param>
/// <param name="Security">What the target branch asks for.</param>
/// <param name="At">The day by which suppressions end.</param>
public sealed record AssessmentRequest(string RunId, IReadOnlyList<ScanResult> Scans, SecurityConfiguration Security, DateTimeOffset At)
{
    /// <summary>Whether findings hold anything back; a branch as it stands is only reported on.</summary>
    public bool MayBlock { get; init; } = true;

    /// <summary>Experts that did not scan: what they would have found is not checked.</summary>
    public IReadOnlyList<MissingScan> Missing { get; init; } = [];
}

/// <param name="Expert">Who did not scan.</param>
/// <param name="Reason">A sentence for people.</param>
public sealed record MissingScan(string Expert, string Reason);

/// <summary>What scanners found, as one list, and what the gate makes of it.</summary>
/// <param name="Outcome">Of what the change adds; of all where there was no base to compare with.</param>
/// <param name="Reasons">Why, a sentence each, at most 50.</param>
/// <param name="Findings">The most urgent of those that the change adds, at most 50.</param>
/// <param name="List">All that count, as a list of <see cref="Finding"/> in JSON, and those that the change adds first.</param>
public sealed record Assessment(
    SecurityGateOutcome Outcome, IReadOnlyList<string> Reasons, IReadOnlyList<FindingSummary> Findings, FindingCounts Counts, StoredArtifact List)
{
    public IReadOnlyList<ScannerOutcome> Scanners { get; init; } = [];

    /// <summary>Suppressions that are past their end, in words.</summary>
    public IReadOnlyList<string> Expired { get; init; } = [];

    /// <summary>All that was found, also what is suppressed, as a <see cref="ScanRecord"/> in JSON; for <see cref="LedgerActivities.Record"/>.</summary>
    public StoredArtifact? Record { get; init; }

    /// <summary>The same as a SARIF log.</summary>
    public StoredArtifact? Sarif { get; init; }

    /// <summary>What the head depends on, as a CycloneDX document; null where nobody looked.</summary>
    public StoredArtifact? Inventory { get; init; }
}

/// <param name="Added">By the change; all where there is no base.</param>
/// <param name="Blocking">Those of them that hold the change back.</param>
/// <param name="Fixed">That the base had and the change has not.</param>
/// <param name="Unchanged">That the base had already.</param>
/// <param name="Suppressed">That somebody answers for.</param>
public sealed record FindingCounts(int Added, int Blocking, int Fixed, int Unchanged, int Suppressed);

/// <summary>A finding in the words that reports need.</summary>
/// <param name="Id">The rule, the weakness or the advisory by which people look it up.</param>
/// <param name="Tools">Who found it.</param>
public sealed record FindingSummary(
    string Fingerprint, FindingKind Kind, FindingSeverity Severity, string Title, string Message, string Path, int StartLine, string Id, IReadOnlyList<string> Tools)
{
    public int? EndLine { get; init; }

    /// <summary>Whether it holds the change back.</summary>
    public bool Blocks { get; init; }

    internal static FindingSummary Of(Finding finding) => new(
        finding.Fingerprint,
        finding.Kind,
        finding.Severity,
        finding.Title,
        finding.Message,
        finding.Location.Path,
        finding.Location.StartLine,
        finding.Package?.Advisory ?? (finding.Weaknesses.Count > 0 ? finding.Weaknesses[0] : finding.Evidence[0].Rule),
        [.. finding.Evidence.Select(static evidence => evidence.Tool).Distinct(StringComparer.Ordinal)])
    {
        EndLine = finding.Location.EndLine,
    };
}

/// <param name="List">A list of <see cref="Finding"/> in JSON.</param>
/// <param name="Fingerprints">Of those that are wanted.</param>
public sealed record FindingPick(StoredArtifact List, IReadOnlyList<string> Fingerprints);

/// <param name="Findings">Those that were wanted, in the list's order.</param>
/// <param name="Secrets">Where the list has secrets.</param>
public sealed record PickedFindings(IReadOnlyList<Finding> Findings, IReadOnlyList<FindingLocation> Secrets);

/// <summary>Makes one list of what all scanners said. Lists can be large, so they stay in the store and orchestrations see what reports need.</summary>
public sealed class FindingActivities(
    IArtifactStore artifacts, SecretRedactor redactor, IOptionsSnapshot<PlatformOptions> options, IKnownExploitedCatalogue exploited)
{
    private const string AssessName = "Findings_Assess";
    private const string PickName = "Findings_Pick";
    private const int MostTold = 50;

    public static ActivityCall<AssessmentRequest, Assessment> Assess { get; } = new(AssessName);

    public static ActivityCall<FindingPick, PickedFindings> Pick { get; } = new(PickName);

    /// <exception cref="ToolException">The list cannot be read.</exception>
    [Function(PickName)]
    public async Task<PickedFindings> PickAsync([ActivityTrigger] FindingPick input, CancellationToken cancellationToken)
    {
        var all = await artifacts.ReadJsonAsync<IReadOnlyList<Finding>>(input.List.Key, cancellationToken);
        return new PickedFindings(
            [.. all.Where(finding => input.Fingerprints.Contains(finding.Fingerprint, StringComparer.Ordinal))],
            [.. all.Where(static finding => finding.Kind == FindingKind.Secret).Select(static finding => finding.Location)]);
    }

    /// <exception cref="ToolException">A report cannot be read.</exception>
    [Function(AssessName)]
    public async Task<Assessment> AssessAsync([ActivityTrigger] AssessmentRequest input, CancellationToken cancellationToken)
    {
        var (scanned, unmarked) = await MarkExploitedAsync(await ReadAsync(input.Scans.Select(static scan => scan.Head), cancellationToken), cancellationToken);
        ScanReport[] missing = [.. input.Missing.Select(static missing => new ScanReport(missing.Expert, ScanOutcome.NotChecked) { Reason = missing.Reason }), .. unmarked];
        IReadOnlyList<ScanReport> reports = [.. scanned, .. missing];
        var hasBase = input.Scans.Any(static scan => scan.Base is not null);
        var before = hasBase ? await ReadAsync(input.Scans.Select(static scan => scan.Base).OfType<StoredArtifact>(), cancellationToken) : [];
        var suppressed = Suppression.Apply(
            FindingConsolidation.Consolidate(reports), input.Security.Suppressions, DateOnly.FromDateTime(input.At.UtcDateTime));
        var target = FindingConsolidation.Consolidate(before);
        var baseline = FindingBaseline.Compare(suppressed.Open, target);
        var gate = new SecurityGate { Threshold = input.Security.Threshold, NotChecked = input.MayBlock ? input.Security.NotChecked : NotCheckedPolicy.Warn };
        var result = gate.Evaluate(input.MayBlock ? baseline.Added : [], reports);
        var blocking = result.Blocking.Select(static finding => finding.Fingerprint).ToHashSet(StringComparer.Ordinal);
        var list = await artifacts.WriteJsonAsync(
            $"{ArtifactKey.Segment(input.RunId)}/findings.json", baseline.Added.Concat(baseline.Unchanged), cancellationToken);
        var known = target.Select(static finding => finding.Fingerprint).ToHashSet(StringComparer.Ordinal);
        var record = new ScanRecord(baseline.Added, baseline.Unchanged)
        {
            AddedSuppressed = [.. suppressed.Suppressed.Where(each => !known.Contains(each.Finding.Fingerprint))],
            UnchangedSuppressed = [.. suppressed.Suppressed.Where(each => known.Contains(each.Finding.Fingerprint))],
            Scanners = [.. reports.Select(static report => new ScannerState(report.Tool, report.Outcome, report.Reason))],
        }.Redacted(redactor);
        return new Assessment(
            result.Outcome,
            [.. result.Reasons.Take(MostTold)],
            [.. baseline.Added.Take(MostTold).Select(finding => FindingSummary.Of(finding) with { Blocks = blocking.Contains(finding.Fingerprint) })],
            new FindingCounts(baseline.Added.Count, blocking.Count, baseline.Fixed.Count, baseline.Unchanged.Count, suppressed.Suppressed.Count),
            list)
        {
            Scanners = [.. input.Scans.SelectMany(static scan => scan.Scanners), .. missing.Select(ScannerOutcome.Of)],
            Expired = [.. suppressed.Expired.Take(MostTold).Select(static suppression => suppression.ToString())],
            Record = await artifacts.WriteJsonAsync($"{ArtifactKey.Segment(input.RunId)}/findings-record.json", record, cancellationToken),
            Sarif = await WriteSarifAsync(input.RunId, record, cancellationToken),
            Inventory = input.Scans.Select(static scan => scan.Inventory).FirstOrDefault(static inventory => inventory is not null),
        };
    }

    /// <summary>Says of all tools' findings which are known to be exploited; where that cannot be told, a report says so.</summary>
    private async Task<(IReadOnlyList<ScanReport> Reports, IReadOnlyList<ScanReport> Gaps)> MarkExploitedAsync(IReadOnlyList<ScanReport> reports, CancellationToken cancellationToken)
    {
        if (!reports.Any(static report => report.Findings.Any(static finding => finding.Package is not null)))
        {
            return (reports, []);
        }

        try
        {
            return await exploited.ReadAsync(cancellationToken) is { } catalogue
                ? ([.. reports.Select(report => report with { Findings = catalogue.Mark(report.Findings) })], [])
                : (reports, []);
        }
        catch (ToolException exception)
        {
            return (reports, [new ScanReport(KnownExploitedClient.ToolName, ScanOutcome.NotChecked) { Reason = exception.Message }]);
        }
    }

    private Task<StoredArtifact> WriteSarifAsync(string runId, ScanRecord record, CancellationToken cancellationToken)
    {
        var version = typeof(FindingActivities).Assembly.GetName().Version!.ToString(3);
        var log = new SarifWriterOptions(SarifWriter.PlatformTool, version, options.Value.PublicAddress, "atomic-devops/security/")
        {
            Suppressed = [.. record.AddedSuppressed, .. record.UnchangedSuppressed],
        };
        return artifacts.WriteAsync(
            $"{ArtifactKey.Segment(runId)}/findings.sarif",
            (stream, _) =>
            {
                SarifWriter.Write(
                    stream,
                    [.. record.Added, .. record.Unchanged],
                    [.. record.Scanners.Select(static scanner => new ScanReport(scanner.Tool, scanner.Outcome) { Reason = scanner.Reason })],
                    log);
                return Task.CompletedTask;
            },
            cancellationToken);
    }

    private async Task<IReadOnlyList<ScanReport>> ReadAsync(IEnumerable<StoredArtifact> scans, CancellationToken cancellationToken)
    {
        var reports = new List<ScanReport>();
        foreach (var scan in scans)
        {
            reports.AddRange(await artifacts.ReadJsonAsync<IReadOnlyList<ScanReport>>(scan.Key, cancellationToken));
        }

        return reports;
    }
}

using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Activities.Experts.Sast;

/// <summary>Knows which scanner has something to say of which file, and when there is no need to ask again.</summary>
[Agent(AgentLayer.ToolExpertise, Name, "Scans code, secrets and infrastructure files with every scanner that fits, only what changed, and answers from the cache where it can.")]
public sealed class SastExpert(IEnumerable<ICodeScanner> scanners, IEnumerable<ITreeScanner> treeScanners, IArtifactStore artifacts)
{
    internal const string Name = "SastExpert";
    private const string ScanName = "SastExpert_Scan";

    /// <summary>Part of every cache key: a change in how reports are read or divided makes earlier ones worthless.</summary>
    private const int CacheVersion = 1;

    public static ActivityCall<SastRequest, ScanResult> Scan { get; } = new(ScanName);

    /// <summary>Asks every scanner that looks at any of the files, all at once, and those that need whole trees one after the other. A scanner that is missing or fails is <see cref="ScanOutcome.NotChecked"/>.</summary>
    /// <exception cref="ToolException">The workspace cannot be read.</exception>
    [Function(ScanName)]
    public async Task<ScanResult> ScanAsync([ActivityTrigger] SastRequest input, CancellationToken cancellationToken)
    {
        var wanted = input.Paths?.ToHashSet(StringComparer.Ordinal);
        using var trees = await SourceTrees.UnpackAsync(
            artifacts, input.Head, input.Base, path => wanted is null || IsWanted(path, wanted), cancellationToken);
        var asked = scanners.Where(scanner => IsOn(scanner.Name)).OrderBy(scanner => scanner.Name, StringComparer.Ordinal);
        var ofFiles = Task.WhenAll(asked.Select(scanner => AskAsync(scanner, trees, cancellationToken)));
        var ofTrees = AskAsync([.. treeScanners.Where(scanner => scanner.IsEnabled && IsOn(scanner.Name)).OrderBy(scanner => scanner.Name, StringComparer.Ordinal)], input, trees, cancellationToken);
        await Task.WhenAll(ofFiles, ofTrees);
        Answer[] answers = [.. await ofFiles, .. await ofTrees];
        var key = $"{ArtifactKey.Segment(input.RunId)}/scans/sast";
        return new ScanResult(
            await artifacts.WriteJsonAsync($"{key}-head.json", answers.Select(answer => answer.Head), cancellationToken),
            input.Base is null ? null : await artifacts.WriteJsonAsync($"{key}-base.json", answers.Select(answer => answer.Base), cancellationToken),
            [.. answers.Select(answer => ScannerOutcome.Of(answer.Head) with { Cached = answer.Cached })]);

        bool IsOn(string scanner) => !input.Without.Contains(scanner, StringComparer.OrdinalIgnoreCase);
    }

    // Terraform reads all files of a directory together.
    private static bool IsWanted(string path, HashSet<string> wanted) =>
        wanted.Contains(path)
        || (IsTerraform(path) && wanted.Any(changed => IsTerraform(changed) && string.Equals(Path.GetDirectoryName(changed), Path.GetDirectoryName(path), StringComparison.Ordinal)));

    private static bool IsTerraform(string path) => path.EndsWith(".tf", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".tfvars", StringComparison.OrdinalIgnoreCase);

    private async Task<Answer> AskAsync(ICodeScanner scanner, SourceTrees trees, CancellationToken cancellationToken)
    {
        if (!trees.Any(scanner.LooksAt))
        {
            return Answer.NotApplicable(scanner.Name);
        }

        var version = await scanner.FindVersionAsync(cancellationToken);
        var key = version is null ? null : CacheKey(scanner, version, trees);
        if (key is not null && await artifacts.TryReadJsonAsync<Answer>(key, cancellationToken) is { } cached)
        {
            return cached with { Cached = true };
        }

        var report = await scanner.ScanAsync(trees.Directory, cancellationToken);
        var (head, @base) = trees.Divide(report);
        var answer = new Answer(head, @base);
        if (key is not null && report.Outcome is ScanOutcome.Checked or ScanOutcome.PartlyChecked)
        {
            await artifacts.WriteJsonAsync(key!, answer, cancellationToken);
        }

        return answer;
    }

    private async Task<IReadOnlyList<Answer>> AskAsync(IReadOnlyList<ITreeScanner> asked, SastRequest input, SourceTrees changed, CancellationToken cancellationToken)
    {
        if (asked.Count == 0)
        {
            return [];
        }

        using var scan = new WholeTreeScan(artifacts, input);
        var answers = new List<Answer>();
        foreach (var scanner in asked)
        {
            if (!changed.Any(scanner.LooksAt))
            {
                answers.Add(Answer.NotApplicable(scanner.Name));
                continue;
            }

            var (head, @base, cached) = await scan.AskAsync(scanner, cancellationToken);
            answers.Add(new Answer(head, @base) { Cached = cached });
        }

        return answers;
    }

    private static string CacheKey(ICodeScanner scanner, ScannerVersion version, SourceTrees trees)
    {
        var content = $"{CacheVersion}\n{scanner.Name}\n{version.Key}\n{trees.DigestOf(scanner.LooksAt)}";
        return $"cache/sast/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}.json";
    }

    private sealed record Answer(ScanReport Head, ScanReport Base)
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public bool Cached { get; init; }

        public static Answer NotApplicable(string tool) => new(new ScanReport(tool, ScanOutcome.NotApplicable), new ScanReport(tool, ScanOutcome.NotApplicable));
    }
}

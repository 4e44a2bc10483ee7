using AtomicDevOps.Activities.Experts.Sast;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.CodeScanning;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tests.Experts.Sast;

public sealed class WholeTreeScanTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FileArtifactStore _artifacts;
    private readonly Flow _flow = new();

    public WholeTreeScanTests() => _artifacts = RealTools.Artifacts(_directory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Whole_trees_are_scanned_one_at_a_time_though_little_changed()
    {
        var result = await ScanAsync(
            Tree(("a.py", "source\n"), ("b.py", "\nsink\n"), ("notes.md", "")), Tree(("a.py", ""), ("b.py", "\nsink\n"), ("notes.md", "")), ["a.py"]);

        _flow.Scanned.ShouldBe(["a.py b.py notes.md", "a.py b.py notes.md"]);
        _flow.MostAtOnce.ShouldBe(1);
        (await PlacesAsync(result.Head)).ShouldBe(["b.py:2"]);
        (await PlacesAsync(result.Base!)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_both_trees_have_in_files_that_did_not_change_counts_for_nothing()
    {
        var result = await ScanAsync(
            Tree(("a.py", "source\nsink\n"), ("b.py", "sink\n")), Tree(("a.py", "source\n"), ("b.py", "sink\n")), ["a.py"]);

        (await PlacesAsync(result.Head)).ShouldBe(["a.py:2"]);
        (await PlacesAsync(result.Base!)).ShouldBeEmpty();
        result.Scanners.Single().Findings.ShouldBe(1);
    }

    [Fact]
    public async Task What_a_change_closes_elsewhere_is_the_base_s_alone()
    {
        var result = await ScanAsync(Tree(("a.py", ""), ("b.py", "sink\n")), Tree(("a.py", "source\n"), ("b.py", "sink\n")), ["a.py"]);

        (await PlacesAsync(result.Head)).ShouldBeEmpty();
        (await PlacesAsync(result.Base!)).ShouldBe(["b.py:1"]);
    }

    [Fact]
    public async Task Without_paths_everything_counts()
    {
        var result = await ScanAsync(Tree(("a.py", "source\n"), ("b.py", "sink\n")), Tree(("a.py", "source\n"), ("b.py", "sink\n")), paths: null);

        (await PlacesAsync(result.Head)).ShouldBe(["b.py:1"]);
        (await PlacesAsync(result.Base!)).ShouldBe(["b.py:1"]);
    }

    [Theory]
    [InlineData(ScanOutcome.NotChecked)]
    [InlineData(ScanOutcome.PartlyChecked)]
    public async Task Nobody_is_blamed_for_other_files_by_a_base_that_was_not_checked_whole(ScanOutcome outcome)
    {
        _flow.Bad = (2, outcome);

        var result = await ScanAsync(Tree(("a.py", "source\nsink\n"), ("b.py", "sink\n")), Tree(("a.py", ""), ("b.py", "sink\n")), ["a.py"]);

        (await PlacesAsync(result.Head)).ShouldBe(["a.py:2"]);
        result.Scanners.Single().Outcome.ShouldBe(ScanOutcome.PartlyChecked);
        result.Scanners.Single().Reason.ShouldBe("What the change builds on was not checked whole, so findings in files that it touches count as its own, and no others: Bad day.");
    }

    [Fact]
    public async Task Where_the_head_was_not_checked_the_base_is_not_asked_about()
    {
        _flow.Bad = (1, ScanOutcome.NotChecked);

        var result = await ScanAsync(Tree(("a.py", "source\nsink\n")), Tree(("a.py", "")), ["a.py"]);

        _flow.Scanned.Count.ShouldBe(1);
        result.Scanners.Single().ShouldBe(new ScannerOutcome("Flow", ScanOutcome.NotChecked, 0) { Reason = "Bad day." });
    }

    [Fact]
    public async Task A_change_that_touches_none_of_its_files_is_none_of_its_business()
    {
        var result = await ScanAsync(Tree(("a.py", "source\nsink\n"), ("notes.md", "new")), Tree(("a.py", "source\nsink\n"), ("notes.md", "")), ["notes.md"]);

        _flow.Scanned.ShouldBeEmpty();
        result.Scanners.ShouldBe([new ScannerOutcome("Flow", ScanOutcome.NotApplicable, 0)]);
    }

    [Fact]
    public async Task A_tree_is_scanned_once_whichever_side_of_a_change_it_is_on()
    {
        await ScanAsync(Tree(("a.py", "source\n")), Tree(("a.py", "")), ["a.py"]);
        var merged = await ScanAsync(Tree(("a.py", "source\n")), @base: null, paths: null);
        var next = await ScanAsync(Tree(("a.py", "source\nsink\n")), Tree(("a.py", "source\n")), ["a.py"]);

        _flow.Scanned.Count.ShouldBe(3);
        (merged.Scanners.Single().Cached, next.Scanners.Single().Cached).ShouldBe((true, false));
        (await PlacesAsync(next.Head)).ShouldBe(["a.py:2"]);
        _flow.Version = new ScannerVersion("2", []);
        await ScanAsync(Tree(("a.py", "source\n")), @base: null, paths: null);
        _flow.Scanned.Count.ShouldBe(4);
    }

    [Fact]
    public async Task An_answer_that_is_not_final_is_asked_for_again()
    {
        _flow.IsFinal = false;

        await ScanAsync(Tree(("a.py", "source\n")), @base: null, paths: null);
        await ScanAsync(Tree(("a.py", "source\n")), @base: null, paths: null);

        _flow.Scanned.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_scanner_that_nobody_asked_for_or_that_is_switched_off_is_neither_asked_nor_missed()
    {
        (await ScanAsync(Tree(("a.py", "source\n")), @base: null, paths: null, without: ["flow"])).Scanners.ShouldBeEmpty();
        _flow.IsEnabled = false;
        (await ScanAsync(Tree(("a.py", "source\n")), @base: null, paths: null)).Scanners.ShouldBeEmpty();
        var probed = await new SastExpertProbe([], [_flow]).ProbeAsync(Token);

        _flow.Scanned.ShouldBeEmpty();
        probed.Detail.ShouldNotContain("Flow");
    }

    [Fact]
    public async Task Health_names_a_wanted_scanner_that_is_missing()
    {
        (await new SastExpertProbe([], [_flow]).ProbeAsync(Token)).ShouldBe(new AgentProbeResult(AgentHealth.Healthy, "Asks Flow."));
        _flow.Version = null;
        (await new SastExpertProbe([], [_flow]).ProbeAsync(Token)).Detail.ShouldStartWith("No scanner is installed: Flow.");
    }

    private static (string, string)[] Tree(params (string, string)[] files) => files;

    private async Task<ScanResult> ScanAsync((string, string)[] head, (string, string)[]? @base, IReadOnlyList<string>? paths, IReadOnlyList<string>? without = null)
    {
        var run = Guid.NewGuid().ToString("N");
        var request = new SastRequest(run, await _artifacts.PackAsync($"{run}/head.tar", head))
        {
            Base = @base is null ? null : await _artifacts.PackAsync($"{run}/base.tar", @base),
            Paths = paths,
            Without = without ?? [],
        };
        return await new SastExpert([], [_flow], _artifacts).ScanAsync(request, Token);
    }

    private async Task<IEnumerable<string>> PlacesAsync(StoredArtifact artifact) =>
        (await _artifacts.ReadJsonAsync<IReadOnlyList<ScanReport>>(artifact.Key, Token)).SelectMany(report => report.Findings)
            .Select(finding => FormattableString.Invariant($"{finding.Location.Path}:{finding.Location.StartLine}"));

    /// <summary>Finds every sink, in whatever file, once a file has a source.</summary>
    private sealed class Flow : ITreeScanner
    {
        private int _running;

        public string Name => "Flow";

        public bool IsEnabled { get; set; } = true;

        public bool IsFinal { get; set; } = true;

        /// <summary>The scan that goes badly, from 1 on, and how.</summary>
        public (int Scan, ScanOutcome Outcome) Bad { get; set; }

        public ScannerVersion? Version { get; set; } = new("1", []);

        public List<string> Scanned { get; } = [];

        public int MostAtOnce { get; private set; }

        public bool LooksAt(string path) => path.EndsWith(".py", StringComparison.Ordinal);

        public Task<ScannerVersion?> FindVersionAsync(CancellationToken cancellationToken) => Task.FromResult(Version);

        public async Task<TreeScan> ScanAsync(string directory, CancellationToken cancellationToken)
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _running));
            var files = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(directory, file)).Order(StringComparer.Ordinal).ToArray();
            Scanned.Add(string.Join(' ', files));
            var scan = Scanned.Count;
            await Task.Yield();
            var lines = files.SelectMany(file => File.ReadAllLines(Path.Combine(directory, file)).Index().Select(line => (file, line.Index, line.Item))).ToArray();
            Finding[] findings = lines.Any(line => line.Item is "source") ? [.. lines.Where(line => line.Item is "sink").Select(line => Found(line.file, line.Index + 1))] : [];
            Interlocked.Decrement(ref _running);
            return new TreeScan(
                Bad.Scan == scan
                    ? new ScanReport(Name, Bad.Outcome) { Reason = "Bad day.", Findings = Bad.Outcome == ScanOutcome.NotChecked ? [] : findings }
                    : new ScanReport(Name, ScanOutcome.Checked) { Findings = findings },
                IsFinal);
        }

        private Finding Found(string path, int line) => new()
        {
            Kind = FindingKind.Code,
            Title = "Flow",
            Message = "It flows.",
            Location = new FindingLocation(path, line),
            Severity = FindingSeverity.High,
            Evidence = [new FindingEvidence(Name, "flow")],
        };
    }
}

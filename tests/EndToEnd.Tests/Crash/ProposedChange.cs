using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests.Crash;

/// <summary>What a pull request brings, and so how its run has to end.</summary>
internal enum ChangeKind
{
    Good,
    FailingTests,
    FailingLint,
    FailingBuild,
}

/// <summary>A pull request of the crash test.</summary>
/// <param name="Heads">Its heads, oldest first.</param>
internal sealed record ProposedChange(ForgeRepository Repository, int Number, string Branch, ChangeKind Kind, List<string> Heads)
{
    /// <summary>How many tests fail where tests fail.</summary>
    private const int FailingTests = 3;

    public string Head => Heads[^1];

    /// <summary>The run of the head, once it is known.</summary>
    public PipelineRun? Run { get; set; }

    public string Verdict => Kind == ChangeKind.Good ? "Merged" : "Failed";

    /// <summary>The conclusion of each stage's check run on the head.</summary>
    public IReadOnlyList<(string Stage, string Conclusion)> Conclusions => Kind switch
    {
        ChangeKind.Good => [("policy", "success"), ("checkout", "success"), ("build", "success"), ("tests", "success"), ("lint", "success"), ("gate", "success")],
        ChangeKind.FailingTests => [("policy", "success"), ("checkout", "success"), ("build", "success"), ("tests", "failure"), ("lint", "success"), ("gate", "failure")],
        ChangeKind.FailingLint => [("policy", "success"), ("checkout", "success"), ("build", "success"), ("tests", "success"), ("lint", "failure"), ("gate", "failure")],
        _ => [("policy", "success"), ("checkout", "success"), ("build", "failure"), ("gate", "failure")],
    };

    /// <summary>Where each of the annotations is.</summary>
    public IReadOnlyList<string> Annotations => Kind switch
    {
        ChangeKind.Good => [],
        ChangeKind.FailingTests => [.. Enumerable.Range(0, FailingTests).Select(number => $"tests/test_wrong.py:{(number * 3) + 2}")],
        ChangeKind.FailingLint => ["broken.py:1"],
        _ => ["Dockerfile:6"],
    };

    public override string ToString() => $"{Repository.FullName}#{Number} ({Kind}, {string.Join(" → ", Heads.Select(head => head[..7]))})";

    /// <param name="marker">What the image's environment has to hold, so that everything built from it can be found.</param>
    public static string Dockerfile(string marker) =>
        $"FROM {DockerEngine.BaseImage}\nENV {marker}\nWORKDIR /workspace\nCOPY . .\nRUN python3 -c 'import time; time.sleep(0.5)'\n";

    /// <param name="name">Tells the files of one change from those of others, which they must not conflict with.</param>
    public static IReadOnlyList<(string Path, string? Content)> FilesOf(ChangeKind kind, string name, string marker) => kind switch
    {
        ChangeKind.Good =>
        [
            ($"tests/test_{name}.py", $"import time\n\nfrom greeting import greet\n\n\ndef test_{name}():\n    time.sleep(0.5)\n    assert greet(\"{name}\").endswith(\"{name}\")\n"),
        ],
        ChangeKind.FailingTests =>
        [
            ("tests/test_wrong.py", string.Concat(Enumerable.Range(0, FailingTests).Select(number => $"def test_wrong_{number}():\n    assert {number} < 0\n\n"))),
        ],
        ChangeKind.FailingLint => [("broken.py", "def broken(:\n")],
        _ => [("Dockerfile", $"{Dockerfile(marker)}RUN false\n")],
    };
}

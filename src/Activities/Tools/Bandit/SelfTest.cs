using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.CodeScanning;

namespace AtomicDevOps.Activities.Tools.Bandit;

/// <summary>
/// A Bandit that is older than its Python looks past every string literal and says nothing about it. Scanning a file with known weaknesses shows
/// which rules that costs, once for each installation.
/// </summary>
internal sealed class SelfTest(BanditCli bandit, ScannerProgram program)
{
    private const string Sample =
        """
        import subprocess
        password = "correct horse battery"
        def find(cursor, name):
            cursor.execute("SELECT id FROM users WHERE name = '%s'" % name)
        def listen(server):
            server.bind(("0.0.0.0", 80))
        subprocess.call("ls " + path, shell=True)
        eval(text)
        """;

    private static readonly string[] Expected = ["B104", "B105", "B307", "B602", "B608"];

    private ScannerVersion? _version;

    public async Task<ScannerVersion?> RunAsync(CancellationToken cancellationToken) => _version ??= await AskAsync(cancellationToken);

    private async Task<ScannerVersion?> AskAsync(CancellationToken cancellationToken)
    {
        if (await program.FindVersionAsync(cancellationToken) is not { } version)
        {
            return null;
        }

        using var directory = new ScratchDirectory("bandit");
        await File.WriteAllTextAsync(Path.Combine(directory.Path, "sample.py"), Sample, cancellationToken);
        var report = await bandit.RunAsync(directory.Path, cancellationToken);
        if (report.Outcome != ScanOutcome.Checked)
        {
            return null;
        }

        var seen = report.Findings.SelectMany(static finding => finding.Evidence).Select(static evidence => evidence.Rule).ToHashSet(StringComparer.Ordinal);
        return new ScannerVersion(version, [.. Expected.Where(rule => !seen.Contains(rule))]);
    }
}

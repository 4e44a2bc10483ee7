using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.CodeScanning;
using AtomicDevOps.Activities.Tools.Trivy;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Trivy;

public sealed class TrivyCliTests : IDisposable
{
    // In two parts, so that no scanner takes this file for one with a key in it.
    private static readonly string Secret = "AKIA" + "Q3EGRIHXV5UNJ2KD";

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_real_program_finds_what_is_wrong_with_images_infrastructure_and_secrets_and_quotes_none()
    {
        var trivy = Client(Guard.NeedsTrivy());
        var source = _directory.Combine("source");
        Directory.CreateDirectory(Path.Combine(source, "infra"));
        File.WriteAllText(Path.Combine(source, "Dockerfile"), "FROM python:3.11-slim\nCOPY . /app\nCMD [\"python3\", \"app.py\"]\n");
        File.WriteAllText(Path.Combine(source, "infra", "main.tf"), "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n  acl    = \"public-read\"\n}\n");
        File.WriteAllText(Path.Combine(source, "app.py"), $"import os\nkey = \"{Secret}\"  # not hunter2hunter2\n");

        var report = await trivy.ScanAsync(source, Token);

        report.Outcome.ShouldBe(ScanOutcome.Checked, report.Reason);
        report.ToolVersion.ShouldNotBeNullOrEmpty();
        var user = report.Findings.Single(finding => finding.Evidence[0].Rule is "DS002");
        (user.Kind, user.Location.Path, user.Severity).ShouldBe((FindingKind.Infrastructure, "Dockerfile", FindingSeverity.High));
        user.Weaknesses.ShouldBe(["CWE-250"]);
        var open = report.Findings.Single(finding => finding.Evidence[0].Rule is "AVD-AWS-0092");
        (open.Location.Path, open.Location.StartLine).ShouldBe(("infra/main.tf", 3));
        var secret = report.Findings.Single(finding => finding.Kind == FindingKind.Secret);
        (secret.Location.Path, secret.Location.StartLine, secret.Severity).ShouldBe(("app.py", 2, FindingSeverity.Critical));
        report.Findings.ShouldAllBe(finding => finding.Evidence[0].Rule != "N/A");
        var text = JsonSerializer.Serialize(report);
        text.ShouldNotContain(Secret);
        text.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task A_program_that_is_missing_has_not_checked()
    {
        var report = await Client("/nowhere/trivy").ScanAsync(_directory.Path, Token);

        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("Trivy:Program");
    }

    [Theory]
    [InlineData("""{"SchemaVersion":2}""", ScanOutcome.Checked)]
    [InlineData("""{"SchemaVersion":2,"Results":null}""", ScanOutcome.Checked)]
    [InlineData("""{"SchemaVersion":3,"Results":[]}""", ScanOutcome.NotChecked)]
    [InlineData("""{"Results":[]}""", ScanOutcome.NotChecked)]
    [InlineData("""{"SchemaVersion":2,"Results":[{"Target":null}]}""", ScanOutcome.NotChecked)]
    [InlineData("""{"SchemaVersion":2,"Results":[{"Target":"a","Secrets":[{}]}]}""", ScanOutcome.NotChecked)]
    [InlineData("""{"SchemaVersion":2,"Results":[{"Target":"a","Secrets":["a"]}]}""", ScanOutcome.NotChecked)]
    [InlineData("nonsense", ScanOutcome.NotChecked)]
    public async Task A_report_counts_only_where_it_is_what_the_documentation_says(string json, ScanOutcome expected)
    {
        var program = ScriptedProgram.Write(_directory, "trivy", $"case \"$1\" in --version) echo 'Version: 9.9.9';; *) echo '{json}';; esac");

        var report = await Client(program).ScanAsync(_directory.Path, Token);

        report.Outcome.ShouldBe(expected, report.Reason);
        report.ToolVersion.ShouldBe("9.9.9");
    }

    private static TrivyCli Client(string program) => new(RealTools.Processes, Options.Create(new TrivyOptions { Program = program, Timeout = TimeSpan.FromMinutes(1) }));
}

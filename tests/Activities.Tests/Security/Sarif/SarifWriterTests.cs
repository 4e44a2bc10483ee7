using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Sarif;
using AtomicDevOps.Activities.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

using static AtomicDevOps.Activities.Tests.Security.Findings.FindingSamples;

namespace AtomicDevOps.Activities.Tests.Security.Sarif;

public sealed class SarifWriterTests
{
    private static readonly SarifWriterOptions Options = new("Atomic DevOps", "1.0.0", new Uri("https://example.org/"), "atomic-devops/security/");

    [Fact]
    public void What_is_read_from_a_written_log_are_the_same_findings()
    {
        Prop.ForAll(Lists(), generated =>
        {
            var findings = FindingConsolidation.Consolidate(generated);
            var (text, told) = Write(findings);

            told.ShouldBeEmpty();
            Text(FindingPriority.Order(SarifText.Read(text).ShouldHaveSingleItem().Findings)).ShouldBe(Text(findings));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task A_written_log_holds_against_the_standards_schema_and_the_validator_s_rules()
    {
        Guard.NeedsSarifSchema(Path.Combine(Multitool(), "sarif-2.1.0.json"));
        using var directory = new TemporaryDirectory();
        var findings = FindingConsolidation.Consolidate(
        [
            Code("Bandit", "B608", "src/a b.py", 7, "CWE-89") with { Evidence = [new FindingEvidence("Bandit", "B608") { Help = new Uri("https://example.org/b608") }] },
            Secret("Trivy", "github-pat", "src/app.py", 1),
            Dependency("OSV", "django", "3.2", "PYSEC-1", "CVE-2021-1") with { Vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" },
            Code("Trivy", "DS002", "Dockerfile", 2) with { Kind = FindingKind.Infrastructure },
        ]);
        var suppression = new Suppression { Rule = "B1", Reason = "Only in tests.", Owner = "ada", Until = new DateOnly(2026, 12, 31) };
        var suppressed = FindingConsolidation.Consolidate([Code("Bandit", "B1", "tests/a.py", 7)]);
        var (text, _) = Write(
            findings,
            [new("Bandit", ScanOutcome.Checked), new("Trivy", ScanOutcome.NotChecked) { Reason = "It is not installed." }, new("OSV", ScanOutcome.PartlyChecked)],
            Options with { Suppressed = [new SuppressedFinding(suppressed[0], suppression)] });
        (await ValidateAsync(directory, text)).ShouldBe((0, string.Empty));
        var (exitCode, output) = await ValidateAsync(directory, text.Replace("\"startLine\":7", "\"startLine\":0", StringComparison.Ordinal));
        exitCode.ShouldBe(1);
        output.ShouldContain("startLine must be >= 1");

        (await FindErrorsAsync(directory, text)).ShouldBeEmpty();
        (await FindErrorsAsync(directory, text.Replace("\"ruleIndex\":0", "\"ruleIndex\":99", StringComparison.Ordinal))).ShouldContain(error => error.Contains("SARIF1009", StringComparison.Ordinal));
    }

    [Fact]
    public void A_tool_that_did_not_check_is_told_and_a_suppression_is_written_with_its_word()
    {
        var suppression = new Suppression { Rule = "B608", Reason = "Only constants.", Owner = "ada", Until = new DateOnly(2026, 12, 31) };
        var (text, _) = Write([], [new("Trivy", ScanOutcome.NotChecked) { Reason = "It is not installed." }], Options with
        {
            Suppressed = [new SuppressedFinding(Code("Bandit", "B608", "app.py", 7), suppression)],
        });

        var run = JsonNode.Parse(text)!["runs"]![0]!;
        run["invocations"]![0]!["executionSuccessful"]!.GetValue<bool>().ShouldBeFalse();
        run["results"]![0]!["suppressions"]![0]!["justification"]!.GetValue<string>().ShouldBe("B608 until 2026-12-31 by ada: Only constants.");
        var report = SarifText.Read(text).ShouldHaveSingleItem();
        report.Outcome.ShouldBe(ScanOutcome.NotChecked);
        report.Reason.ShouldNotBeNull().ShouldContain("Trivy did not check: It is not installed");
    }

    [Fact]
    public void The_limits_of_code_scanning_are_kept_and_what_is_cut_is_told()
    {
        var many = Enumerable.Range(0, SarifWriter.MostResults + 3).Select(index => Code("Bandit", "B1", "app.py", index + 1)).ToList();
        many[^1] = many[^1] with { Severity = FindingSeverity.Critical, Weaknesses = [.. Enumerable.Range(1, 30).Select(number => $"CWE-{number}")] };
        many.Add(Code("Bandit", "B1", "", 1));

        var (text, told) = Write(many);

        var run = JsonNode.Parse(text)!["runs"]![0]!;
        run["results"]!.AsArray().Count.ShouldBe(SarifWriter.MostResults);
        run["results"]![0]!["level"]!.GetValue<string>().ShouldBe("error");
        run["tool"]!["driver"]!["rules"]![0]!["properties"]!["tags"]!.AsArray().Count.ShouldBe(20);
        told.Count.ShouldBe(3);
        told[0].ShouldBe("1 findings without a file are left out, as code scanning takes none of them.");
        told[1].ShouldBe("3 of the least urgent findings are left out, as code scanning takes 25000.");
        told[2].ShouldContain("20 of their tags");
    }

    [Fact]
    public void A_rule_s_description_and_level_are_what_code_scanning_takes()
    {
        var (text, _) = Write([Code("Bandit", "B1", "app.py", 1) with { Title = new string('t', 2_000), Message = string.Empty, Severity = FindingSeverity.None }]);

        var run = JsonNode.Parse(text)!["runs"]![0]!;
        var rule = run["tool"]!["driver"]!["rules"]![0]!;
        rule["shortDescription"]!["text"]!.GetValue<string>().Length.ShouldBe(1024);
        rule["fullDescription"]!["text"]!.GetValue<string>().Length.ShouldBe(1024);
        rule["defaultConfiguration"]!["level"]!.GetValue<string>().ShouldBe("note");
        run["results"]![0]!["level"]!.GetValue<string>().ShouldBe("note");
        run["results"]![0]!["message"]!["text"]!.GetValue<string>().Length.ShouldBe(2_000);
    }

    private static (string Text, IReadOnlyList<string> Told) Write(IReadOnlyList<Finding> findings, IReadOnlyList<ScanReport>? reports = null, SarifWriterOptions? options = null)
    {
        using var target = new MemoryStream();
        var told = SarifWriter.Write(target, findings, reports ?? [new("any", ScanOutcome.Checked)], options ?? Options);
        return (Encoding.UTF8.GetString(target.ToArray()), told);
    }

    /// <summary>By the rules of the standard, and of what GitHub code scanning takes.</summary>
    private static async Task<string[]> FindErrorsAsync(TemporaryDirectory directory, string text)
    {
        var (_, output) = await RunAsync(
            directory, text, Path.Combine(Multitool(), "Sarif.Multitool"), log => ["validate", log, "--rule-kind", "Sarif;GHAS", "--output", $"{log}.result", "--log", "ForceOverwrite"]);
        output.ShouldContain("Analysis completed successfully.");
        return [.. output.Split('\n').Where(line => line.Contains(": error ", StringComparison.Ordinal))];
    }

    private static Task<(int ExitCode, string Output)> ValidateAsync(TemporaryDirectory directory, string text) =>
        RunAsync(directory, text, "node", log => ["validate.mjs", log]);

    private static async Task<(int ExitCode, string Output)> RunAsync(TemporaryDirectory directory, string text, string program, Func<string, IReadOnlyList<string>> arguments)
    {
        var log = directory.Combine("findings.sarif");
        await File.WriteAllTextAsync(log, text, TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo(program, arguments(log))
        {
            WorkingDirectory = SchemaDirectory(),
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }

    private static string Multitool() => Path.Combine(SchemaDirectory(), "node_modules", "@microsoft", "sarif-multitool-linux");

    private static string SchemaDirectory([CallerFilePath] string file = "") =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(file)))!, "sarif-schema");
}

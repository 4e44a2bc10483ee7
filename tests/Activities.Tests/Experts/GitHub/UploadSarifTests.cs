using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Sarif;
using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.LocalForge;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.ScriptedNetwork;

namespace AtomicDevOps.Activities.Tests.Experts.GitHub;

public sealed class UploadSarifTests
{
    private const string Commit = "0123456789012345678901234567890123456789";
    private const string Key = "run/findings.sarif";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_is_taken_as_it_was_written_and_read_in_the_background()
    {
        await using var harness = await ForgeHarness.StartAsync(Cancellation);
        var log = await WriteAsync(harness.GitHub, Findings());

        var request = new UploadSarifRequest(ForgeHarness.Repository, harness.Head, "refs/heads/feature/one", log) { StartedAt = DateTimeOffset.UnixEpoch };
        var result = await harness.GitHub.Expert.UploadSarifAsync(request, Cancellation);

        result.Outcome.ShouldBe(UploadSarifOutcome.Uploaded);
        var reference = new SarifUploadReference(ForgeHarness.Repository, result.Id.ShouldNotBeNull());
        (await harness.GitHub.Expert.GetSarifUploadAsync(reference, Cancellation)).State.ShouldBe(SarifUploadState.Pending);
        var done = await harness.GitHub.Expert.GetSarifUploadAsync(reference, Cancellation);
        done.Errors.ShouldBeEmpty();
        done.State.ShouldBe(SarifUploadState.Complete);
        var uploaded = harness.Forge.Administration.ListSarifUploads(ForgeHarness.Name).ShouldHaveSingleItem();
        uploaded.CommitSha.ShouldBe(harness.Head);
        uploaded.Reference.ShouldBe("refs/heads/feature/one");
        uploaded.ToolName.ShouldBe(SarifWriter.PlatformTool);
        await using var written = await harness.GitHub.Artifacts.OpenReadAsync(Key, Cancellation);
        new StreamReader(written).ReadToEnd().ShouldBe(Encoding.UTF8.GetString(uploaded.Log.Span));
    }

    [Fact]
    public async Task A_log_that_GitHub_cannot_read_fails_with_its_reasons_and_an_id_that_it_does_not_know_is_unknown()
    {
        await using var harness = await ForgeHarness.StartAsync(Cancellation);
        var log = await WriteAsync(harness.GitHub, """{"$schema":"s","version":"2.0.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[{}]}]}""");

        var result = await harness.GitHub.Expert.UploadSarifAsync(
            new UploadSarifRequest(ForgeHarness.Repository, harness.Head, "refs/heads/feature/one", log), Cancellation);

        var reference = new SarifUploadReference(ForgeHarness.Repository, result.Id.ShouldNotBeNull());
        await harness.GitHub.Expert.GetSarifUploadAsync(reference, Cancellation);
        var failed = await harness.GitHub.Expert.GetSarifUploadAsync(reference, Cancellation);
        failed.State.ShouldBe(SarifUploadState.Failed);
        failed.Errors[0].ShouldContain("2.1.0");
        (await harness.GitHub.Expert.GetSarifUploadAsync(reference with { Id = "47177e22" }, Cancellation)).State.ShouldBe(SarifUploadState.Unknown);
    }

    [Fact]
    public async Task A_log_in_which_one_tool_did_not_check_is_taken_and_one_in_which_none_did_is_not()
    {
        await using var harness = await ForgeHarness.StartAsync(Cancellation);
        var partly = await WriteAsync(harness.GitHub, Findings(new ScanReport("Trivy", ScanOutcome.NotChecked) { Reason = "It is not installed." }));
        (await ProcessAsync(partly)).State.ShouldBe(SarifUploadState.Complete);

        var none = await WriteAsync(harness.GitHub, Findings(new ScanReport("Trivy", ScanOutcome.NotChecked)).Replace("\"executionSuccessful\":true", "\"executionSuccessful\":false", StringComparison.Ordinal));
        var failed = await ProcessAsync(none);
        failed.State.ShouldBe(SarifUploadState.Failed);
        failed.Errors.ShouldHaveSingleItem().ShouldContain("unsuccessful execution");

        async Task<SarifUploadResult> ProcessAsync(StoredArtifact log)
        {
            var result = await harness.GitHub.Expert.UploadSarifAsync(
                new UploadSarifRequest(ForgeHarness.Repository, harness.Head, "refs/heads/feature/one", log), Cancellation);
            var reference = new SarifUploadReference(ForgeHarness.Repository, result.Id.ShouldNotBeNull());
            await harness.GitHub.Expert.GetSarifUploadAsync(reference, Cancellation);
            return await harness.GitHub.Expert.GetSarifUploadAsync(reference, Cancellation);
        }
    }

    [Fact]
    public async Task A_repository_without_code_scanning_and_one_that_lacks_the_commit_say_so()
    {
        await using var harness = await ForgeHarness.StartAsync(Cancellation);
        var log = await WriteAsync(harness.GitHub, Findings());
        var request = new UploadSarifRequest(ForgeHarness.Repository, Commit, "refs/heads/main", log);

        var unknown = await harness.GitHub.Expert.UploadSarifAsync(request, Cancellation);
        unknown.Outcome.ShouldBe(UploadSarifOutcome.Refused);
        unknown.Errors.ShouldHaveSingleItem().ShouldContain("commit not found");

        await harness.Forge.Administration.SetCodeScanningAsync(ForgeHarness.Name, enabled: false, Cancellation);
        var off = await harness.GitHub.Expert.UploadSarifAsync(request, Cancellation);
        off.Outcome.ShouldBe(UploadSarifOutcome.NotEnabled);
        off.Errors.ShouldBe(["Code Security must be enabled for this repository to use code scanning."]);
        harness.Forge.Administration.ListSarifUploads(ForgeHarness.Name).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "Advanced Security must be enabled for this repository to use code scanning.", UploadSarifOutcome.NotEnabled)]
    [InlineData(HttpStatusCode.Forbidden, "Code scanning is not enabled for this repository.", UploadSarifOutcome.NotEnabled)]
    [InlineData(HttpStatusCode.Forbidden, "Resource not accessible by integration", UploadSarifOutcome.Refused)]
    [InlineData(HttpStatusCode.BadRequest, "Invalid SARIF", UploadSarifOutcome.Refused)]
    [InlineData(HttpStatusCode.UnprocessableEntity, "Invalid request", UploadSarifOutcome.Refused)]
    [InlineData(HttpStatusCode.RequestEntityTooLarge, "Payload Too Large", UploadSarifOutcome.TooLarge)]
    public async Task Each_refusal_is_an_outcome_with_GitHubs_words(HttpStatusCode status, string message, UploadSarifOutcome outcome)
    {
        using var network = new ScriptedNetwork(_ => Json($$"""{"message":"{{message}}"}""", status));
        using var github = new GitHubHarness(network);

        var result = await github.Expert.UploadSarifAsync(Request(await WriteAsync(github, "{}")), Cancellation);

        result.Outcome.ShouldBe(outcome);
        result.Id.ShouldBeNull();
        result.Errors.ShouldBe([message]);
    }

    [Fact]
    public async Task A_token_that_GitHub_refuses_is_no_outcome()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"message":"Bad credentials"}""", HttpStatusCode.Unauthorized));
        using var github = new GitHubHarness(network);
        var log = await WriteAsync(github, "{}");

        await Should.ThrowAsync<GitHubRequestException>(() => github.Expert.UploadSarifAsync(Request(log), Cancellation));
    }

    [Fact]
    public async Task A_log_that_stays_too_large_is_not_sent()
    {
        using var network = new ScriptedNetwork(_ => Json("{}"));
        using var github = new GitHubHarness(network);
        var noise = new byte[11 * 1024 * 1024];
        new Random(7).NextBytes(noise);
        var log = await WriteAsync(github, $"[\"{Convert.ToBase64String(noise)}\"]");

        var result = await github.Expert.UploadSarifAsync(Request(log), Cancellation);

        result.Outcome.ShouldBe(UploadSarifOutcome.TooLarge);
        result.Errors.ShouldHaveSingleItem().ShouldContain("10 MB");
        network.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_sent_is_the_log_compressed_with_gzip()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"id":"1"}""", HttpStatusCode.Accepted));
        using var github = new GitHubHarness(network);
        var text = $"[{string.Join(',', Enumerable.Range(0, 50_000))}]";

        await github.Expert.UploadSarifAsync(Request(await WriteAsync(github, text)), Cancellation);

        (await ReadSentAsync(network)).ShouldBe(text);
    }

    [Theory]
    [InlineData("""{"runs":[{"results":[{"ruleId":"a"},{"ruleId":"b","suppressions":[{"kind":"external","status":"accepted"}]},{"ruleId":"c","suppressions":[]}]}]}""",
        """{"runs":[{"results":[{"ruleId":"a"},{"ruleId":"c","suppressions":[]}]}]}""")]
    [InlineData("""{"runs":[{"results":[{"ruleId":"b","suppressions":[{"kind":"inSource"}]},{"ruleId":"c","suppressions":[{"kind":"external","status":"rejected"}]}]}]}""",
        """{"runs":[{"results":[{"ruleId":"c","suppressions":[{"kind":"external","status":"rejected"}]}]}]}""")]
    [InlineData("""{"runs":[{"invocations":[{"executionSuccessful":true},{"executionSuccessful":false,"toolExecutionNotifications":[]}]}]}""",
        """{"runs":[{"invocations":[{"executionSuccessful":true},{"executionSuccessful":true,"toolExecutionNotifications":[]}]}]}""")]
    [InlineData("""{"runs":[{"invocations":[{"executionSuccessful":false}],"results":[]}]}""", """{"runs":[{"invocations":[{"executionSuccessful":false}],"results":[]}]}""")]
    [InlineData("""{"version":"2.1.0","runs":[7,{"results":"x","invocations":null},[]],"properties":{"runs":[]}}""",
        """{"version":"2.1.0","runs":[7,{"results":"x","invocations":null},[]],"properties":{"runs":[]}}""")]
    [InlineData("[]", "[]")]
    public async Task What_code_scanning_would_misread_is_left_out(string log, string sent)
    {
        using var network = new ScriptedNetwork(_ => Json("""{"id":"1"}""", HttpStatusCode.Accepted));
        using var github = new GitHubHarness(network);

        await github.Expert.UploadSarifAsync(Request(await WriteAsync(github, log)), Cancellation);

        (await ReadSentAsync(network)).ShouldBe(sent);
    }

    [Fact]
    public async Task What_is_no_JSON_is_no_log()
    {
        using var network = new ScriptedNetwork(_ => Json("{}"));
        using var github = new GitHubHarness(network);
        var log = await WriteAsync(github, "{");

        (await Should.ThrowAsync<ToolException>(() => github.Expert.UploadSarifAsync(Request(log), Cancellation))).Message.ShouldContain(Key);
        network.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("main", Commit)]
    [InlineData("refs/pull/7", Commit)]
    [InlineData("refs/pull/x/head", Commit)]
    [InlineData("refs/heads/", Commit)]
    [InlineData("refs/heads/main", "c0ffee")]
    [InlineData("refs/heads/main", "g123456789012345678901234567890123456789")]
    public async Task A_reference_or_commit_that_code_scanning_does_not_take_is_refused(string reference, string commit)
    {
        using var network = new ScriptedNetwork(_ => Json("{}"));
        using var github = new GitHubHarness(network);
        var log = await WriteAsync(github, "{}");

        await Should.ThrowAsync<ArgumentException>(() => github.Expert.UploadSarifAsync(
            Request(log) with { Reference = reference, CommitSha = commit }, Cancellation));
        network.Requests.ShouldBeEmpty();
    }

    private static async Task<string> ReadSentAsync(ScriptedNetwork network)
    {
        using var body = JsonDocument.Parse(network.Requests.ShouldHaveSingleItem().Body);
        await using var gzip = new GZipStream(new MemoryStream(body.RootElement.GetProperty("sarif").GetBytesFromBase64()), CompressionMode.Decompress);
        return await new StreamReader(gzip).ReadToEndAsync(Cancellation);
    }

    private static UploadSarifRequest Request(StoredArtifact log) => new(GitHubHarness.Repository, Commit, "refs/pull/7/head", log);

    private static Task<StoredArtifact> WriteAsync(GitHubHarness github, string text)
        => github.Artifacts.WriteAsync(Key, async (stream, token) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text), token), Cancellation);

    private static string Findings(params IReadOnlyList<ScanReport> others)
    {
        var finding = new Finding
        {
            Kind = FindingKind.Code,
            Title = "SQL injection",
            Message = "The query is put together of text. Use parameters.",
            Location = new FindingLocation("src/a b.py", 7),
            Severity = FindingSeverity.High,
            Weaknesses = ["CWE-89"],
            Evidence = [new FindingEvidence("Bandit", "B608")],
            Fingerprint = new string('a', 32),
        };
        using var log = new MemoryStream();
        SarifWriter.Write(
            log, [finding], [new ScanReport("Bandit", ScanOutcome.Checked), .. others], new SarifWriterOptions(SarifWriter.PlatformTool, "1.0.0", Information: null, "atomic-devops/security/"));
        return Encoding.UTF8.GetString(log.ToArray());
    }
}

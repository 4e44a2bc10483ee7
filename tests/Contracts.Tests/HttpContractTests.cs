using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Ledger;
using AtomicDevOps.Activities.Tools.Documents;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Contracts.Tests.Harness;
using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Tests.Support;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.Contracts.Tests;

/// <summary>What each HTTP function answers: when it does what it is asked, and whenever it does not.</summary>
public sealed class HttpContractTests : ContractTest
{
    private const string Start = """{"repository":"octo/hello","pullRequest":12}""";
    private const string Run = "/api/pipelines/pipeline:octo:hello:12:k1";
    private const string Repository =
        """ "repository":{"full_name":"octo/hello","default_branch":"main","clone_url":"https://forge.example/octo/hello.git"},"sender":{"login":"mona"} """;

    private static readonly (string Name, string Value) Key = ("Idempotency-Key", "k1");

    [Fact]
    public async Task StartPipeline()
    {
        await using var platform = await StartAsync(WaitForApproval);
        var conversation = new Conversation(platform);
        await conversation.PostAsync("/api/pipelines", Start, Key);
        await platform.SettleAsync();
        await conversation.PostAsync("/api/pipelines", Start, Key);
        await conversation.PostAsync("/api/pipelines", """{"repository":"octo/hello","pullRequest":13,"headSha":"3f2a9c0000000000000000000000000000000001"}""", Key);
        await conversation.PostAsync("/api/pipelines", string.Empty);
        await conversation.PostAsync("/api/pipelines", "null");
        await conversation.PostAsync("/api/pipelines", "[]");
        await conversation.PostAsync("/api/pipelines", """{"repository":"octo"}""");
        await conversation.PostAsync("/api/pipelines", """{"repository":"octo/hello"}""");
        await conversation.PostAsync("/api/pipelines", """{"repository":"octo/hello","pullRequest":0}""");
        await conversation.PostAsync("/api/pipelines", """{"repository":"octo/hello","pullRequest":12,"headSha":"main"}""");
        await conversation.PostAsync("/api/pipelines", new string(' ', 70_000));
        conversation.ShouldBeGolden("http-StartPipeline");
    }

    [Fact]
    public async Task ListPipelines()
    {
        await using var platform = await StartAsync(WaitForApproval);
        var conversation = new Conversation(platform);
        await conversation.GetAsync("/api/pipelines");
        await BeginAsync(platform);
        await conversation.GetAsync("/api/pipelines");
        await conversation.GetAsync("/api/pipelines?repository=Octo/Hello&pullRequest=12&limit=1");
        await conversation.GetAsync("/api/pipelines?repository=octo/hello&pullRequest=1");
        await platform.Client.TerminateInstanceAsync("pipeline:octo:hello:12:k1", cancellation: Token);
        await platform.SettleAsync();
        await conversation.GetAsync("/api/pipelines");
        await conversation.GetAsync("/api/pipelines?limit=0");
        await conversation.GetAsync("/api/pipelines?limit=201");
        await conversation.GetAsync("/api/pipelines?repository=octo");
        await conversation.GetAsync("/api/pipelines?pullRequest=12");
        await conversation.GetAsync("/api/pipelines?repository=octo/hello&pullRequest=x");
        conversation.ShouldBeGolden("http-ListPipelines");
    }

    [Fact]
    public async Task ListPipelines_says_of_a_broken_run_why()
    {
        await using var platform = await StartAsync(WaitForApproval);
        await BeginAsync(platform);
        await platform.Client.RaiseEventAsync("pipeline:octo:hello:12:k1", PipelineEvents.Cancel, "no request", Token);
        await platform.Client.RaiseEventAsync("pipeline:octo:hello:12:k1:dev", PipelineEvents.Approval("merge"), new ApprovalDecision(Approved: true, "mona"), Token);
        await platform.SettleAsync();
        using var response = await platform.SendAsync(HttpMethod.Get, "/api/pipelines");
        var run = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Token)).RootElement.GetProperty("pipelines").EnumerateArray().ShouldHaveSingleItem();
        run.GetProperty("state").GetString().ShouldBe("Broken");
        run.GetProperty("summary").GetString().ShouldNotBeNull().ShouldContain("CancellationRequest");
    }

    [Fact]
    public async Task GetPipeline()
    {
        await using var platform = await StartAsync(WaitForApproval);
        var conversation = new Conversation(platform);
        await BeginAsync(platform);
        await conversation.GetAsync(Run);
        await ApproveAsync(platform);
        await conversation.GetAsync(Run);
        await conversation.GetAsync("/api/pipelines/none");
        await conversation.GetAsync($"{Run}:dev");
        conversation.ShouldBeGolden("http-GetPipeline");
    }

    [Fact]
    public async Task CancelPipeline()
    {
        await using var platform = await StartAsync(WaitForApproval);
        var conversation = new Conversation(platform);
        await BeginAsync(platform);
        await conversation.DeleteAsync(Run);
        await platform.SettleAsync();
        await conversation.DeleteAsync(Run);
        await conversation.DeleteAsync("/api/pipelines/none");
        conversation.ShouldBeGolden("http-CancelPipeline");
    }

    [Fact]
    public async Task ApprovePipeline()
    {
        await using var platform = await StartAsync(WaitForApproval);
        var conversation = new Conversation(platform);
        await BeginAsync(platform);
        await conversation.PostAsync($"{Run}/approvals/other", """{"approved":true,"by":"mona"}""");
        await conversation.PostAsync($"{Run}/approvals/merge", """{"approved":true}""");
        await conversation.PostAsync($"{Run}/approvals/merge", """{"approved":"yes","by":"mona"}""");
        await conversation.PostAsync("/api/pipelines/none/approvals/merge", """{"approved":true,"by":"mona"}""");
        await conversation.PostAsync($"{Run}/approvals/merge", """{"approved":true,"by":"mona","comment":"Good"}""");
        await platform.SettleAsync();
        await conversation.PostAsync($"{Run}/approvals/merge", """{"approved":true,"by":"mona"}""");
        await conversation.PostAsync($"{Run}/approvals/merge", new string(' ', 70_000));
        conversation.ShouldBeGolden("http-ApprovePipeline");
    }

    [Fact]
    public async Task GetStageLog()
    {
        await using var platform = await StartAsync(WaitForApproval);
        var conversation = new Conversation(platform);
        await BeginAsync(platform);
        await platform.Services.GetRequiredService<IStageLog>().AppendAsync("pipeline:octo:hello:12:k1", "tests", "one\nzwölf\n", Token);
        await conversation.GetAsync($"{Run}/stages/tests/log");
        await conversation.GetAsync($"{Run}/stages/tests/log?offset=4");
        await conversation.GetAsync($"{Run}/stages/tests/log?offset=400");
        await conversation.GetAsync($"{Run}/stages/none/log");
        await conversation.GetAsync($"{Run}/stages/tests/log?offset=-1");
        await conversation.GetAsync("/api/pipelines/none/stages/tests/log");
        conversation.ShouldBeGolden("http-GetStageLog");
    }

    [Fact]
    public async Task ListFindings()
    {
        await using var platform = await StartAsync();
        var conversation = new Conversation(platform);
        await conversation.GetAsync("/api/findings");
        await KeepFindingsAsync(platform);
        await conversation.GetAsync("/api/findings?repository=Octo/Hello&limit=1");
        await conversation.GetAsync("/api/findings?pullRequest=12");
        await conversation.GetAsync("/api/findings?repository=octo/hello&state=all&kind=code&severity=high&overdue=false&tool=bandit");
        await conversation.GetAsync("/api/findings?repository=octo");
        await conversation.GetAsync("/api/findings?severity=urgent");
        await conversation.GetAsync("/api/findings?state=closed");
        await conversation.GetAsync("/api/findings?sevrity=high");
        await conversation.GetAsync("/api/findings?limit=201");
        conversation.ShouldBeGolden("http-ListFindings");
    }

    [Fact]
    public async Task GetFindingsSarif()
    {
        await using var platform = await StartAsync();
        var conversation = new Conversation(platform);
        await conversation.GetAsync("/api/findings/octo/hello/sarif?reference=refs/heads/main");
        await KeepFindingsAsync(platform);
        await conversation.GetAsync("/api/findings/Octo/Hello/sarif?reference=refs/heads/main");
        await conversation.GetAsync("/api/findings/octo/hello/sarif?reference=main");
        await conversation.GetAsync("/api/findings/octo/hello/sarif");
        await conversation.GetAsync("/api/findings/oc+to/hello/sarif?reference=refs/heads/main");
        conversation.ShouldBeGolden("http-GetFindingsSarif");
    }

    [Fact]
    public async Task GetFindingsSbom()
    {
        await using var platform = await StartAsync();
        var conversation = new Conversation(platform);
        await conversation.GetAsync("/api/findings/octo/hello/sbom?reference=refs/heads/main");
        await KeepFindingsAsync(platform);
        await conversation.GetAsync("/api/findings/Octo/Hello/sbom?reference=refs/heads/main");
        await conversation.GetAsync("/api/findings/octo/hello/sbom?reference=main");
        conversation.ShouldBeGolden("http-GetFindingsSbom");
    }

    [Fact]
    public async Task StartSweep()
    {
        await using var platform = await StartAsync();
        var conversation = new Conversation(platform);
        await conversation.PostAsync("/api/findings/octo/hello/sweeps?branch=main", string.Empty, [("Idempotency-Key", "k1")]);
        await conversation.PostAsync("/api/findings/oc+to/hello/sweeps", string.Empty, [("Idempotency-Key", "k1")]);
        await conversation.PostAsync($"/api/findings/octo/hello/sweeps?branch={new string('b', 251)}", string.Empty, [("Idempotency-Key", "k1")]);
        conversation.ShouldBeGolden("http-StartSweep");
    }

    [Fact]
    public async Task GetHealth()
    {
        await using var platform = await StartAsync(Probing(AgentHealth.Degraded, AgentHealth.Unhealthy));
        var conversation = new Conversation(platform);
        await conversation.GetAsync("/api/health");
        await BeginHealthAsync(platform);
        await conversation.GetAsync("/api/health");
        await platform.Client.RaiseEventAsync(SystemHealthOrchestration.InstanceId, SystemHealthOrchestration.ProbeNow, cancellation: Token);
        await platform.SettleAsync();
        await conversation.GetAsync("/api/health");
        conversation.ShouldBeGolden("http-GetHealth");
    }

    [Fact]
    public async Task GetLiveness()
    {
        await using var platform = await StartAsync();
        var conversation = new Conversation(platform);
        await conversation.GetAsync("/api/health/live");
        platform.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await conversation.GetAsync("/api/health/live");
        conversation.ShouldBeGolden("http-GetLiveness");
    }

    [Fact]
    public async Task GetReadiness()
    {
        await using var platform = await StartAsync();
        var conversation = new Conversation(platform);
        await conversation.GetAsync("/api/health/ready");
        platform.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await conversation.GetAsync("/api/health/ready");
        conversation.ShouldBeGolden("http-GetReadiness");
    }

    [Fact]
    public async Task ListAgents()
    {
        await using var platform = await StartAsync(
            Probing(AgentHealth.Degraded), new Dictionary<string, string?>(StringComparer.Ordinal) { ["Agents:PyTestExpert:Enabled"] = "false" });
        var conversation = new Conversation(platform);
        await conversation.GetAsync("/api/agents");
        await BeginHealthAsync(platform);
        await conversation.GetAsync("/api/agents");
        conversation.ShouldBeGolden("http-ListAgents");
    }

    [Fact]
    public async Task ProbeNow()
    {
        await using var platform = await StartAsync(Probing(AgentHealth.Healthy, AgentHealth.Degraded));
        var conversation = new Conversation(platform);
        await conversation.PostAsync("/api/health/probe", string.Empty);
        await BeginHealthAsync(platform);
        await conversation.PostAsync("/api/health/probe", string.Empty);
        await platform.SettleAsync();
        await conversation.GetAsync("/api/health");
        conversation.ShouldBeGolden("http-ProbeNow");
    }

    [Fact]
    public async Task GitHubWebhook()
    {
        await using var platform = await StartAsync(WaitForApproval);
        var conversation = new Conversation(platform);
        var opened = PullRequest("opened");
        await conversation.PostAsync("/api/github/webhook", opened, Delivery("pull_request", opened));
        await platform.SettleAsync();
        await conversation.PostAsync("/api/github/webhook", opened, Delivery("pull_request", opened));
        var closed = PullRequest("closed");
        await conversation.PostAsync("/api/github/webhook", closed, Delivery("pull_request", closed));
        var push = $$$"""{"ref":"refs/heads/main","after":"{{{ScriptedTools.HeadSha}}}",{{{Repository}}}}""";
        await conversation.PostAsync("/api/github/webhook", push, Delivery("push", push));
        var checks = $$$"""{"action":"rerequested","check_suite":{"pull_requests":[{"number":3},{"number":4}]},{{{Repository}}}}""";
        await conversation.PostAsync("/api/github/webhook", checks, Delivery("check_suite", checks));
        await conversation.PostAsync("/api/github/webhook", "{}", Delivery("ping", "{}"));
        await conversation.PostAsync("/api/github/webhook", "{}", Delivery("star", "{}"));
        await conversation.PostAsync("/api/github/webhook", "{}", Delivery("pull_request", "{}"));
        await conversation.PostAsync("/api/github/webhook", "{", Delivery("ping", "{"));
        await conversation.PostAsync("/api/github/webhook", "{}", Delivery("ping", "{}").Where(static header => header.Name is "X-Hub-Signature-256"));
        await conversation.PostAsync("/api/github/webhook", "{}");
        await conversation.PostAsync("/api/github/webhook", "{}", Delivery("ping", "{ }"));
        await platform.SettleAsync();
        conversation.ShouldBeGolden("http-GitHubWebhook");
    }

    [Fact]
    public async Task GitHubWebhook_without_a_secret()
    {
        await using var platform = await StartAsync(
            settings: new Dictionary<string, string?>(StringComparer.Ordinal) { ["GitHub:Webhook:Secret"] = null });
        var conversation = new Conversation(platform);
        await conversation.PostAsync("/api/github/webhook", "{}", Delivery("ping", "{}"));
        conversation.ShouldBeGolden("http-GitHubWebhook-without-secret");
    }

    [Fact]
    public void Every_function_has_answers_that_are_agreed()
    {
        var functions = from type in typeof(AgentMiddleware).Assembly.GetExportedTypes()
                        from method in type.GetMethods()
                        where method.GetParameters().Any(static parameter => parameter.IsDefined(typeof(HttpTriggerAttribute), inherit: true))
                        select method.GetCustomAttribute<FunctionAttribute>()!.Name;

        functions.Where(static name => !Golden.Exists($"http-{name}")).ShouldBeEmpty();
    }

    private static void WaitForApproval(ScriptedTools tools) => tools.Configuration = "merge: { automatic: true, approval: true }";

    private static Action<ScriptedTools> Probing(params IReadOnlyList<AgentHealth> rounds) => tools => tools.On(
        PlatformActivities.ProbeAgents,
        (_, call) => new ProbeRound(
            new Dictionary<string, AgentProbeResult>(StringComparer.Ordinal)
            {
                ["GitHubExpert"] = new(rounds[Math.Min(call, rounds.Count) - 1], "What the probe says: «é»."),
                ["DockerEngineClient"] = new(AgentHealth.NotConfigured, "Docker:Endpoint is not set."),
            },
            TimeSpan.FromHours(1)));

    private static async Task BeginAsync(IPlatformUnderTest platform)
    {
        using var response = await platform.SendAsync(HttpMethod.Post, "/api/pipelines", Start, Key);
        await platform.SettleAsync();
    }

    private static async Task ApproveAsync(IPlatformUnderTest platform)
    {
        using var response = await platform.SendAsync(HttpMethod.Post, $"{Run}/approvals/merge", """{"approved":true,"by":"mona"}""");
        await platform.SettleAsync();
    }

    private static async Task BeginHealthAsync(IPlatformUnderTest platform)
    {
        await platform.Client.ScheduleNewOrchestrationInstanceAsync(
            nameof(SystemHealthOrchestration), new StartOrchestrationOptions(SystemHealthOrchestration.InstanceId), Token);
        await platform.SettleAsync();
    }

    private static async Task KeepFindingsAsync(IPlatformUnderTest platform)
    {
        var found = FindingFingerprint.Assign(
        [
            new Finding
            {
                Kind = FindingKind.Code,
                Title = "SQL injection",
                Message = "Query text is put together from what a request brings.",
                Location = new FindingLocation("src/app.py", 7) { EndLine = 8 },
                Severity = FindingSeverity.High,
                Weaknesses = ["CWE-89"],
                Evidence = [new FindingEvidence("Bandit", "B608") { Help = new Uri("https://bandit.example/b608") }],
            },
            new Finding
            {
                Kind = FindingKind.Dependency,
                Title = "django 3.2: SQL injection in Trunc",
                Message = "django 3.2 is affected by PYSEC-2022-213.",
                Location = new FindingLocation("requirements.txt", 1),
                Severity = FindingSeverity.Critical,
                Score = 9.8,
                Vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
                Package = new VulnerablePackage("PyPI", "django", "3.2", "PYSEC-2022-213") { Aliases = ["CVE-2022-34265"], FixedVersion = "3.2.14" },
                Evidence = [new FindingEvidence("OSV", "PYSEC-2022-213")],
            },
        ]);
        ScannerState[] scanners = [new("Bandit", ScanOutcome.Checked, Reason: null), new("OSV", ScanOutcome.Checked, Reason: null), new("Trivy", ScanOutcome.NotChecked, "It is not installed.")];
        var begin = new DateTimeOffset(2025, 12, 1, 0, 0, 0, TimeSpan.Zero);
        var ledger = new FindingLedger(RepositoryName.Parse("octo/hello"), "refs/heads/main")
            .Record(new LedgerScan(ScriptedTools.HeadSha, begin, scanners), new ScanRecord(found, []), new FindingDeadlines())
            .Record(new LedgerScan(ScriptedTools.HeadSha, begin.AddDays(9), scanners), new ScanRecord([found[1]], []), new FindingDeadlines()) with
        {
            Sarif = "sarif/octo/hello/1",
            Inventory = "sbom/octo/hello/1",
        };
        var documents = platform.Services.GetRequiredService<IDocumentStore>();
        await documents.TryWriteAsync(LedgerKey.Of(ledger.Repository, ledger.Reference), JsonSerializer.SerializeToUtf8Bytes(ledger, JsonDefaults.Options), version: null, Token);
        await documents.TryWriteAsync(ledger.Sarif, """{"version":"2.1.0","runs":[]}"""u8.ToArray(), version: null, Token);
        await documents.TryWriteAsync(ledger.Inventory, """{"bomFormat":"CycloneDX","specVersion":"1.6"}"""u8.ToArray(), version: null, Token);
    }

    private static string PullRequest(string action) =>
        $$$"""{"action":"{{{action}}}","pull_request":{"number":12,"head":{"sha":"{{{ScriptedTools.HeadSha}}}"}},{{{Repository}}}}""";

    private static IEnumerable<(string Name, string Value)> Delivery(string eventName, string body) =>
    [
        ("X-GitHub-Event", eventName),
        ("X-GitHub-Delivery", "00000000-0000-0000-0000-000000000001"),
        ("X-Hub-Signature-256", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(PlatformSettings.WebhookSecret), Encoding.UTF8.GetBytes(body)))}"),
    ];
}

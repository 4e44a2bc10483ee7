using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Experts.PyTest;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Contracts.Tests.Harness;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Tests.Support;
using AtomicDevOps.Primitives.Agents;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Contracts.Tests;

/// <summary>
/// Inputs, outputs and custom statuses of all orchestrators, and inputs and outputs of the activities that they call, as the engine keeps them:
/// instances that were begun by one version of the platform are ended by another.
/// </summary>
public sealed class RunContractTests : ContractTest
{
    private const string RunId = "pipeline:octo:hello:12:k1";

    [Fact]
    public async Task A_run_that_waits_for_an_approval_and_merges()
    {
        await using var platform = await StartAsync(WaitForApproval);
        await BeginAsync(platform);
        var waiting = await InstancesAsync(platform);
        await AcceptedAsync(platform.SendAsync(
            HttpMethod.Post, $"/api/pipelines/{RunId}/approvals/merge", """{"approved":true,"by":"mona","comment":"Good"}"""));
        await platform.SettleAsync();
        JsonText.Object(("waiting", waiting), ("ended", await InstancesAsync(platform)), ("activities", await ActivitiesAsync(platform))).ShouldBeGolden("run-merged");
    }

    [Fact]
    public async Task A_run_that_is_rejected()
    {
        await using var platform = await StartAsync(WaitForApproval);
        await BeginAsync(platform);
        await AcceptedAsync(platform.SendAsync(HttpMethod.Post, $"/api/pipelines/{RunId}/approvals/merge", """{"approved":false,"by":"mona"}"""));
        await platform.SettleAsync();
        await ShouldEndAsAsync(platform, "run-rejected");
    }

    [Fact]
    public async Task A_run_that_fails()
    {
        await using var platform = await StartAsync(tools =>
        {
            tools.Configuration = "test: { coverage: 80 }";
            tools.On(PyTestExpert.RunTests, _ => ScriptedTools.Tests(
                PyTestOutcome.Failed, new PyTestFailure("test_app.py::test_hello", "test_app.py", 3, "assert «é» == \"e\" < 1", PyTestFailureKind.Assertion, "Say e.")) with
            {
                Coverage = new PyTestCoverage(0.7512, 0.5, [new FileCoverage("app.py", 0.7512, 4)]),
            });
        });
        await BeginAsync(platform);
        await ShouldEndAsAsync(platform, "run-failed");
    }

    [Fact]
    public async Task A_run_that_is_cancelled_at_its_gate()
    {
        await using var platform = await StartAsync(WaitForApproval);
        await BeginAsync(platform);
        await AcceptedAsync(platform.SendAsync(HttpMethod.Delete, $"/api/pipelines/{RunId}"));
        await platform.SettleAsync();
        await ShouldEndAsAsync(platform, "run-cancelled");
    }

    [Fact]
    public async Task A_run_whose_tools_break()
    {
        await using var platform = await StartAsync(static tools => tools.Broken(PyTestExpert.RunTests).Broken(GitHubExpert.PutComment));
        await BeginAsync(platform);
        await ShouldEndAsAsync(platform, "run-errored");
    }

    [Fact]
    public async Task A_run_that_is_refused()
    {
        await using var platform = await StartAsync(static tools => tools.Policy = tools.Policy with { RepositoryAllowed = false });
        await BeginAsync(platform);
        await ShouldEndAsAsync(platform, "run-refused");
    }

    [Fact]
    public async Task A_run_of_a_push()
    {
        await using var platform = await StartAsync(static tools => tools.Configuration = "branches: [main]");
        var body = $$$"""
            {"ref":"refs/heads/main","after":"{{{ScriptedTools.HeadSha}}}","repository":{"full_name":"octo/hello","default_branch":"main",
            "clone_url":"https://forge.example/octo/hello.git"},"sender":{"login":"mona"}}
            """;
        await DeliverAsync(platform, "push", body);
        await ShouldEndAsAsync(platform, "run-push");
    }

    [Fact]
    public async Task A_comment_that_approves()
    {
        await using var platform = await StartAsync(WaitForApproval);
        await BeginAsync(platform);
        await DeliverAsync(platform, "issue_comment", """
            {"action":"created","issue":{"number":12,"pull_request":{}},"comment":{"body":"/atomic approve","user":{"login":"ada"}},
            "repository":{"full_name":"octo/hello"},"sender":{"login":"ada"}}
            """);
        await ShouldEndAsAsync(platform, "run-command");
    }

    [Fact]
    public async Task A_run_that_an_operator_terminates()
    {
        await using var platform = await StartAsync(WaitForApproval);
        await BeginAsync(platform);
        await platform.Client.TerminateInstanceAsync(RunId, "Enough.", Token);
        await platform.SettleAsync();
        await ShouldEndAsAsync(platform, "run-terminated");
    }

    [Fact]
    public async Task Names_in_payloads_are_read_in_any_case()
    {
        await using var platform = await StartAsync(WaitForApproval);
        await BeginAsync(platform);
        var decision = new Dictionary<string, object>(StringComparer.Ordinal) { ["approved"] = true, ["BY"] = "mona" };
        await platform.Client.RaiseEventAsync($"{RunId}:dev", PipelineEvents.Approval("merge"), decision, Token);
        await platform.SettleAsync();
        var run = (await platform.InstancesAsync(RunId)).Single(static instance => instance.Name is nameof(MetaOrchestrator));
        run.ReadOutputAs<PipelineResult>()!.Verdict.ShouldBe(PipelineVerdict.Merged);
    }

    [Fact]
    public async Task The_health_of_the_platform()
    {
        var round = 0;
        await using var platform = await StartAsync(tools => tools.On(PlatformActivities.ProbeAgents, _ => new ProbeRound(
            new Dictionary<string, AgentProbeResult>(StringComparer.Ordinal)
            {
                ["GitHubExpert"] = new(AgentHealth.Healthy, "GitHub answers."),
                ["DockerExpert"] = new(++round > 1 ? AgentHealth.Unhealthy : AgentHealth.Degraded, "The engine is «away»."),
            },
            TimeSpan.FromMinutes(5))));
        await platform.Client.ScheduleNewOrchestrationInstanceAsync(
            nameof(SystemHealthOrchestration), new StartOrchestrationOptions(SystemHealthOrchestration.InstanceId), Token);
        await platform.SettleAsync();
        var first = await InstancesAsync(platform, SystemHealthOrchestration.InstanceId);
        await platform.Client.RaiseEventAsync(SystemHealthOrchestration.InstanceId, SystemHealthOrchestration.ProbeNow, cancellation: Token);
        await platform.SettleAsync();
        JsonText.Object(("firstRound", first), ("secondRound", await InstancesAsync(platform, SystemHealthOrchestration.InstanceId))).ShouldBeGolden("system-health");
    }

    private static void WaitForApproval(ScriptedTools tools) => tools.Configuration = "merge: { automatic: true, approval: true }";

    private static async Task BeginAsync(IPlatformUnderTest platform)
    {
        await AcceptedAsync(platform.SendAsync(
            HttpMethod.Post, "/api/pipelines", $$"""{"repository":"octo/hello","pullRequest":12,"headSha":"{{ScriptedTools.HeadSha}}"}""", ("Idempotency-Key", "k1")));
        await platform.SettleAsync();
    }

    private static async Task DeliverAsync(IPlatformUnderTest platform, string eventName, string body)
    {
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(PlatformSettings.WebhookSecret), Encoding.UTF8.GetBytes(body)));
        await AcceptedAsync(platform.SendAsync(
            HttpMethod.Post,
            "/api/github/webhook",
            body,
            ("X-GitHub-Event", eventName),
            ("X-GitHub-Delivery", "00000000-0000-0000-0000-000000000001"),
            ("X-Hub-Signature-256", $"sha256={signature}")));
        await platform.SettleAsync();
    }

    private static async Task AcceptedAsync(Task<HttpResponseMessage> sending)
    {
        using var response = await sending;
        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.Accepted, await response.Content.ReadAsStringAsync(Token));
    }

    private static async Task ShouldEndAsAsync(IPlatformUnderTest platform, string name) =>
        JsonText.Object(("ended", await InstancesAsync(platform)), ("activities", await ActivitiesAsync(platform))).ShouldBeGolden(name);

    private static async Task<JsonText> InstancesAsync(IPlatformUnderTest platform, string idPrefix = "pipeline:") =>
        JsonText.Array((await platform.InstancesAsync(idPrefix)).Select(static instance => JsonText.Object(
            ("id", JsonText.Of(instance.InstanceId)),
            ("orchestrator", JsonText.Of(instance.Name)),
            ("status", JsonText.Of(instance.RuntimeStatus.ToString())),
            ("input", JsonText.Payload(instance.SerializedInput)),
            ("customStatus", JsonText.Payload(instance.SerializedCustomStatus)),
            ("output", instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed ? null : JsonText.Payload(instance.SerializedOutput)),
            ("failure", Failure(instance.FailureDetails is { } failure ? (failure.ErrorType, failure.ErrorMessage) : null)))));

    /// <summary>Those that run side by side end in any order.</summary>
    private static async Task<JsonText> ActivitiesAsync(IPlatformUnderTest platform) =>
        JsonText.Array(platform.ActivitiesOf([.. (await platform.InstancesAsync("pipeline:")).Select(static instance => instance.InstanceId)])
            .OrderBy(static activity => activity.InstanceId, StringComparer.Ordinal)
            .ThenBy(static activity => activity.Name, StringComparer.Ordinal)
            .ThenBy(static activity => activity.Input, StringComparer.Ordinal)
            .Select(static activity => JsonText.Object(
                ("instance", JsonText.Of(activity.InstanceId)),
                ("activity", JsonText.Of(activity.Name)),
                ("input", JsonText.Payload(activity.Input)),
                ("output", activity.Failure is null ? JsonText.Payload(activity.Output) : null),
                ("failure", Failure(activity.Failure)))));

    private static JsonText? Failure((string Type, string Message)? failure) =>
        failure is var (type, message) ? JsonText.Object(("type", JsonText.Of(type)), ("message", JsonText.Of(message))) : null;
}

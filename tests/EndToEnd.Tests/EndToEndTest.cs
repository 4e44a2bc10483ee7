using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>Shows the end of the platform's log where a test fails.</summary>
public abstract class EndToEndTest : IDisposable
{
    private const int ShownLines = 80;

    private Installation? _installation;

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The problem details of an answer, after its status and content type are as they should be.</summary>
    protected static async Task<string> ProblemAsync(HttpResponseMessage answer, HttpStatusCode status)
    {
        var body = await answer.Content.ReadAsStringAsync(Cancelled);
        answer.StatusCode.ShouldBe(status, body);
        answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        var problem = JsonNode.Parse(body)!;
        problem["status"]!.GetValue<int>().ShouldBe((int)status);
        return problem["detail"]!.GetValue<string>();
    }

    /// <summary>Nothing of the run is in the engine, and the platform finds all of its agents well.</summary>
    protected static async Task ShouldLeaveNothingAsync(Installation installation, PipelineRun run)
    {
        (await installation.Engine.LeftoversAsync(run.Id)).ShouldBeEmpty();
        await ShouldBeHealthyAsync(installation);
    }

    /// <summary>A round of probes that begins from now on finds every agent well, once no other test keeps the forge from answering.</summary>
    protected static async Task ShouldBeHealthyAsync(Installation installation) =>
        await Eventually.ReadAsync(
            () => ProbeAsync(installation), seen => seen["health"]!.GetValue<string>() is "Healthy", "a round of probes that finds every agent well");

    protected Installation Use(Installation installation) => _installation = installation;

    protected virtual void Dispose(bool disposing)
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed && _installation is { } installation)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"The platform's log ends with:\n{installation.Platform.Log(ShownLines)}");
        }
    }

    private static async Task<JsonNode> ProbeAsync(Installation installation)
    {
        var before = (await HealthAsync(installation))["round"]!.GetValue<long>();
        using var asked = await installation.Client.Http.PostAsync("api/health/probe", content: null, Cancelled);
        asked.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        return await Eventually.ReadAsync(() => HealthAsync(installation), seen => seen["round"]!.GetValue<long>() > before, "the next round of probes");
    }

    private static async Task<JsonNode> HealthAsync(Installation installation)
    {
        using var answer = await installation.Client.Anonymous.GetAsync("api/health", Cancelled);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancelled))!;
    }
}

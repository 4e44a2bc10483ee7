using System.Net;
using AtomicDevOps.FunctionApp.Findings;
using AtomicDevOps.FunctionApp.Tests.Support;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Orchestrations.Pipelines;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomicDevOps.FunctionApp.Tests.Findings;

public sealed class SweepTriggersTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sweep_that_is_asked_for_twice_with_one_key_is_one_run()
    {
        await using var app = await TestApp.StartAsync();
        var ids = new List<string?>();
        for (var i = 0; i < 2; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/findings/octo/hello/sweeps?branch=release%2F1");
            request.Headers.Add("Idempotency-Key", "once");
            ids.Add((await app.Client.SendAsync(request, Token).JsonAsync(HttpStatusCode.Accepted)).GetProperty("id").GetString());
        }

        ids.Distinct().ShouldHaveSingleItem().ShouldBe("pipeline:octo:hello:sweep:once");
        var run = (await app.Durable.GetInstanceAsync(ids[0]!, getInputsAndOutputs: true, Token)).ShouldNotBeNull();
        var work = run.ReadInputAs<WorkItem>().ShouldNotBeNull();
        (work.Kind, work.Branch, work.RequestedBy).ShouldBe((WorkKind.Sweep, "release/1", "api"));
    }

    [Theory]
    [InlineData("/api/findings/-/hello/sweeps", "owner/name")]
    [InlineData("/api/findings/octo/hello/sweeps?branch=a%0Ab", "branch")]
    public async Task What_cannot_be_swept_is_refused_with_what_would_be_right(string address, string right)
    {
        await using var app = await TestApp.StartAsync();
        var problem = await app.Client.PostAsync(address, content: null, Token).JsonAsync(HttpStatusCode.BadRequest);
        problem.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain(right);
        (await app.Anonymous.PostAsync(address, content: null, Token)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task The_hourly_round_is_one_however_often_the_timer_fires()
    {
        await using var app = await TestApp.StartAsync();
        var triggers = new SweepTriggers(NullLogger<SweepTriggers>.Instance);
        await triggers.WatchFindings(new TimerInfo(), app.Durable, Token);
        await triggers.WatchFindings(new TimerInfo(), app.Durable, Token);
        var round = (await app.Durable.WaitForInstanceCompletionAsync(MetaOrchestrator.WatchInstanceId, getInputsAndOutputs: true, Token)).ShouldNotBeNull();
        round.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, round.FailureDetails?.ErrorMessage);
        round.ReadOutputAs<WatchRound>().ShouldNotBeNull().Started.ShouldBeEmpty();
    }
}

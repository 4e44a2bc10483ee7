using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

public sealed class PayloadLimitTests
{
    private const int Limit = 1000;

    private static readonly string TooLong = new('x', Limit);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_payload_of_exactly_the_limit_passes()
    {
        await using var host = await StartAsync();
        var fits = new string('x', Limit - 2);

        (await host.RunAsync("Echoes", fits)).Output<string>().ShouldBe(fits);
    }

    [Fact]
    public async Task An_input_and_an_event_over_the_limit_fail_the_call_that_brings_them()
    {
        await using var host = await StartAsync();
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token);

        Told(await Should.ThrowAsync<PayloadException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("Echoes", TooLong, cancellation: Token)))
            .ShouldContain("the input of orchestration 'Echoes'");
        Told(await Should.ThrowAsync<PayloadException>(() => host.Client.RaiseEventAsync(id, "go", TooLong, Token))).ShouldContain("event 'go'");
    }

    [Theory]
    [InlineData("input", "the input of activity 'Echo'")]
    [InlineData("result", "the result of activity 'Long'")]
    [InlineData("child", "the input of orchestration 'Echoes'")]
    [InlineData("event", "event 'go'")]
    [InlineData("status", "the custom status")]
    [InlineData("next", "the new input")]
    [InlineData("output", "the output of Orchestration 'Calls'")]
    public async Task What_an_orchestrator_makes_too_long_fails_where_it_is_made(string what, string told)
    {
        await using var host = await StartAsync();

        var instance = await host.RunAsync("Calls", what);

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.ErrorMessage.ShouldContain(told);
        instance.FailureDetails.ErrorMessage.ShouldContain(instance.InstanceId);
        instance.FailureDetails.ErrorMessage.ShouldContain("it takes 1002 bytes, and a payload may take 1000 (MaxPayloadBytes)");
    }

    [Fact]
    public async Task An_orchestrator_can_catch_the_failure_of_an_activity_with_too_long_a_result()
    {
        await using var host = await StartAsync();

        (await host.RunAsync("Catches")).Output<string>().ShouldBe("PayloadException");
    }

    private static string Told(PayloadException exception)
    {
        exception.Message.ShouldContain("it takes 1002 bytes, and a payload may take 1000 (MaxPayloadBytes)");
        exception.Message.ShouldContain("pass a reference");
        return exception.Message;
    }

    private static Task<DurableTestHost> StartAsync() => DurableTestHost.StartAsync(
        functions => functions
            .AddActivity("Echo", (string value) => value)
            .AddActivity("Long", (object? _) => TooLong)
            .AddOrchestrator("Echoes", async context => await context.CallActivityAsync<string>("Echo", context.GetInput<string>()))
            .AddOrchestrator("Waits", async context => await context.WaitForExternalEvent<string>("go"))
            .AddOrchestrator("Catches", async context =>
            {
                try
                {
                    return await context.CallActivityAsync<string>("Long");
                }
                catch (TaskFailedException exception) when (exception.FailureDetails.IsCausedBy<PayloadException>())
                {
                    return nameof(PayloadException);
                }
            })
            .AddOrchestrator("Calls", async context =>
            {
                switch (context.GetInput<string>())
                {
                    case "input":
                        return await context.CallActivityAsync<string>("Echo", TooLong);
                    case "result":
                        return await context.CallActivityAsync<string>("Long");
                    case "child":
                        return await context.CallSubOrchestratorAsync<string>("Echoes", TooLong);
                    case "event":
                        context.SendEvent("other", "go", TooLong);
                        return null;
                    case "status":
                        context.SetCustomStatus(TooLong);
                        return null;
                    case "next":
                        context.ContinueAsNew(TooLong);
                        return null;
                    default:
                        return TooLong;
                }
            }),
        configure: options => options.MaxPayloadBytes = Limit);
}

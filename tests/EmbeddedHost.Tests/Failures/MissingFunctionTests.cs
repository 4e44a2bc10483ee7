using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

public sealed class MissingFunctionTests : IDisposable
{
    private readonly FunctionsTestHost.LogCollector _logs = new();
    private bool _isDeployed = true;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _logs.Dispose();

    [Fact]
    public async Task An_instance_whose_orchestrator_is_gone_keeps_what_comes_and_goes_on_when_it_is_back()
    {
        await using var host = await StartAsync();
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Gathers", new StartOrchestrationOptions("old"), Token);
        await host.Engine.Work.WhenIdleAsync();

        _isDeployed = false;
        await host.RestartAsync();
        await host.Client.RaiseEventAsync("old", "go", "event", Token);
        await host.RunUntilIdleAsync(Token);
        var waiting = await host.ReadAsync("old");
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);
        _isDeployed = true;
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        waiting.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Running);
        (await host.ReadAsync("old")).Output<string>().ShouldBe("event activity timer");
        _logs.With("There is no orchestrator 'Gathers': 1 instances that it has begun wait, such as 'old'").Count.ShouldBe(2);
    }

    [Fact]
    public async Task Meanwhile_it_can_be_terminated()
    {
        await using var host = await StartAsync();
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Gathers", new StartOrchestrationOptions("old"), Token);
        await host.Engine.Work.WhenIdleAsync();
        _isDeployed = false;
        await host.RestartAsync();
        await host.Client.RaiseEventAsync("old", "go", "event", Token);

        await host.Client.TerminateInstanceAsync("old", "no longer needed", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("old")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Terminated);
    }

    private Task<DurableTestHost> StartAsync() => DurableTestHost.StartAsync(
        functions =>
        {
            functions.AddActivity("Echo", (string value) => value);
            if (_isDeployed)
            {
                functions.AddOrchestrator("Gathers", async context =>
                {
                    var activity = context.CallActivityAsync<string>("Echo", "activity");
                    var timer = context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    var raised = await context.WaitForExternalEvent<string>("go");
                    await timer;
                    return $"{raised} {await activity} timer";
                });
            }
        },
        services => services.CollectIn(_logs));
}

using AtomicDevOps.EmbeddedHost.Testing;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class EventOrderTests
{
    private const int Events = 400;
    private const int EventsPerExecution = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_raised_one_after_another_come_in_that_order_across_continue_as_new()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddActivity("Pass", (int value) => value)
            .AddOrchestrator("Collect", async context =>
            {
                var seen = context.GetInput<List<int>>()!;
                for (var i = 0; i < EventsPerExecution; i++)
                {
                    seen.Add(await context.WaitForExternalEvent<int>("item"));
                    await context.CallActivityAsync<int>("Pass", seen[^1]);
                    if (seen.Count == Events)
                    {
                        return seen;
                    }
                }

                context.ContinueAsNew(seen);
                return null;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Collect", new List<int>(), Token);
        for (var i = 0; i < Events; i++)
        {
            await host.Client.RaiseEventAsync(id, "item", i, Token);
        }

        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<List<int>>().ShouldBe(Enumerable.Range(0, Events));
    }
}

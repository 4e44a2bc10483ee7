using AtomicDevOps.EmbeddedHost.Testing;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class TimerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_timer_between_two_milliseconds_fires_at_its_time()
    {
        var wait = TimeSpan.FromTicks((TimeSpan.TicksPerHour * 7) + 1234);
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Precise", async context =>
            {
                var start = context.CurrentUtcDateTime;
                await context.CreateTimer(start + wait, CancellationToken.None);
                return context.CurrentUtcDateTime - start;
            }));

        (await host.RunAsync("Precise")).Output<TimeSpan>().ShouldBe(wait);
    }

    [Fact]
    public async Task A_canceled_timer_is_no_longer_due()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Cancels", async context =>
            {
                using var source = new CancellationTokenSource();
                var timer = context.CreateTimer(TimeSpan.FromDays(365), source.Token);
                Cancel(source);
                await Task.WhenAny(timer);
                return await context.WaitForExternalEvent<int>("go");
            }));

        await host.RunAsync("Cancels");

        host.Engine.NextDue.ShouldBeNull();
    }

    private static void Cancel(CancellationTokenSource source) => source.Cancel();
}

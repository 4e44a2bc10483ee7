using System.Globalization;
using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Conformance.Tests.Entities;

public sealed class SignalTests : ConformanceTest
{
    private static readonly EntityInstanceId Lines = new(nameof(Log), "lines");

    [Fact]
    public async Task A_clients_signals_run_in_the_order_in_which_they_were_sent()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Log>());

        for (var i = 0; i < 50; i++)
        {
            await host.SignalAsync("Log", "lines", "append", i.ToString(CultureInfo.InvariantCulture));
        }

        await host.SettleAsync();
        (await host.StateAsync<List<string>>("Log", "lines")).ShouldBe(Enumerable.Range(0, 50).Select(i => i.ToString(CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Signals_and_calls_of_one_orchestration_run_in_the_order_of_the_code()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Log>().AddOrchestrator("Sends", async context =>
        {
            await context.Entities.SignalEntityAsync(Lines, "append", "1");
            await context.Entities.SignalEntityAsync(Lines, "append", "2");
            await context.Entities.CallEntityAsync(Lines, "append", "3");
            await context.Entities.SignalEntityAsync(Lines, "append", "4");
            return 0;
        }));

        await host.RunAsync("Sends");

        (await host.StateAsync<List<string>>("Log", "lines")).ShouldBe(["1", "2", "3", "4"]);
    }

    [Fact]
    public async Task Each_of_many_senders_keeps_its_own_order()
    {
        const int Senders = 10;
        const int Each = 20;
        await using var host = await StartAsync(tasks => tasks.AddEntity<Log>().AddOrchestrator<int, int>("Sends", async (context, sender) =>
        {
            for (var i = 0; i < Each; i++)
            {
                await context.Entities.SignalEntityAsync(Lines, "append", $"{sender}:{i}");
                if (i % 5 == 0)
                {
                    await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
                }
            }

            return 0;
        }));

        await Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => host.BeginAsync("Sends", sender)));
        await host.SettleAsync();

        var lines = await host.StateAsync<List<string>>("Log", "lines");
        lines.Count.ShouldBe(Senders * Each);
        for (var sender = 0; sender < Senders; sender++)
        {
            lines.Where(line => line.StartsWith($"{sender}:", StringComparison.Ordinal))
                .ShouldBe(Enumerable.Range(0, Each).Select(i => $"{sender}:{i}"));
        }
    }

    [Fact]
    public async Task A_signal_with_a_time_runs_then_and_does_not_hold_up_others()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Log>());
        var later = new SignalEntityOptions { SignalTime = host.Now.AddHours(2) };
        var soon = new SignalEntityOptions { SignalTime = host.Now.AddHours(1) };

        await host.SignalAsync("Log", "lines", "append", "in two hours", later);
        await host.SignalAsync("Log", "lines", "append", "in one hour", soon);
        await host.SignalAsync("Log", "lines", "append", "now");

        await host.PassAsync(TimeSpan.FromMinutes(59));
        (await host.StateAsync<List<string>>("Log", "lines")).ShouldBe(["now"]);
        await host.PassAsync(TimeSpan.FromMinutes(2));
        (await host.StateAsync<List<string>>("Log", "lines")).ShouldBe(["now", "in one hour"]);
        await host.SettleAsync();
        (await host.StateAsync<List<string>>("Log", "lines")).ShouldBe(["now", "in one hour", "in two hours"]);
    }

    [Fact]
    public async Task A_signal_with_a_time_survives_a_restart()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Log>());
        await host.SignalAsync("Log", "lines", "append", "later", new SignalEntityOptions { SignalTime = host.Now.AddDays(40) });
        await host.PassAsync(TimeSpan.FromDays(39));

        await host.RestartAsync();
        await host.PassAsync(TimeSpan.FromHours(23));
        (await host.Client.Entities.GetEntityAsync(Lines, cancellation: Token)).ShouldBeNull();
        await host.PassAsync(TimeSpan.FromHours(2));

        (await host.StateAsync<List<string>>("Log", "lines")).ShouldBe(["later"]);
    }

    [Fact]
    public async Task An_orchestration_signals_for_later()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Log>().AddOrchestrator("Sends", async context =>
        {
            await context.Entities.SignalEntityAsync(
                Lines, "append", "later", new SignalEntityOptions { SignalTime = new DateTimeOffset(context.CurrentUtcDateTime).AddDays(1) });
            await context.Entities.SignalEntityAsync(Lines, "append", "now");
            return 0;
        }));
        await host.BeginAsync("Sends");

        await host.PassAsync(TimeSpan.FromHours(23));
        (await host.StateAsync<List<string>>("Log", "lines")).ShouldBe(["now"]);
        await host.PassAsync(TimeSpan.FromHours(2));
        (await host.StateAsync<List<string>>("Log", "lines")).ShouldBe(["now", "later"]);
    }

    [Fact]
    public async Task Entities_signal_each_other_now_and_later()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>());

        await host.SignalAsync("Counter", "a", "add", 5);
        await host.SignalAsync("Counter", "a", "pass", "b");
        await host.SignalAsync("Counter", "b", "addThere", "c");
        await host.PassAsync(TimeSpan.FromHours(1));

        (await host.StateAsync<int>("Counter", "b")).ShouldBe(6);
        (await host.Client.Entities.GetEntityAsync(new EntityInstanceId("Counter", "c"), cancellation: Token)).ShouldBeNull();
        await host.SettleAsync();
        (await host.StateAsync<int>("Counter", "c")).ShouldBe(10);
    }

    [Fact]
    public async Task A_signal_whose_operation_fails_is_gone_and_the_next_ones_run()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddEntity<Log>());

        await host.SignalAsync("Counter", "a", "add", 1);
        await host.SignalAsync("Counter", "a", "fail", 50);
        await host.SignalAsync("Counter", "a", "nothing of that name");
        await host.SignalAsync("Counter", "a", "add", 2);
        await host.SettleAsync();

        (await host.StateAsync<int>("Counter", "a")).ShouldBe(3);
    }
}

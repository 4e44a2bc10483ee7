using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

/// <summary>What a turn decides and consumes is one row of the database, which has a largest size.</summary>
public sealed class TurnLimitTests
{
    private const int Limit = 20_000;
    private const int Kilobyte = 1_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_turn_that_decides_more_than_a_row_holds_fails_its_instance_with_its_size_and_the_cure()
    {
        using var logs = new FunctionsTestHost.LogCollector();
        await using var host = await StartAsync(logs);
        var good = await host.Client.ScheduleNewOrchestrationInstanceAsync("Receives", 1, Token);

        var instance = await host.RunAsync("FansOut", 30);
        await host.Client.RaiseEventAsync(good, "part", "x", Token);
        await host.RunUntilIdleAsync(Token);

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.IsCausedBy<TurnTooLargeException>().ShouldBeTrue();
        instance.FailureDetails.ErrorMessage.ShouldContain($"A turn of orchestration 'FansOut', instance '{instance.InstanceId}', takes 30");
        instance.FailureDetails.ErrorMessage.ShouldContain("bytes, and one may take 19872");
        instance.FailureDetails.ErrorMessage.ShouldContain("fewer tasks before it awaits");
        (await host.ReadAsync(good)).Output<string>().ShouldBe("x");
        logs.With("is taken again").ShouldBeEmpty();
    }

    [Fact]
    public async Task The_tasks_of_a_turn_that_is_too_large_do_not_run()
    {
        var runs = 0;
        await using var host = await StartAsync(onRun: () => Interlocked.Increment(ref runs));

        await host.RunAsync("FansOut", 30);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        runs.ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_came_at_once_and_is_more_than_a_row_holds_is_taken_in_several_turns_in_its_order(bool restarts)
    {
        const int Parts = 50;
        await using var host = await StartAsync();
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(
            "Receives", Parts, new StartOrchestrationOptions(StartAt: host.Time.GetUtcNow().AddHours(1)), Token);
        var parts = Enumerable.Range(0, Parts).Select(number => number.ToString(CultureInfo.InvariantCulture).PadLeft(Kilobyte, '.')).ToList();
        foreach (var part in parts)
        {
            await host.Client.RaiseEventAsync(id, "part", part, Token);
        }

        if (restarts)
        {
            await host.RestartAsync();
        }

        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe(string.Concat(parts.Select(part => part.TrimStart('.'))));
        host.Engine.Store.PendingMessages().ShouldBeEmpty();
    }

    [Fact]
    public async Task At_every_size_around_the_limit_a_turn_is_either_stored_or_fails_its_instance()
    {
        await using var host = await StartAsync();
        var ids = new List<string>();
        for (var length = Limit - 300; length <= Limit; length++)
        {
            ids.Add(await host.Client.ScheduleNewOrchestrationInstanceAsync("Passes", length, Token));
        }

        await host.RunUntilIdleAsync(Token);

        var completed = new List<bool>();
        foreach (var id in ids)
        {
            var instance = await host.ReadAsync(id);
            completed.Add(instance.RuntimeStatus is OrchestrationRuntimeStatus.Completed);
            (completed[^1] || instance.FailureDetails!.IsCausedBy<TurnTooLargeException>()).ShouldBeTrue($"{instance}");
        }

        completed.ShouldBe(completed.OrderDescending());
        completed[0].ShouldBeTrue();
        completed[^1].ShouldBeFalse();
    }

    [Fact]
    public async Task An_instance_that_failed_by_a_turn_too_large_goes_on_by_a_rewind_with_code_that_does_less()
    {
        var width = 30;
        await using var host = await StartAsync(width: () => width);
        var id = (await host.RunAsync("FansOut", 0)).InstanceId;

        width = 3;
        await host.Client.RewindInstanceAsync(id, "the code does less", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<int>().ShouldBe(3);
    }

    private static Task<DurableTestHost> StartAsync(FunctionsTestHost.LogCollector? logs = null, Action? onRun = null, Func<int>? width = null) => DurableTestHost.StartAsync(
        functions => functions
            .AddActivity("Length", (string value) =>
            {
                onRun?.Invoke();
                return value.Length;
            })
            .AddOrchestrator("Passes", async context => await context.CallActivityAsync<int>("Length", new string('x', context.GetInput<int>())))
            .AddOrchestrator("FansOut", async context =>
            {
                var lengths = await Task.WhenAll(
                    Enumerable.Range(0, width?.Invoke() ?? context.GetInput<int>())
                        .Select(_ => context.CallActivityAsync<int>("Length", new string('x', Kilobyte))));
                return lengths.Length;
            })
            .AddOrchestrator("Receives", async context =>
            {
                var received = string.Empty;
                for (var parts = context.GetInput<int>(); parts > 0; parts--)
                {
                    received += (await context.WaitForExternalEvent<string>("part")).TrimStart('.');
                }

                return received;
            }),
        services =>
        {
            if (logs is not null)
            {
                services.CollectIn(logs);
            }
        },
        options => options.MaxRowBytes = Limit);
}

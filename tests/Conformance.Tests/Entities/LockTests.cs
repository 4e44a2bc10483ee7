using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Conformance.Tests.Entities;

public sealed class LockTests : ConformanceTest
{
    private static readonly EntityInstanceId A = new(nameof(Account), "a");
    private static readonly EntityInstanceId B = new(nameof(Account), "b");

    [Fact]
    public async Task Transfers_at_the_same_time_keep_the_sum_and_no_account_owes()
    {
        const int Transfers = 60;
        await using var host = await StartAsync(tasks => tasks.AddEntity<Account>().AddOrchestrator<Transfer, bool>("Transfer", TransferAsync));
        var accounts = Enumerable.Range(0, 4).Select(number => $"{number}").ToList();
        foreach (var account in accounts)
        {
            await host.SignalAsync("Account", account, "deposit", 100);
        }

        var random = new Random(7);
        var ids = await Task.WhenAll(Enumerable.Range(0, Transfers).Select(_ =>
        {
            var from = random.Next(4);
            return host.BeginAsync("Transfer", new Transfer(accounts[from], accounts[(from + 1 + random.Next(3)) % 4], random.Next(1, 80)));
        }));
        await host.SettleAsync();

        foreach (var id in ids)
        {
            (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed);
        }

        var balances = await Task.WhenAll(accounts.Select(account => host.StateAsync<int>("Account", account)));
        balances.Sum().ShouldBe(400);
        balances.ShouldAllBe(balance => balance >= 0);
        await ShouldBeUnlockedAsync(host, accounts);
    }

    [Fact]
    public async Task While_an_entity_is_locked_others_wait_and_the_owner_is_served()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddEntity<Log>()
            .AddOrchestrator("Holds", async context =>
            {
                var log = new EntityInstanceId(nameof(Log), "x");
                await using (await context.Entities.LockEntitiesAsync(log))
                {
                    await context.Entities.CallEntityAsync(log, "append", "owner 1");
                    await context.WaitForExternalEvent<bool>("go");
                    await context.Entities.CallEntityAsync(log, "append", "owner 2");
                }

                return 0;
            }));
        var holder = await host.BeginAsync("Holds");
        await host.SettleAsync();

        await host.SignalAsync("Log", "x", "append", "client");
        await host.SettleAsync();
        var locked = (await host.Client.Entities.GetEntityAsync<List<string>>(new EntityInstanceId("Log", "x"), cancellation: Token))!;
        locked.State.ShouldBe(["owner 1"]);
        locked.LockedBy.ShouldBe(holder);
        locked.BacklogQueueSize.ShouldBe(1);

        await host.RestartAsync();
        await host.Client.RaiseEventAsync(holder, "go", true, Token);
        await host.SettleAsync();

        (await host.StateAsync<List<string>>("Log", "x")).ShouldBe(["owner 1", "owner 2", "client"]);
        (await host.Client.Entities.GetEntityAsync(new EntityInstanceId("Log", "x"), cancellation: Token))!.LockedBy.ShouldBeNull();
    }

    [Theory]
    [InlineData("fail")]
    [InlineData("complete")]
    [InlineData("continue")]
    [InlineData("terminate")]
    [InlineData("replace")]
    public async Task Locks_end_with_the_execution_that_holds_them(string end)
    {
        if (end is "continue")
        {
            Requires(HostFeature.MessagesOfContinueAsNew);
        }
        else if (end is "terminate" or "replace")
        {
            Requires(HostFeature.LocksEndWithTermination);
        }

        await using var host = await StartHoldingAsync();
        await host.BeginAsync("Holds", end, "holder");
        await host.SettleAsync();
        (await host.Client.Entities.GetEntityAsync(A, cancellation: Token))!.LockedBy.ShouldBe("holder");

        await EndAsync(host, end);
        await host.SettleAsync();

        await ShouldBeUnlockedAsync(host, ["a", "b"]);
        (await host.RunAsync("Transfer", new Transfer("a", "b", 10))).Output<bool>().ShouldBeTrue();
    }

    [Theory]
    [InlineData("terminate")]
    [InlineData("replace")]
    public async Task A_request_for_locks_ends_with_the_execution_that_waits_for_them(string end)
    {
        Requires(HostFeature.LocksEndWithTermination);
        await using var host = await StartHoldingAsync();
        await host.BeginAsync("Holds", "complete", "first");
        await host.SettleAsync();
        await host.BeginAsync("Holds", end, "holder");
        await host.SettleAsync();

        await EndAsync(host, end);
        await host.SettleAsync();
        await host.Client.RaiseEventAsync("first", "end", true, Token);
        await host.SettleAsync();

        await ShouldBeUnlockedAsync(host, ["a", "b"]);
        (await host.RunAsync("Transfer", new Transfer("a", "b", 10))).Output<bool>().ShouldBeTrue();
    }

    [Fact]
    public async Task Two_sections_that_lock_the_same_entities_in_other_orders_do_not_wait_for_each_other()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Account>().AddOrchestrator<bool, int>("Locks", async (context, isReversed) =>
        {
            for (var round = 0; round < 5; round++)
            {
                await using (await context.Entities.LockEntitiesAsync(isReversed ? [B, A] : [A, B]))
                {
                    await context.Entities.CallEntityAsync(A, "deposit", 1);
                    await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
                    await context.Entities.CallEntityAsync(B, "deposit", 1);
                }
            }

            return 0;
        }));

        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => host.BeginAsync("Locks", i % 2 == 0)));
        await host.SettleAsync();

        foreach (var id in ids)
        {
            (await host.ReadAsync(id)).Output<int>();
        }

        (await host.StateAsync<int>("Account", "a")).ShouldBe(50);
        (await host.StateAsync<int>("Account", "b")).ShouldBe(50);
    }

    [Theory]
    [InlineData("call another")]
    [InlineData("signal a locked one")]
    [InlineData("lock again")]
    [InlineData("call twice at once")]
    [InlineData("sub-orchestration")]
    public async Task What_could_wait_for_itself_is_refused_inside_a_critical_section(string what)
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Account>().AddOrchestrator<string, string>("Breaks", async (context, rule) =>
        {
            await using (await context.Entities.LockEntitiesAsync(A))
            {
                try
                {
                    switch (rule)
                    {
                        case "call another":
                            await context.Entities.CallEntityAsync(B, "balance");
                            break;
                        case "signal a locked one":
                            await context.Entities.SignalEntityAsync(A, "deposit", 1);
                            break;
                        case "lock again":
                            await context.Entities.LockEntitiesAsync(B);
                            break;
                        case "call twice at once":
                            await Task.WhenAll(context.Entities.CallEntityAsync(A, "balance"), context.Entities.CallEntityAsync(A, "balance"));
                            break;
                        default:
                            await context.CallSubOrchestratorAsync("Breaks");
                            break;
                    }

                    return "taken";
                }
                catch (InvalidOperationException)
                {
                    return "refused";
                }
            }
        }));

        (await host.RunAsync("Breaks", what)).Output<string>().ShouldBe("refused");
        (await host.RunAsync("Breaks", what)).Output<string>().ShouldBe("refused", "the lock was given back");
    }

    [Fact]
    public async Task Inside_a_section_other_entities_may_be_signaled_and_activities_and_timers_used()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddEntity<Account>()
            .AddActivity<int, int>("Double", value => value * 2)
            .AddOrchestrator("Uses", async context =>
            {
                bool inside;
                await using (await context.Entities.LockEntitiesAsync(A))
                {
                    await context.Entities.SignalEntityAsync(B, "deposit", await context.CallActivityAsync<int>("Double", 21));
                    await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                    inside = context.Entities.InCriticalSection(out var locked) && locked.SequenceEqual([A]);
                }

                return inside && !context.Entities.InCriticalSection();
            }));

        (await host.RunAsync("Uses")).Output<bool>().ShouldBeTrue();
        (await host.StateAsync<int>("Account", "b")).ShouldBe(42);
    }

    private static async Task EndAsync(IDurableHost host, string end)
    {
        switch (end)
        {
            case "terminate":
                await host.Client.TerminateInstanceAsync("holder", Token);
                break;
            case "replace":
                var options = new StartOrchestrationOptions("holder").WithDedupeStatuses();
                await host.Client.ScheduleNewOrchestrationInstanceAsync("Idle", null, options, Token);
                break;
            default:
                await host.Client.RaiseEventAsync("holder", "end", true, Token);
                break;
        }
    }

    private static async Task<IDurableHost> StartHoldingAsync()
    {
        var host = await StartAsync(tasks => tasks
            .AddEntity<Account>()
            .AddOrchestrator<Transfer, bool>("Transfer", TransferAsync)
            .AddOrchestrator("Idle", _ => Task.FromResult(0))
            .AddOrchestrator<string, int>("Holds", async (context, end) =>
            {
                if (string.Equals(end, "continued", StringComparison.Ordinal))
                {
                    return 0;
                }

                await context.Entities.LockEntitiesAsync(A, B);
                await context.WaitForExternalEvent<bool>("end");
                switch (end)
                {
                    case "fail":
                        throw new InvalidOperationException("failed inside of the section");
                    case "continue":
                        context.ContinueAsNew("continued");
                        return 0;
                    default:
                        return 0;
                }
            }));
        await host.SignalAsync("Account", "a", "deposit", 100);
        await host.SignalAsync("Account", "b", "deposit", 100);
        return host;
    }

    private static async Task<bool> TransferAsync(TaskOrchestrationContext context, Transfer transfer)
    {
        var from = new EntityInstanceId(nameof(Account), transfer.From);
        var to = new EntityInstanceId(nameof(Account), transfer.To);
        await using (await context.Entities.LockEntitiesAsync(from, to))
        {
            if (await context.Entities.CallEntityAsync<int>(from, "balance") < transfer.Amount)
            {
                return false;
            }

            await Task.WhenAll(
                context.Entities.CallEntityAsync(from, "withdraw", transfer.Amount), context.Entities.CallEntityAsync(to, "deposit", transfer.Amount));
            return true;
        }
    }

    private static async Task ShouldBeUnlockedAsync(IDurableHost host, IEnumerable<string> accounts)
    {
        foreach (var account in accounts)
        {
            var id = new EntityInstanceId("Account", account);
            EntityMetadata<int> entity = (await host.Client.Entities.GetEntityAsync<int>(id, cancellation: Token)).ShouldNotBeNull();
            entity.LockedBy.ShouldBeNull($"the lock of {id}");
            entity.BacklogQueueSize.ShouldBe(0, $"the backlog of {id}");
        }
    }

    private sealed record Transfer(string From, string To, int Amount);
}

using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

public sealed class RewindTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private bool _isBroken = true;

    private readonly List<string> _runs = [];

    [Fact]
    public async Task What_failed_runs_again_and_what_succeeded_keeps_its_result()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddOrchestrator("Three", static async context => string.Concat(await Task.WhenAll(
                context.CallActivityAsync<string>("Work", "a"),
                context.CallActivityAsync<string>("Break", "b"),
                context.CallActivityAsync<string>("Break", "c")))));
        var failed = await host.RunAsync("Three");
        failed.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("abc");
        _runs.Order(StringComparer.Ordinal).ShouldBe(["a", "b", "b", "c", "c"]);
    }

    [Fact]
    public async Task Only_the_last_attempt_of_a_retried_activity_runs_again()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddOrchestrator("Retries", static async context =>
            {
                var before = await context.CallActivityAsync<string>("Work", "a");
                var retry = TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromMinutes(1)));
                return before + await context.CallActivityAsync<string>("Break", "b", retry);
            }));
        var failed = await host.RunAsync("Retries");
        _runs.ShouldBe(["a", "b", "b", "b"]);

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("ab");
        _runs.ShouldBe(["a", "b", "b", "b", "b"]);
    }

    [Fact]
    public async Task A_failure_that_the_code_had_dealt_with_stays()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddActivity("AlwaysBreak", static string (string _) => throw new IOException("always"))
            .AddOrchestrator("Caught", static async context =>
            {
                var first = await Caught(context.CallActivityAsync<string>("AlwaysBreak", "x"));
                var second = await context.CallActivityAsync<string>("Work", "a");
                return first + second + await context.CallActivityAsync<string>("Break", "b");

                static async Task<string> Caught(Task<string> call)
                {
                    try
                    {
                        return await call;
                    }
                    catch (TaskFailedException)
                    {
                        return "caught ";
                    }
                }
            }));
        var failed = await host.RunAsync("Caught");

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("caught ab");
        _runs.ShouldBe(["a", "b", "b"]);
    }

    [Fact]
    public async Task A_failed_sub_orchestration_is_rewound_with_its_parent()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddOrchestrator("Child", static async context
                => await context.CallActivityAsync<string>("Work", "a") + await context.CallActivityAsync<string>("Break", "b"))
            .AddOrchestrator("Parent", static async context => await context.CallSubOrchestratorAsync<string>("Child")));
        var failed = await host.RunAsync("Parent");
        failed.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("ab");
        _runs.ShouldBe(["a", "b", "b"]);
    }

    [Fact]
    public async Task A_failed_sub_orchestration_that_was_purged_starts_anew()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddOrchestrator("Child", static async context
                => await context.CallActivityAsync<string>("Work", "a") + await context.CallActivityAsync<string>("Break", "b"))
            .AddOrchestrator("Parent", static async context => await context.CallSubOrchestratorAsync<string>(
                "Child", options: new SubOrchestrationOptions(instanceId: "child"))));
        var failed = await host.RunAsync("Parent");
        await host.Client.PurgeInstanceAsync("child", Token);

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("ab");
        _runs.ShouldBe(["a", "b", "a", "b"]);
    }

    [Fact]
    public async Task An_exception_of_the_orchestrator_itself_is_tried_again_with_the_code_of_now()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddOrchestrator("Throws", async context =>
            {
                var first = await context.CallActivityAsync<string>("Work", "a");
                var gift = await context.WaitForExternalEvent<string>("gift");
                return _isBroken ? throw new InvalidOperationException("a bug") : first + gift;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Throws", Token);
        await host.Client.RaiseEventAsync(id, "gift", "!", Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);

        (await RewindAsync(host, id)).Output<string>().ShouldBe("a!", "the event counts still");
        _runs.ShouldBe(["a"]);
    }

    [Fact]
    public async Task A_rewind_survives_a_restart_with_timers_and_events_that_had_come()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddOrchestrator("Mixed", static async context =>
            {
                var late = context.CreateTimer(TimeSpan.FromHours(5), CancellationToken.None);
                var gift = context.WaitForExternalEvent<string>("gift");
                var broken = context.CallActivityAsync<string>("Break", "b");
                await Task.WhenAll(late, gift, broken);
                return await gift + await broken;
            }));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Mixed", Token);
        await host.Client.RaiseEventAsync(id, "gift", "!", Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync(id)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);

        _isBroken = false;
        await host.Client.RewindInstanceAsync(id, "the service is back", Token);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe("!b");
    }

    [Fact]
    public async Task Code_that_had_changed_under_an_instance_is_put_back_and_the_instance_goes_on()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddOrchestrator("Changes", async context =>
            {
                var first = await context.CallActivityAsync<string>(_isBroken ? "Work" : "Other", "a");
                await context.WaitForExternalEvent<string>("go");
                return first;
            })
            .AddActivity("Other", static (string value) => value));
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("Changes", Token);
        await host.RunUntilIdleAsync(Token);
        _isBroken = false;
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", "now", Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync(id)).FailureDetails!.ErrorType.ShouldBe(typeof(NonDeterministicOrchestrationException).FullName);

        _isBroken = true;
        await host.Client.RewindInstanceAsync(id, "rolled back", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<string>().ShouldBe("a");
        _runs.ShouldBe(["a"]);
    }

    [Fact]
    public async Task An_instance_that_fails_again_can_be_rewound_again()
    {
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddOrchestrator("One", static async context => await context.CallActivityAsync<string>("Break", "b")));
        var failed = await host.RunAsync("One");
        await host.Client.RewindInstanceAsync(failed.InstanceId, "too early", Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync(failed.InstanceId)).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("b");
    }

    [Fact]
    public async Task Only_a_failed_instance_can_be_rewound()
    {
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Fine", static _ => Task.FromResult<object?>("fine")));
        var fine = await host.RunAsync("Fine");

        (await Should.ThrowAsync<InvalidOperationException>(() => host.Client.RewindInstanceAsync(fine.InstanceId, "why not", Token)))
            .Message.ShouldContain("is Completed");
        await Should.ThrowAsync<ArgumentException>(() => host.Client.RewindInstanceAsync("nobody", "why not", Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_instance_that_failed_in_a_critical_section_asks_for_its_locks_again(bool failsByEntity)
    {
        var account = new EntityInstanceId("Account", "a");
        var locked = new List<string?>();
        DurableTaskClient? client = null;
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddEntity("Account", invocation => invocation.RunAsync(new BreakableAccount(() => _isBroken && failsByEntity)))
            .AddActivity("Look", async (ActivityInvocation _) =>
            {
                locked.Add((await client!.Entities.GetEntityAsync(account, cancellation: Token))?.LockedBy);
                return _isBroken && !failsByEntity ? throw new IOException("broken") : (object?)"seen";
            })
            .AddOrchestrator("Books", async context =>
            {
                var before = await context.CallActivityAsync<string>("Work", "a");
                await context.Entities.CallEntityAsync(account, "add", 1);
                await using (await context.Entities.LockEntitiesAsync(account, new EntityInstanceId("Account", "b")))
                {
                    var seen = await context.CallActivityAsync<string>("Look", "x");
                    await context.Entities.CallEntityAsync(account, "change", 10);
                    return before + seen;
                }
            }));
        client = host.Client;
        var failed = await host.RunAsync("Books");
        failed.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        (await host.Client.Entities.GetEntityAsync<int>(account, cancellation: Token))!.LockedBy.ShouldBeNull();

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("aseen");

        locked.ShouldBe([failed.InstanceId, failed.InstanceId]);
        _runs.ShouldBe(["a"]);
        var after = (await host.Client.Entities.GetEntityAsync<int>(account, cancellation: Token))!;
        after.State.ShouldBe(11);
        after.LockedBy.ShouldBeNull();
    }

    [Fact]
    public async Task A_critical_section_that_was_left_before_the_failure_is_not_entered_again()
    {
        var account = new EntityInstanceId("Account", "a");
        await using var host = await DurableTestHost.StartAsync(functions => AddWork(functions)
            .AddEntity("Account", static invocation => invocation.RunAsync(new BreakableAccount(static () => false)))
            .AddOrchestrator("Books", async context =>
            {
                await using (await context.Entities.LockEntitiesAsync(account))
                {
                    await context.Entities.CallEntityAsync(account, "add", 1);
                }

                return await context.CallActivityAsync<string>("Break", "b");
            }));
        var failed = await host.RunAsync("Books");

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("b");

        (await host.Client.Entities.GetEntityAsync<int>(account, cancellation: Token))!.State.ShouldBe(1);
    }

    private sealed class BreakableAccount(Func<bool> isBroken) : TaskEntity<int>
    {
        public void Add(int amount) => State += amount;

        public void Change(int amount) => State = isBroken() ? throw new IOException("broken") : State + amount;
    }

    private async Task<OrchestrationMetadata> RewindAsync(DurableTestHost host, string id)
    {
        _isBroken = false;
        await host.Client.RewindInstanceAsync(id, "mended", Token);
        await host.RunUntilIdleAsync(Token);
        return await host.ReadAsync(id);
    }

    private FunctionRegistry AddWork(FunctionRegistry functions) => functions
        .AddActivity("Work", (string value) =>
        {
            Note(value);
            return value;
        })
        .AddActivity("Break", (string value) =>
        {
            Note(value);
            return _isBroken ? throw new IOException("broken") : value;
        });

    private void Note(string value)
    {
        lock (_runs)
        {
            _runs.Add(value);
        }
    }
}

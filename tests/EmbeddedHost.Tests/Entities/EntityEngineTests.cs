using System.Diagnostics;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Storage;
using AtomicDevOps.EmbeddedHost.Storage.Maintenance;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

public sealed class EntityEngineTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("entities-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string DatabasePath => Path.Combine(_directory, "durable.db");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_turn_that_cannot_be_stored_runs_again_and_its_effects_count_once()
    {
        var runs = 0;
        await using var host = await StartAsync(functions => functions
            .AddEntity("Other", invocation => invocation.RunAsync(new Number()))
            .AddEntity("Counts", invocation =>
            {
                Interlocked.Increment(ref runs);
                return invocation.RunAsync(new Passing());
            }));
        Change("CREATE TRIGGER full BEFORE UPDATE ON entities BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");

        await SignalAsync(host, "Counts", "a", "add", 5);
        await UntilAsync(host, () => Volatile.Read(ref runs) >= 2);
        (await FindAsync<int>(host, "Counts", "a")).ShouldBeNull();
        Change("DROP TRIGGER full");
        await UntilAsync(host, () => Read("SELECT COUNT(*) FROM entities WHERE state IS NOT NULL") == 2);
        await host.RunUntilIdleAsync(Token);

        (await FindAsync<int>(host, "Counts", "a"))!.State.ShouldBe(5);
        (await FindAsync<int>(host, "Other", "a"))!.State.ShouldBe(5);
        Read("SELECT COUNT(*) FROM inbox").ShouldBe(0);
    }

    [Fact]
    public async Task A_host_that_stops_in_the_middle_of_an_operation_runs_it_again_after_its_start()
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync(functions => functions.AddEntity("Slow", async invocation =>
        {
            if (started.TrySetResult())
            {
                await Task.Delay(Timeout.Infinite, invocation.CancellationToken);
            }

            await invocation.RunAsync(new Number());
        }));
        await SignalAsync(host, "Slow", "a", "add", 3);
        await started.Task.WaitAsync(Token);

        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        (await FindAsync<int>(host, "Slow", "a"))!.State.ShouldBe(3);
    }

    [Fact]
    public async Task A_restart_recovers_locks_queues_and_signals_with_a_time()
    {
        await using var host = await StartAsync(AddHolder);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Holds", null, new StartOrchestrationOptions("first"), Token);
        await host.RunUntilIdleAsync(Token);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Holds", null, new StartOrchestrationOptions("second"), Token);
        await host.RunUntilIdleAsync(Token);
        await SignalAsync(host, "Number", "a", "add", 1);
        await host.Client.Entities.SignalEntityAsync(
            new EntityInstanceId("Number", "a"), "add", 100, new SignalEntityOptions { SignalTime = host.Time.GetUtcNow().AddDays(3) }, Token);
        await host.AdvanceAsync(TimeSpan.FromMinutes(1), Token);

        for (var i = 0; i < 2; i++)
        {
            await host.RestartAsync();
            await host.AdvanceAsync(TimeSpan.FromMinutes(1), Token);
            var locked = (await FindAsync<int>(host, "Number", "a"))!;
            locked.LockedBy.ShouldBe("first");
            locked.BacklogQueueSize.ShouldBe(2, "the second lock request and the signal");
            DatabaseCheck.Run(DatabasePath).ShouldAllBe(result => result.IsKept);
        }

        await host.Client.RaiseEventAsync("first", "go", Token);
        await host.AdvanceAsync(TimeSpan.FromMinutes(1), Token);
        (await FindAsync<int>(host, "Number", "a"))!.LockedBy.ShouldBe("second");
        await host.RestartAsync();
        await host.Client.RaiseEventAsync("second", "go", Token);
        await host.AdvanceAsync(TimeSpan.FromMinutes(1), Token);
        (await FindAsync<int>(host, "Number", "a"))!.State.ShouldBe(21);
        await host.AdvanceAsync(TimeSpan.FromDays(3), Token);

        (await host.ReadAsync("second")).Output<int>().ShouldBe(20);
        var released = (await FindAsync<int>(host, "Number", "a"))!;
        released.State.ShouldBe(121);
        released.LockedBy.ShouldBeNull();
        released.BacklogQueueSize.ShouldBe(0);
    }

    [Fact]
    public async Task Entities_beyond_the_memory_limit_are_dropped_with_locks_and_waiting_messages_and_go_on()
    {
        await using var host = await StartAsync(AddHolder, options => options.MaxInstancesInMemory = 2);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Holds", null, new StartOrchestrationOptions("first"), Token);
        await host.RunUntilIdleAsync(Token);
        await SignalAsync(host, "Number", "a", "add", 1);
        await host.Client.Entities.SignalEntityAsync(
            new EntityInstanceId("Number", "later"), "add", 7, new SignalEntityOptions { SignalTime = host.Time.GetUtcNow().AddHours(1) }, Token);
        for (var i = 0; i < 20; i++)
        {
            await SignalAsync(host, "Number", $"{i}", "add", i);
        }

        await host.AdvanceAsync(TimeSpan.FromMinutes(1), Token);
        host.Engine.InstancesInMemory.ShouldBeLessThanOrEqualTo(2);
        await host.Client.RaiseEventAsync("first", "go", Token);
        await host.RunUntilIdleAsync(Token);

        (await FindAsync<int>(host, "Number", "a"))!.State.ShouldBe(11);
        (await FindAsync<int>(host, "Number", "later"))!.State.ShouldBe(7);
        for (var i = 0; i < 20; i++)
        {
            await SignalAsync(host, "Number", $"{i}", "add", 1);
        }

        await host.RunUntilIdleAsync(Token);
        for (var i = 0; i < 20; i++)
        {
            (await FindAsync<int>(host, "Number", $"{i}"))!.State.ShouldBe(i + 1);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_crash_at_any_commit_gives_the_uncrashed_result(bool afterIt)
    {
        var hasCrashed = true;
        for (var commit = 1; hasCrashed; commit++)
        {
            await using var host = await DurableTestHost.StartAsync(functions => functions
                .AddEntity("Number", invocation => invocation.RunAsync(new Number()))
                .AddEntity("Other", invocation => invocation.RunAsync(new Number()))
                .AddEntity("Passing", invocation => invocation.RunAsync(new Passing()))
                .AddOrchestrator("Moves", async context =>
                {
                    var (first, second) = (new EntityInstanceId("Number", "a"), new EntityInstanceId("Number", "b"));
                    await context.Entities.SignalEntityAsync(new EntityInstanceId("Passing", "p"), "add", 1);
                    await using (await context.Entities.LockEntitiesAsync(first, second))
                    {
                        await context.Entities.CallEntityAsync(first, "add", -5);
                        await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
                        return await context.Entities.CallEntityAsync<int>(second, "add", 5);
                    }
                }));
            await host.Client.ScheduleNewOrchestrationInstanceAsync("Moves", null, new StartOrchestrationOptions("one"), Token);
            host.Faults.CrashAtCommit(commit, afterIt);
            await host.RunUntilIdleAsync(Token);
            hasCrashed = host.Faults.HasCrashed;
            if (hasCrashed)
            {
                await host.RestartAsync();
                await host.RunUntilIdleAsync(Token);
            }

            (await host.ReadAsync("one")).Output<int>().ShouldBe(5, $"crashed at commit {commit}");
            (await FindAsync<int>(host, "Number", "a"))!.State.ShouldBe(-5);
            (await FindAsync<int>(host, "Number", "a"))!.LockedBy.ShouldBeNull();
            (await FindAsync<int>(host, "Number", "b"))!.State.ShouldBe(5);
            (await FindAsync<int>(host, "Number", "b"))!.LockedBy.ShouldBeNull();
            (await FindAsync<int>(host, "Passing", "p"))!.State.ShouldBe(1);
            (await FindAsync<int>(host, "Other", "p"))!.State.ShouldBe(1);
            if (!hasCrashed)
            {
                commit.ShouldBeGreaterThan(5, "the crashes were at its commits");
            }
        }
    }

    [Fact]
    public async Task Mail_that_comes_late_or_twice_runs_no_operation_again()
    {
        await using var host = await StartAsync(AddHolder);
        await SignalAsync(host, "Number", "a", "add", 5);
        await host.RunUntilIdleAsync(Token);
        var sequence = host.Engine.Store.FindEntity(new EntityInstanceId("Number", "a"), withState: false)!.Sequence;
        var handled = new InboxMessage(1, sequence, new EntityOperationRequest(null, null, "add", "5", null));

        host.Engine.Deliver(handled);
        await host.RunUntilIdleAsync(Token);
        await host.RestartAsync();
        host.Engine.Deliver(handled);
        host.Engine.Deliver(handled);
        await host.RunUntilIdleAsync(Token);

        (await FindAsync<int>(host, "Number", "a"))!.State.ShouldBe(5);
    }

    [Fact]
    public async Task Turns_whose_messages_are_let_out_late_because_they_are_traced_keep_their_order()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => string.Equals(source.Name, "Microsoft.DurableTask", StringComparison.Ordinal),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        using var root = new Activity("root").SetIdFormat(ActivityIdFormat.W3C).Start();
        await using var host = await StartAsync(AddHolder);
        for (var i = 0; i < 20; i++)
        {
            await host.Client.ScheduleNewOrchestrationInstanceAsync("Holds", null, new StartOrchestrationOptions($"h{i}"), Token);
            await SignalAsync(host, "Number", "a", "add", 1);
            await host.Client.RaiseEventAsync($"h{i}", "go", Token);
            if (i % 3 == 0)
            {
                await host.Client.TerminateInstanceAsync($"h{i}", Token);
            }
        }

        await host.RunUntilIdleAsync(Token);

        var number = (await FindAsync<int>(host, "Number", "a"))!;
        number.LockedBy.ShouldBeNull();
        number.BacklogQueueSize.ShouldBe(0);
        for (var i = 0; i < 20; i++)
        {
            (await host.ReadAsync($"h{i}")).IsCompleted.ShouldBeTrue($"h{i}");
        }
    }

    [Fact]
    public async Task A_turn_runs_no_more_operations_than_the_batch_size()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var batches = new List<int>();
        await using var host = await StartAsync(
            functions => functions.AddEntity("Number", async invocation =>
            {
                await gate.Task;
                await invocation.RunAsync(new Number());
                batches.Add(invocation.Result!.Outcomes.Count);
            }),
            options => options.MaxEntityOperationBatchSize = 4);
        for (var i = 0; i < 10; i++)
        {
            await SignalAsync(host, "Number", "a", "add", 1);
        }

        gate.SetResult();
        await host.RunUntilIdleAsync(Token);

        batches.Sum().ShouldBe(10);
        batches.Max().ShouldBe(4);
    }

    [Fact]
    public async Task No_more_entities_run_at_once_than_the_limit()
    {
        var running = 0;
        var most = 0;
        await using var host = await StartAsync(
            functions => functions.AddEntity("Number", async invocation =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                await Task.Yield();
                await invocation.RunAsync(new Number());
                Interlocked.Decrement(ref running);
            }),
            options => options.MaxConcurrentEntityFunctions = 1);

        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => SignalAsync(host, "Number", $"{i}", "add", 1)));
        await host.RunUntilIdleAsync(Token);

        most.ShouldBe(1);
    }

    [Fact]
    public async Task Cleaning_releases_locks_whose_holders_are_no_more_and_goes_on_from_page_to_page()
    {
        await using (await StartAsync(AddHolder))
        {
        }

        for (var i = 1; i <= 150; i++)
        {
            Change($"INSERT INTO entities (id, modified_at, state, lock_owner, lock_request) VALUES ('@number@{i}', 0, '{i}', 'gone', '{Guid.NewGuid():N}')");
        }

        await using var host = await StartAsync(AddHolder);
        await SignalAsync(host, "Number", "7", "add", 10);
        await host.RunUntilIdleAsync(Token);
        (await FindAsync<int>(host, "Number", "7"))!.State.ShouldBe(7, "it is locked");

        var part = await host.Client.Entities.CleanEntityStorageAsync(continueUntilComplete: false, cancellation: Token);
        var rest = await host.Client.Entities.CleanEntityStorageAsync(
            CleanEntityStorageRequest.Default with { ContinuationToken = part.ContinuationToken }, cancellation: Token);
        await host.RunUntilIdleAsync(Token);

        part.OrphanedLocksReleased.ShouldBe(100);
        part.ContinuationToken.ShouldNotBeNull();
        rest.OrphanedLocksReleased.ShouldBe(50);
        rest.ContinuationToken.ShouldBeNull();
        (await FindAsync<int>(host, "Number", "7"))!.State.ShouldBe(17);
        Read("SELECT COUNT(*) FROM entities WHERE lock_owner IS NOT NULL").ShouldBe(0);
    }

    [Fact]
    public async Task Cleaning_keeps_the_locks_of_holders_that_run()
    {
        await using var host = await StartAsync(AddHolder);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Holds", null, new StartOrchestrationOptions("first"), Token);
        await host.RunUntilIdleAsync(Token);
        await host.Client.SuspendInstanceAsync("first", cancellation: Token);

        (await host.Client.Entities.CleanEntityStorageAsync(cancellation: Token)).OrphanedLocksReleased.ShouldBe(0);

        await host.RunUntilIdleAsync(Token);
        (await FindAsync<int>(host, "Number", "a"))!.LockedBy.ShouldBe("first");
    }

    [Fact]
    public async Task Code_that_no_longer_repeats_its_history_gives_its_locks_back()
    {
        var isChanged = false;
        await using var host = await StartAsync(functions => functions
            .AddEntity("Number", invocation => invocation.RunAsync(new Number()))
            .AddOrchestrator("Changes", async context =>
            {
                if (isChanged)
                {
                    await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
                }

                await context.Entities.LockEntitiesAsync(new EntityInstanceId("Number", "a"), new EntityInstanceId("Number", "b"));
                await context.Entities.CallEntityAsync(new EntityInstanceId("Number", "a"), "add", 1);
                await context.WaitForExternalEvent<object?>("go");
                return 0;
            }));
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Changes", null, new StartOrchestrationOptions("changed"), Token);
        await host.RunUntilIdleAsync(Token);
        Read("SELECT COUNT(*) FROM entities WHERE lock_owner = 'changed'").ShouldBe(2);

        isChanged = true;
        await host.RestartAsync();
        await host.Client.RaiseEventAsync("changed", "go", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("changed")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        Read("SELECT COUNT(*) FROM entities WHERE lock_owner IS NOT NULL").ShouldBe(0);
    }

    [Fact]
    public async Task A_call_to_an_entity_without_a_function_fails_and_names_those_that_there_are()
    {
        await using var host = await StartAsync(functions => functions
            .AddEntity("Number", invocation => invocation.RunAsync(new Number()))
            .AddOrchestrator("Calls", async context => await context.Entities.CallEntityAsync<int>(new EntityInstanceId("Nubmer", "a"), "get")));

        var instance = await host.RunAsync("Calls");

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.ErrorMessage.ShouldContain("'nubmer'");
        instance.FailureDetails.ErrorMessage.ShouldContain("Number");
    }

    [Fact]
    public async Task An_operation_that_starts_an_instance_that_runs_leaves_it_alone_and_one_that_has_ended_makes_room()
    {
        await using var host = await StartAsync(functions => functions
            .AddEntity("Starter", invocation => invocation.RunAsync(new Starter()))
            .AddOrchestrator("Waits", async context => $"{context.GetInput<int>()} {await context.WaitForExternalEvent<string>("go")}"));
        await SignalAsync(host, "Starter", "a", "start", 1);
        await host.RunUntilIdleAsync(Token);

        await SignalAsync(host, "Starter", "a", "start", 2);
        await host.RunUntilIdleAsync(Token);
        await host.Client.RaiseEventAsync("child", "go", "x", Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync("child")).Output<string>().ShouldBe("1 x");

        await SignalAsync(host, "Starter", "a", "start", 3);
        await host.Client.RaiseEventAsync("child", "go", "y", Token);
        await host.RunUntilIdleAsync(Token);
        (await host.ReadAsync("child")).ReadInputAs<int>().ShouldBe(3);
    }

    [Fact]
    public async Task An_operation_starts_an_orchestration_at_a_time()
    {
        await using var host = await StartAsync(functions => functions
            .AddEntity("Starter", invocation => invocation.RunAsync(new Starter()))
            .AddOrchestrator("Waits", context => Task.FromResult<object?>(context.CurrentUtcDateTime)));
        var due = host.Time.GetUtcNow().AddDays(2);
        await SignalAsync(host, "Starter", "a", "startAt", due);

        await host.AdvanceAsync(TimeSpan.FromDays(1), Token);
        (await host.ReadAsync("child")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Pending);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync("child")).Output<DateTime>().ShouldBe(due.UtcDateTime);
    }

    private static void AddHolder(FunctionRegistry functions) => functions
        .AddEntity("Number", invocation => invocation.RunAsync(new Number()))
        .AddOrchestrator("Holds", async context =>
        {
            var number = new EntityInstanceId("Number", "a");
            await using (await context.Entities.LockEntitiesAsync(number))
            {
                var sum = await context.Entities.CallEntityAsync<int>(number, "add", 10);
                await context.WaitForExternalEvent<object?>("go");
                return sum;
            }
        });

    private static Task SignalAsync(DurableTestHost host, string name, string key, string operation, object? input)
        => host.Client.Entities.SignalEntityAsync(new EntityInstanceId(name, key), operation, input, cancellation: Token);

    private static Task<EntityMetadata<T>?> FindAsync<T>(DurableTestHost host, string name, string key)
        => host.Client.Entities.GetEntityAsync<T>(new EntityInstanceId(name, key), cancellation: Token);

    /// <summary>Lets the retries of turns that could not be stored come round until something is so.</summary>
    private static async Task UntilAsync(DurableTestHost host, Func<bool> isSo)
    {
        while (!isSo())
        {
            Token.ThrowIfCancellationRequested();
            host.Time.AdvanceTo(host.Time.GetUtcNow().AddSeconds(1));
            await Task.Yield();
        }
    }

    private Task<DurableTestHost> StartAsync(Action<FunctionRegistry> addFunctions, Action<EmbeddedDurableTaskOptions>? configure = null)
        => DurableTestHost.StartAsync(addFunctions, configure: options =>
        {
            options.DataDirectory = _directory;
            configure?.Invoke(options);
        });

    private void Change(string sql)
    {
        using var database = Database.Open(DatabasePath, SqliteOpenMode.ReadWrite);
        database.Execute(sql);
    }

    private long Read(string sql)
    {
        using var database = Database.Open(DatabasePath, SqliteOpenMode.ReadOnly);
        using var statement = database.PrepareOnce(sql);
        using var rows = statement.Query();
        rows.Read();
        return rows.Int64(0);
    }

    private sealed class Number : TaskEntity<int>
    {
        public int Add(int amount) => State += amount;
    }

    private sealed class Passing : TaskEntity<int>
    {
        public void Add(int amount)
        {
            State += amount;
            Context.SignalEntity(new EntityInstanceId("Other", Context.Id.Key), "add", amount);
        }
    }

    private sealed class Starter : TaskEntity<int>
    {
        public void Start(int input) => Context.ScheduleNewOrchestration("Waits", input, new StartOrchestrationOptions("child"));

        public void StartAt(DateTimeOffset due) => Context.ScheduleNewOrchestration("Waits", null, new StartOrchestrationOptions("child", due));
    }
}

using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

public sealed class EntityExecutorTests
{
    private static readonly EntityInstanceId Account = new("account", "a");
    private static readonly EntityInstanceId Other = new("account", "b");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Operations_of_a_batch_run_one_after_another_on_the_state_that_the_one_before_left()
    {
        var result = await RunAsync(null, Call("Deposit", "5"), Call("Deposit", "7"), Call("Get"));

        result.Outcomes.Select(outcome => outcome.Result).ShouldBe(["5", "12", "12"]);
        result.State.ShouldBe("12");
    }

    [Fact]
    public async Task A_failing_operation_leaves_the_state_as_it_was_and_sends_and_starts_nothing()
    {
        var result = await RunAsync("10", Call("Deposit", "5"), Call("SpendThenFail", "3"), Call("Get"));

        result.Outcomes.Select(outcome => outcome.Result).ShouldBe(["15", null, "15"]);
        result.Outcomes[1].Failure!.IsCausedBy<IOException>().ShouldBeTrue();
        result.Outcomes[1].Actions.ShouldBeEmpty();
        result.State.ShouldBe("15");
    }

    [Fact]
    public async Task What_a_successful_operation_signals_and_starts_comes_out_in_its_order()
    {
        var result = await RunAsync("10", Call("Transfer", "4"));

        var actions = result.Outcomes.ShouldHaveSingleItem().Actions;
        actions.Count.ShouldBe(3);
        actions[0].ShouldBe(new SendSignal(Other, "Deposit", "4", null));
        actions[1].ShouldBe(new SendSignal(Other, "Audit", null, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc)));
        var start = actions[2].ShouldBeOfType<StartOrchestration>();
        start.ShouldBe(new StartOrchestration("report-1", "Report", "2", "\"a\"", null, start.Tags));
        result.Outcomes[0].Result.ShouldBe("\"report-1\"");
    }

    [Fact]
    public async Task An_orchestration_that_is_started_without_an_id_gets_one()
    {
        var result = await RunAsync(null, Call("StartTwo"));

        var ids = result.Outcomes[0].Actions.Cast<StartOrchestration>().Select(start => start.InstanceId).ToList();
        ids.Distinct(StringComparer.Ordinal).Count().ShouldBe(2);
        ids.ShouldAllBe(id => id.Length == 32);
    }

    [Fact]
    public async Task An_orchestration_cannot_be_started_under_an_entitys_id()
        => (await RunAsync(null, Call("StartAs", "\"@account@b\""))).Outcomes[0].Failure!.IsCausedBy<ArgumentException>().ShouldBeTrue();

    [Fact]
    public async Task A_deleted_state_is_none_and_may_come_back_in_the_same_batch()
    {
        (await RunAsync("10", Call("delete"))).State.ShouldBeNull();
        (await RunAsync("10", Call("delete"), Call("Deposit", "1"))).State.ShouldBe("1");
    }

    [Fact]
    public async Task A_state_that_is_changed_but_not_set_is_not_seen_by_the_next_operation()
    {
        var result = await RunAsync(
            new FunctionRegistry().AddEntity("account", invocation => invocation.RunAsync(new ForgetsToSet())),
            "[1]",
            Call("add"),
            Call("count"));

        result.Outcomes[1].Result.ShouldBe("1");
        result.State.ShouldBe("[1]");
    }

    [Fact]
    public async Task A_result_that_cannot_be_written_fails_its_operation_alone()
    {
        var result = await RunAsync("1", Call("Unwritable"), Call("Deposit", "1"));

        result.Outcomes[0].Failure!.IsCausedBy<PayloadException>().ShouldBeTrue();
        result.State.ShouldBe("2");
    }

    [Fact]
    public async Task An_input_of_another_type_fails_with_the_operation_and_the_entity()
        => (await RunAsync("1", Call("Deposit", "\"many\""))).Outcomes[0].Failure!.ErrorMessage
            .ShouldStartWith("Cannot read the input of operation 'Deposit' of entity '@account@a' as System.Int32");

    [Fact]
    public async Task A_function_that_fails_fails_every_operation_and_leaves_the_state_as_it_was()
    {
        var result = await RunAsync(
            new FunctionRegistry().AddEntity("account", async invocation =>
            {
                await invocation.RunAsync(new AccountEntity());
                throw new IOException("after the operations");
            }),
            "1",
            Call("Deposit", "1"),
            Call("Transfer", "1"));

        result.State.ShouldBe("1");
        result.Outcomes.Count.ShouldBe(2);
        result.Outcomes.ShouldAllBe(outcome => outcome.Actions.Count == 0 && outcome.Result == null);
        result.Outcomes.ShouldAllBe(outcome => outcome.Failure!.ErrorType == "FunctionInvocationFailed");
        result.Outcomes[0].Failure!.InnerFailure!.IsCausedBy<IOException>().ShouldBeTrue();
    }

    [Fact]
    public async Task A_function_that_does_not_await_its_dispatch_fails_with_the_cure()
    {
        var result = await RunAsync(
            new FunctionRegistry().AddEntity("account", _ => Task.CompletedTask), "1", Call("Get"));

        result.Outcomes[0].Failure!.ErrorMessage.ShouldContain("Return or await the task of DispatchAsync.");
    }

    [Fact]
    public async Task A_function_that_dispatches_twice_fails_before_operations_run_twice()
    {
        var runs = 0;
        var result = await RunAsync(
            new FunctionRegistry().AddEntity("account", async invocation =>
            {
                await invocation.RunAsync(new Counting(() => runs++));
                await invocation.RunAsync(new Counting(() => runs++));
            }),
            "1",
            Call("Get"));

        result.Outcomes[0].Failure!.ErrorMessage.ShouldContain("dispatches its operations twice");
        runs.ShouldBe(1);
    }

    [Fact]
    public async Task An_entity_without_a_function_fails_its_operations_and_names_those_that_are_there()
    {
        var result = await RunAsync(new FunctionRegistry().AddEntity("Ledger", _ => Task.CompletedTask), "1", Call("Get"));

        result.Outcomes[0].Failure!.ErrorType.ShouldBe("EntityFunctionNotFound");
        result.Outcomes[0].Failure!.ErrorMessage.ShouldBe("There is no entity named 'account'. Known: Ledger.");
    }

    [Fact]
    public async Task A_batch_that_is_cut_off_by_the_hosts_shutdown_counts_for_nothing()
    {
        using var stopping = new CancellationTokenSource();
        var run = RunUntilAsync(
            new FunctionRegistry().AddEntity("account", invocation => invocation.RunAsync(new Counting(() =>
            {
                stopping.Cancel();
                invocation.CancellationToken.ThrowIfCancellationRequested();
            }))),
            "1",
            [Call("Get")],
            stopping.Token);

        await Should.ThrowAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public void An_entity_name_is_registered_once_and_holds_no_at_sign()
    {
        var registry = new FunctionRegistry().AddEntity("Account", _ => Task.CompletedTask);

        registry.EntityNames.ShouldBe(["Account"]);
        Should.Throw<InvalidOperationException>(() => registry.AddEntity("ACCOUNT", _ => Task.CompletedTask))
            .Message.ShouldContain("entity named 'ACCOUNT' is already registered");
        Should.Throw<ArgumentException>(() => registry.AddEntity("a@b", _ => Task.CompletedTask)).Message.ShouldContain("must not hold an '@'");
    }

    private static EntityOperationRequest Call(string operation, string? input = null) => new("caller", Guid.NewGuid(), operation, input, null);

    private static Task<EntityBatchResult> RunAsync(string? state, params EntityOperationRequest[] operations)
        => RunAsync(new FunctionRegistry().AddEntity("Account", invocation => invocation.RunAsync(new AccountEntity())), state, operations);

    private static Task<EntityBatchResult> RunAsync(
        FunctionRegistry functions, string? state, params EntityOperationRequest[] operations)
        => RunUntilAsync(functions, state, operations, Token);

    private static async Task<EntityBatchResult> RunUntilAsync(
        FunctionRegistry functions, string? state, EntityOperationRequest[] operations, CancellationToken cancellationToken)
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        var executor = new EntityExecutor(
            new ExecutionEnvironment(functions, JsonDataConverter.Default, NullLoggerFactory.Instance),
            services.GetRequiredService<IServiceScopeFactory>(),
            TimeProvider.System);
        return await executor.RunAsync(Account, state, operations, cancellationToken);
    }

    private sealed class AccountEntity : TaskEntity<int>
    {
        public int Get() => State;

        public int Deposit(int amount) => State += amount;

        public void SpendThenFail(int amount)
        {
            State -= amount;
            Context.SignalEntity(Other, "Deposit", amount);
            Context.ScheduleNewOrchestration("Report");
            throw new IOException("on purpose");
        }

        public string Transfer(int amount)
        {
            State -= amount;
            Context.SignalEntity(Other, "Deposit", amount);
            Context.SignalEntity(Other, "Audit", new DateTimeOffset(2030, 1, 1, 1, 0, 0, TimeSpan.FromHours(1)));
            return Context.ScheduleNewOrchestration(
                "Report", Context.Id.Key, new StartOrchestrationOptions("report-1") { Version = "2" });
        }

        public void StartTwo()
        {
            Context.ScheduleNewOrchestration("Report");
            Context.ScheduleNewOrchestration("Report");
        }

        public void StartAs(string id) => Context.ScheduleNewOrchestration("Report", new StartOrchestrationOptions(id));

        public Type Unwritable()
        {
            State = 100;
            return typeof(int);
        }
    }

    private sealed class ForgetsToSet : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation)
        {
            var items = operation.State.GetState<List<int>>()!;
            if (operation.Name is "add")
            {
                items.Add(2);
            }

            return new ValueTask<object?>(items.Count);
        }
    }

    private sealed class Counting(Action onRun) : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation)
        {
            onRun();
            return default;
        }
    }
}

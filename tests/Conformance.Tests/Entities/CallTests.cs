using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Conformance.Tests.Entities;

public sealed class CallTests : ConformanceTest
{
    private static readonly EntityInstanceId A = new(nameof(Counter), "a");

    [Fact]
    public async Task A_call_returns_the_result_of_the_operation_and_the_state_stays()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddOrchestrator("Calls", async context =>
        {
            var first = await context.Entities.CallEntityAsync<int>(A, "add", 5);
            var second = await context.Entities.CallEntityAsync<int>(A, "ADD", 6);
            return (int[])[first, second, await context.Entities.CallEntityAsync<int>(A, "get")];
        }));

        (await host.RunAsync("Calls")).Output<int[]>().ShouldBe([5, 11, 11]);
        (await host.StateAsync<int>("counter", "a")).ShouldBe(11);
    }

    [Fact]
    public async Task Keys_tell_entities_apart_by_case_and_names_do_not()
    {
        Requires(HostFeature.PreciseEntities);
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddOrchestrator("Calls", async context =>
        {
            await context.Entities.CallEntityAsync<int>(new EntityInstanceId("COUNTER", "k"), "add", 1);
            await context.Entities.CallEntityAsync<int>(new EntityInstanceId("counter", "K"), "add", 2);
            return await context.Entities.CallEntityAsync<int>(new EntityInstanceId("Counter", "k"), "add", 4);
        }));

        (await host.RunAsync("Calls")).Output<int>().ShouldBe(5);
        (await host.StateAsync<int>("Counter", "K")).ShouldBe(2);
    }

    [Fact]
    public async Task An_operation_that_fails_throws_at_the_caller_with_its_details_and_leaves_no_trace()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddEntity<Log>().AddOrchestrator("Fails", async context =>
        {
            await context.Entities.CallEntityAsync<int>(A, "add", 1);
            try
            {
                await context.Entities.CallEntityAsync(A, "fail", 7);
                return "not reached";
            }
            catch (EntityOperationFailedException exception)
            {
                return $"{exception.EntityId} {exception.OperationName} {exception.FailureDetails.ErrorMessage} "
                    + exception.FailureDetails.IsCausedBy<InvalidOperationException>();
            }
        }));

        (await host.RunAsync("Fails")).Output<string>().ShouldBe("@counter@a fail cannot add 7 True");
        (await host.StateAsync<int>("Counter", "a")).ShouldBe(1);
        (await host.Client.Entities.GetEntityAsync(new EntityInstanceId("Log", "failed"), cancellation: Token)).ShouldBeNull();
    }

    [Fact]
    public async Task An_operation_without_a_method_fails_and_so_does_an_orchestration_that_does_not_catch_it()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddOrchestrator(
            "Calls", async context => await context.Entities.CallEntityAsync<int>(A, "multiply", 5)));

        var instance = await host.RunAsync("Calls");

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.ErrorType.ShouldBe(typeof(EntityOperationFailedException).FullName);
        instance.FailureDetails.ErrorMessage.ShouldContain("multiply");
    }

    [Fact]
    public async Task Calls_in_parallel_all_count()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddOrchestrator("Calls", async context =>
        {
            var results = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => context.Entities.CallEntityAsync<int>(A, "add", 1)));
            return results.Order().SequenceEqual(Enumerable.Range(1, 100));
        }));

        (await host.RunAsync("Calls")).Output<bool>().ShouldBeTrue();
    }

    [Fact]
    public async Task An_execution_that_ends_with_an_open_call_ends_and_its_successor_is_not_disturbed()
    {
        Requires(HostFeature.MessagesOfContinueAsNew);
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddOrchestrator<int, int>("Leaves", async (context, round) =>
        {
            if (round < 3)
            {
                _ = context.Entities.CallEntityAsync<int>(A, "add", 1);
                context.ContinueAsNew(round + 1);
                return 0;
            }

            return await context.Entities.CallEntityAsync<int>(A, "add", 100);
        }));

        (await host.RunAsync("Leaves", 0)).Output<int>().ShouldBe(103);
    }

    [Fact]
    public async Task An_operation_starts_an_orchestration_with_the_id_that_it_got()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddEntity<Counter>()
            .AddOrchestrator<int, int>("Started", (_, input) => Task.FromResult(input * 2))
            .AddOrchestrator("Starts", async context =>
            {
                await context.Entities.CallEntityAsync<int>(A, "add", 21);
                return await context.Entities.CallEntityAsync<string>(A, "start", "child");
            }));

        (await host.RunAsync("Starts")).Output<string>().ShouldBe("child");
        (await host.ReadAsync("child")).Output<int>().ShouldBe(42);
    }

    [Theory]
    [InlineData("sub-orchestration")]
    [InlineData("event")]
    public async Task Ids_of_entities_are_refused_where_those_of_orchestrations_are_asked_for(string use)
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddOrchestrator<string, string>("Refused", async (context, what) =>
        {
            try
            {
                if (string.Equals(what, "event", StringComparison.Ordinal))
                {
                    context.SendEvent("@counter@a", "add", 1);
                }
                else
                {
                    await context.CallSubOrchestratorAsync("Refused", new SubOrchestrationOptions { InstanceId = "@counter@a" });
                }

                return "taken";
            }
            catch (ArgumentException)
            {
                return "refused";
            }
        }));

        (await host.RunAsync("Refused", use)).Output<string>().ShouldBe("refused");
    }

    [Fact]
    public async Task A_call_in_flight_survives_a_restart_and_its_operation_counts_once()
    {
        await using var host = await StartAsync(tasks => tasks.AddEntity<Counter>().AddOrchestrator("Calls", async context =>
        {
            var before = await context.Entities.CallEntityAsync<int>(A, "add", 1);
            await context.WaitForExternalEvent<bool>("go");
            return (int[])[before, await context.Entities.CallEntityAsync<int>(A, "add", 1)];
        }));
        var id = await host.BeginAsync("Calls");
        await host.SettleAsync();

        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", true, Token);

        (await host.SettleAsync(id)).Output<int[]>().ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Ids_that_an_orchestration_makes_differ_between_its_executions()
    {
        Requires(HostFeature.IdsOfEachExecution);

        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<List<Guid>, int>("Makes", (context, made) =>
        {
            made.Add(context.NewGuid());
            if (made.Count < 5)
            {
                context.ContinueAsNew(made);
            }

            return Task.FromResult(made.Distinct().Count());
        }));

        (await host.RunAsync("Makes", new List<Guid>())).Output<int>().ShouldBe(5);
    }
}

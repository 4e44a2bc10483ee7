using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Conformance.Tests.Entities;

public sealed class EntityFunctionTests : ConformanceTest
{
    [Fact]
    public async Task Entity_functions_are_called_signaled_and_locked_by_orchestrator_functions()
    {
        await using var host = await StartFunctionsAsync(typeof(Functions), typeof(Wallet));
        await host.SignalAsync("purse", "mine", "put", 30);
        await host.SignalAsync("wallet", "mine", "put", 5);

        (await host.RunAsync("MoveAll", "mine")).Output<int>().ShouldBe(35);
        (await host.StateAsync<Wallet>("wallet", "mine")).Money.ShouldBe(35);
        (await host.StateAsync<int>("purse", "mine")).ShouldBe(0);
    }

    public sealed class Purse : TaskEntity<int>
    {
        public void Put(int money) => State += money;

        public int Empty()
        {
            var money = State;
            State = 0;
            return money;
        }
    }

    /// <summary>A state whose methods are the operations.</summary>
    public sealed class Wallet
    {
        public int Money { get; set; }

        public int Put(int money) => Money += money;

        [Function("wallet")]
        public static Task RunAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Wallet>();
    }

    public static class Functions
    {
        [Function("PurseFunction")]
        public static Task RunPurseAsync([EntityTrigger(EntityName = "Purse")] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Purse>();

        [Function("MoveAll")]
        public static async Task<int> MoveAllAsync([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var key = context.GetInput<string>()!;
            var purse = new EntityInstanceId("Purse", key);
            var wallet = new EntityInstanceId("Wallet", key);
            await using (await context.Entities.LockEntitiesAsync(purse, wallet))
            {
                return await context.Entities.CallEntityAsync<int>(wallet, "put", await context.Entities.CallEntityAsync<int>(purse, "empty"));
            }
        }
    }
}

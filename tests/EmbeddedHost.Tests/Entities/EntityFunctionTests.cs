using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

public sealed class EntityFunctionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Entity_functions_are_found_with_their_bindings()
    {
        var function = FunctionDiscovery.Find([typeof(WithClient)], "Hub").Functions.ShouldHaveSingleItem();

        function.Name.ShouldBe("Run");
        function.InputBindings.ToDictionary(binding => binding.Key, binding => binding.Value.Type, StringComparer.Ordinal)
            .ShouldBe(new Dictionary<string, string>(StringComparer.Ordinal) { ["dispatcher"] = "entityTrigger", ["client"] = "durableClient" }, ignoreOrder: true);
    }

    [Theory]
    [InlineData(typeof(WrongDispatcher), "With [EntityTrigger] it has to be a TaskEntityDispatcher")]
    [InlineData(typeof(ServiceAsParameter), "inject services into the entity's constructor")]
    [InlineData(typeof(AtSignInName), "[EntityTrigger(EntityName = \"a@b\")], which is no entity name")]
    public void An_entity_function_that_cannot_be_called_stops_the_start_with_place_and_cure(Type type, string message)
    {
        var exception = Should.Throw<FunctionSetupException>(() => FunctionDiscovery.Find([type], "Hub"));

        exception.Message.ShouldContain(message);
        exception.Message.ShouldContain($"{type.FullName}.Run");
    }

    [Theory]
    [InlineData("injected", "add", "\"added 3\"", "3")]
    [InlineData("state", "add", "3", """{"Total":3}""")]
    [InlineData("handler", "add", "\"handler/add\"", "true")]
    [InlineData("instance", "add", "\"new 3\"", "3")]
    public async Task A_function_dispatches_to_an_entity_with_services_to_a_state_or_to_a_delegate(
        string entity, string operation, string result, string state)
    {
        await using var host = await StartAsync(null);

        var batch = await RunAsync(host, entity, operation, "3");

        batch.Outcomes.ShouldHaveSingleItem().Failure.ShouldBeNull();
        batch.Outcomes[0].Result.ShouldBe(result);
        batch.State.ShouldBe(state);
    }

    [Fact]
    public async Task Middleware_runs_around_a_batch_and_its_failure_fails_the_batch()
    {
        var seen = new List<string>();
        await using var host = await StartAsync(builder => builder.UseMiddleware(async (context, next) =>
        {
            await next();
            seen.Add($"{context.FunctionDefinition.Name} {context.BindingContext.BindingData["instanceId"]}");
            throw new IOException("in the middleware");
        }));

        var batch = await RunAsync(host, "injected", "add", "3");

        seen.ShouldBe(["RunInjected @injected@k"]);
        batch.State.ShouldBeNull();
        batch.Outcomes[0].Failure!.InnerFailure!.ErrorMessage.ShouldBe("in the middleware");
    }

    private static Task<FunctionsTestHost> StartAsync(Action<FunctionsApplicationBuilder>? configure) => FunctionsTestHost.StartAsync(
        null,
        builder =>
        {
            builder.Services.AddSingleton(new Greeting("added"));
            configure?.Invoke(builder);
        },
        typeof(Functions));

    private static Task<EntityBatchResult> RunAsync(FunctionsTestHost host, string entity, string operation, string input)
    {
        var environment = new ExecutionEnvironment(
            host.Services.GetRequiredService<FunctionRegistry>(),
            JsonDataConverter.Default,
            host.Services.GetRequiredService<ILoggerFactory>());
        return new EntityExecutor(environment, host.Services.GetRequiredService<IServiceScopeFactory>(), TimeProvider.System).RunAsync(
            new EntityInstanceId(entity, "k"), null, [new EntityOperationRequest(null, null, operation, input, null)], Token);
    }

    public sealed record Greeting(string Text);

    public sealed class InjectedEntity(Greeting greeting) : TaskEntity<int>
    {
        public string Add(int amount) => $"{greeting.Text} {State += amount}";
    }

    public sealed class Totals
    {
        public int Total { get; set; }

        public int Add(int amount) => Total += amount;
    }

    public static class Functions
    {
        [Function(nameof(RunInjected))]
        public static Task RunInjected([EntityTrigger(EntityName = "Injected")] TaskEntityDispatcher dispatcher)
            => dispatcher.DispatchAsync<InjectedEntity>();

        [Function("State")]
        public static Task RunState([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Totals>();

        [Function("Instance")]
        public static Task RunInstance([EntityTrigger] TaskEntityDispatcher dispatcher)
            => dispatcher.DispatchAsync(new InjectedEntity(new Greeting("new")));

        [Function("Handler")]
        public static Task RunHandler([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync(operation =>
        {
            operation.State.SetState(operation.HasInput);
            return new ValueTask<object?>(operation.ToString());
        });
    }

    public static class WithClient
    {
        [Function(nameof(Run))]
        public static Task Run(
            [EntityTrigger] TaskEntityDispatcher dispatcher, [DurableClient] DurableTaskClient client, FunctionContext context, CancellationToken token)
            => client is not null && context is not null && !token.IsCancellationRequested ? dispatcher.DispatchAsync<Totals>() : Task.CompletedTask;
    }

    public static class WrongDispatcher
    {
        [Function(nameof(Run))]
        public static string Run([EntityTrigger] string dispatcher) => dispatcher;
    }

    public static class ServiceAsParameter
    {
        [Function(nameof(Run))]
        public static Task Run([EntityTrigger] TaskEntityDispatcher dispatcher, Greeting greeting)
            => dispatcher.DispatchAsync(new InjectedEntity(greeting));
    }

    public static class AtSignInName
    {
        [Function(nameof(Run))]
        public static Task Run([EntityTrigger(EntityName = "a@b")] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<Totals>();
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers;

public sealed class DurableFunctionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_http_function_starts_an_orchestrator_that_calls_an_activity_with_injected_services()
    {
        await using var host = await FunctionsTestHost.StartAsync(null, AddServices(new Trail()), typeof(Greetings));

        var response = await host.Client.PostAsync("/api/greet/Ada", null, Cancellation);
        var links = await response.Content.ReadFromJsonAsync<Dictionary<string, string>>(Cancellation);
        var instance = await CompletedAsync(host, links!["id"]);

        response.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, instance.FailureDetails?.ToString());
        instance.ReadOutputAs<string>().ShouldBe($"Hello, Ada! From {links["id"]}.");
    }

    [Fact]
    public async Task Middleware_runs_around_orchestrators_and_activities_too()
    {
        var trail = new Trail();
        await using var host = await FunctionsTestHost.StartAsync(
            null,
            builder =>
            {
                AddServices(trail)(builder);
                builder.UseMiddleware(async (context, next) =>
                {
                    trail.Steps.Enqueue($"{context.FunctionDefinition.Name} in");
                    await next();
                    trail.Steps.Enqueue($"{context.FunctionDefinition.Name} out with {context.GetInvocationResult().Value}");
                });
            },
            typeof(Greetings));
        var client = host.Services.GetRequiredService<DurableTaskClient>();

        var id = await client.ScheduleNewOrchestrationInstanceAsync(
            "GreetingOrchestrator", "Bo", new StartOrchestrationOptions("one"), Cancellation);
        await CompletedAsync(host, id);

        trail.Steps.ShouldBe([
            "GreetingOrchestrator in",
            "Greet in",
            "Greet out with Hello, Bo! From one.",
            "GreetingOrchestrator out with Hello, Bo! From one."]);
    }

    [Theory]
    [InlineData("AddDefaults", null, "fallback 0")]
    [InlineData("AddDefaults", 5, "fallback 5")]
    public async Task An_orchestrator_without_input_gets_its_parameters_default(string name, int? input, string expected)
    {
        await using var host = await FunctionsTestHost.StartAsync(null, AddServices(new Trail()), typeof(Shapes));

        (await RunAsync(host, name, input)).ReadOutputAs<string>().ShouldBe(expected);
    }

    [Fact]
    public async Task Activities_of_every_shape_give_their_result()
    {
        await using var host = await FunctionsTestHost.StartAsync(null, AddServices(new Trail()), typeof(Shapes));

        (await RunAsync(host, "CallAll", null)).ReadOutputAs<string>().ShouldBe("sync 3|async 4|context ContextOnly|list 2");
    }

    [Fact]
    public async Task A_failing_activity_fails_the_orchestrator_with_its_own_error()
    {
        await using var host = await FunctionsTestHost.StartAsync(null, AddServices(new Trail()), typeof(Shapes));

        var instance = await RunAsync(host, "CallFailing", null);

        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
        instance.FailureDetails!.ToString().ShouldContain("on purpose");
    }

    [Fact]
    public async Task An_activity_and_its_scope_are_disposed_when_it_ends()
    {
        var trail = new Trail();
        await using (var host = await FunctionsTestHost.StartAsync(null, AddServices(trail), typeof(Greetings)))
        {
            await RunAsync(host, "GreetingOrchestrator", "Cy");
        }

        trail.Disposals.ShouldBe(["function", "service"]);
    }

    [Fact]
    public async Task An_orchestration_goes_on_after_the_host_restarts()
    {
        var directory = Directory.CreateTempSubdirectory("durable-");
        var settings = new Dictionary<string, string?> { ["Host:DataDirectory"] = directory.FullName };
        try
        {
            await using (var first = await FunctionsTestHost.StartAsync(settings, AddServices(new Trail()), typeof(Shapes)))
            {
                var client = first.Services.GetRequiredService<DurableTaskClient>();
                await client.ScheduleNewOrchestrationInstanceAsync("WaitForGo", null, new StartOrchestrationOptions("waiting"), Cancellation);
                await client.WaitForInstanceStartAsync("waiting", Cancellation);
            }

            await using var second = await FunctionsTestHost.StartAsync(settings, AddServices(new Trail()), typeof(Shapes));
            await second.Services.GetRequiredService<DurableTaskClient>().RaiseEventAsync("waiting", "Go", "on", Cancellation);

            (await CompletedAsync(second, "waiting")).ReadOutputAs<string>().ShouldBe("went on");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Stopping_the_host_lets_a_request_end_that_has_begun()
    {
        var trail = new Trail();
        var host = await FunctionsTestHost.StartAsync(null, AddServices(trail), typeof(Slow));
        using var caller = host.ClientWithKey(FunctionsTestHost.HostKey);
        var answer = caller.GetStringAsync("/api/slow", Cancellation);
        await trail.Begun.Task.WaitAsync(Cancellation);

        var stopping = host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        await using var release = stopping.Register(trail.Release.SetResult);
        await host.DisposeAsync();

        (await answer).ShouldBe("ended");
    }

    [Fact]
    public async Task A_request_without_end_is_ended_some_time_after_the_host_began_to_stop()
    {
        var trail = new Trail();
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var host = await FunctionsTestHost.StartAsync(
            null,
            builder =>
            {
                AddServices(trail)(builder);
                builder.Services.AddSingleton<TimeProvider>(clock);
            },
            typeof(Slow));
        using var caller = host.ClientWithKey(FunctionsTestHost.HostKey);
        var answer = caller.GetAsync("/api/slow", Cancellation);
        await trail.Begun.Task.WaitAsync(Cancellation);

        var stopped = host.DisposeAsync();
        await clock.AdvanceToAsync(clock.GetUtcNow() + ShutdownGrace.Period, Cancellation);
        await stopped;

        (await answer).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
    }

    private static Action<FunctionsApplicationBuilder> AddServices(Trail trail) => builder =>
    {
        builder.Services.AddSingleton(trail);
        builder.Services.AddScoped<Greeter>();
    };

    private static async Task<OrchestrationMetadata> RunAsync(FunctionsTestHost host, string name, object? input)
    {
        var client = host.Services.GetRequiredService<DurableTaskClient>();
        return await CompletedAsync(host, await client.ScheduleNewOrchestrationInstanceAsync(name, input, Cancellation));
    }

    private static Task<OrchestrationMetadata> CompletedAsync(FunctionsTestHost host, string id) =>
        host.Services.GetRequiredService<DurableTaskClient>().WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Cancellation);

    public sealed class Trail
    {
        public ConcurrentQueue<string> Steps { get; } = [];

        public ConcurrentQueue<string> Disposals { get; } = [];

        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public sealed class Greeter(Trail trail) : IDisposable
    {
        public string Greet(string name) => $"Hello, {name}!";

        public void Dispose() => trail.Disposals.Enqueue("service");
    }

    public sealed class Greetings(Greeter greeter, Trail trail) : IAsyncDisposable
    {
        [Function("StartGreeting")]
        public static async Task<IResult> StartAsync(
            [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "greet/{name}")] HttpRequest request,
            [DurableClient] DurableTaskClient client,
            string name,
            CancellationToken cancellationToken)
        {
            var id = await client.ScheduleNewOrchestrationInstanceAsync("GreetingOrchestrator", name, cancellationToken);
            return TypedResults.Accepted((string?)null, client.CreateHttpManagementPayload(id));
        }

        [Function("GreetingOrchestrator")]
        public static Task<string> OrchestrateAsync([OrchestrationTrigger] TaskOrchestrationContext context, string name) =>
            context.CallActivityAsync<string>("Greet", name);

        [Function("Greet")]
        public string Greet([ActivityTrigger] string name, string instanceId) => $"{greeter.Greet(name)} From {instanceId}.";

        public ValueTask DisposeAsync()
        {
            trail.Disposals.Enqueue("function");
            return ValueTask.CompletedTask;
        }
    }

    public static class Shapes
    {
        [Function("AddDefaults")]
        public static string AddDefaults([OrchestrationTrigger] TaskOrchestrationContext context, int number, FunctionContext function) =>
            $"fallback {number}";

        [Function("CallAll")]
        public static async Task<string> CallAllAsync([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var sync = await context.CallActivityAsync<string>("Sync", 3);
            var asynchronous = await context.CallActivityAsync<string>("Async", 4);
            var contextOnly = await context.CallActivityAsync<string>("ContextOnly");
            var list = await context.CallActivityAsync<string>("List", new[] { "a", "b" });
            await context.CallActivityAsync("Nothing", 1);
            return string.Join('|', sync, asynchronous, contextOnly, list);
        }

        [Function("CallFailing")]
        public static Task CallFailingAsync([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync("Fail");

        [Function("WaitForGo")]
        public static async Task<string> WaitForGoAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
            $"went {await context.WaitForExternalEvent<string>("Go", CancellationToken.None)}";

        [Function("Sync")]
        public static string Sync([ActivityTrigger] int number) => $"sync {number}";

        [Function("Async")]
        public static async Task<string> AsyncAsync([ActivityTrigger] int number, CancellationToken cancellationToken)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            return $"async {number}";
        }

        [Function("ContextOnly")]
        public static string ContextOnly([ActivityTrigger] FunctionContext context) => $"context {context.FunctionDefinition.Name}";

        [Function("List")]
        public static string List([ActivityTrigger] IReadOnlyList<string> items) => $"list {items.Count}";

        [Function("Nothing")]
        public static Task NothingAsync([ActivityTrigger] int number) => Task.CompletedTask;

        [Function("Fail")]
        public static Task FailAsync([ActivityTrigger] string? input) => throw new InvalidOperationException("on purpose");
    }

    public sealed class Slow(Trail trail)
    {
        [Function("slow")]
        public async Task<string> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, CancellationToken cancellationToken)
        {
            trail.Begun.SetResult();
            await trail.Release.Task.WaitAsync(cancellationToken);
            return "ended";
        }
    }
}

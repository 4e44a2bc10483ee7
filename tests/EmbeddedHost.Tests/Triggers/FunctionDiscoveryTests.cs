using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers;

public sealed class FunctionDiscoveryTests
{
    [Fact]
    public void Functions_are_found_static_or_not_with_the_trigger_and_bindings_of_each()
    {
        var catalog = FunctionDiscovery.Find([typeof(Good)], "Hub");

        catalog.Functions.Select(function =>
            $"{function.Name}: {string.Join(", ", function.InputBindings.OrderBy(binding => binding.Key, StringComparer.Ordinal).Select(binding => $"{binding.Key}={binding.Value.Type}"))}")
            .ShouldBe([
                "Activity: input=activityTrigger",
                "ActivityWithoutInput: context=activityTrigger",
                "Http: client=durableClient, request=httpTrigger",
                "Orchestrator: context=orchestrationTrigger",
                "Timer: timer=timerTrigger"]);
    }

    [Theory]
    [InlineData(typeof(NoTrigger), "0 parameters carry a trigger attribute")]
    [InlineData(typeof(TwoTriggers), "2 parameters carry a trigger attribute")]
    [InlineData(typeof(NotPublic), "Make both public")]
    [InlineData(typeof(Generic<>), "neither generic nor on an abstract class")]
    [InlineData(typeof(Abstract), "neither generic nor on an abstract class")]
    [InlineData(typeof(AsyncVoid), "Return Task")]
    [InlineData(typeof(ReturnsValueTask), "ValueTask`1 cannot be returned. Return Task")]
    [InlineData(typeof(BadName), "'9 lives' is no function name")]
    [InlineData(typeof(WrongRequest), "parameter 'request' is a String. With [HttpTrigger] it has to be a HttpRequest")]
    [InlineData(typeof(WrongTimer), "With [TimerTrigger] it has to be a TimerInfo")]
    [InlineData(typeof(WrongOrchestration), "With [OrchestrationTrigger] it has to be a TaskOrchestrationContext")]
    [InlineData(typeof(WrongClient), "With [DurableClient] it has to be a DurableTaskClient")]
    [InlineData(typeof(OtherHub), "asks for the task hub 'Elsewhere', but this host has only 'Hub'")]
    [InlineData(typeof(WrongActivity), "Put [ActivityTrigger] on the input")]
    [InlineData(typeof(NotInRoute), "parameter 'missing' of type Int32 has no source")]
    [InlineData(typeof(ServiceInOrchestrator), "parameter 'second' of type String has no source. An orchestrator takes")]
    [InlineData(typeof(ClientInOrchestrator), "an orchestrator's calls have to replay alike")]
    [InlineData(typeof(ServiceInActivity), "inject services into the constructor")]
    [InlineData(typeof(NotParsable), "takes a route value as Version[], which cannot be parsed from text")]
    [InlineData(typeof(BadRoute), "is no route template")]
    [InlineData(typeof(UserLevel), "AuthorizationLevel.User needs the platform's sign-in")]
    [InlineData(typeof(ByReference), "Pass it by value")]
    public void A_function_that_cannot_be_called_stops_the_start_with_place_and_cure(Type type, string message)
    {
        var find = () => FunctionDiscovery.Find([type], "Hub");

        var exception = find.ShouldThrow<FunctionSetupException>();
        exception.Message.ShouldContain(message);
        exception.Message.ShouldContain($"{type.FullName}.Run");
    }

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        var find = () => FunctionDiscovery.Find([typeof(NoTrigger), typeof(AsyncVoid), typeof(WrongRequest)], "Hub");

        find.ShouldThrow<FunctionSetupException>().Message.ShouldStartWith("3 problems:");
    }

    [Fact]
    public void Names_that_differ_in_case_only_are_the_same_name()
    {
        var find = () => FunctionDiscovery.Find([typeof(Named1), typeof(Named2)], "Hub");

        var message = find.ShouldThrow<FunctionSetupException>().Message;
        message.ShouldContain("Two functions are named 'same'");
        message.ShouldContain(typeof(Named1).FullName!);
        message.ShouldContain(typeof(Named2).FullName!);
    }

    [Fact]
    public void Routes_that_match_the_same_requests_stop_the_start()
    {
        var build = () => Build(builder => builder.ConfigureFunctionsWebApplication(), typeof(OneRoute), typeof(SameRoute));

        build.ShouldThrow<FunctionSetupException>().Message.ShouldContain("answer the same route");
    }

    [Fact]
    public void Http_functions_need_the_web_application()
    {
        var build = () => Build(null, typeof(OneRoute));

        build.ShouldThrow<FunctionSetupException>().Message.ShouldContain("Call builder.ConfigureFunctionsWebApplication()");
    }

    [Fact]
    public void The_entry_assembly_and_the_projects_it_references_are_searched_but_not_the_host()
    {
        var assemblies = FunctionAssemblies.From(typeof(FunctionDiscoveryTests).Assembly);

        assemblies.ShouldBe([typeof(FunctionDiscoveryTests).Assembly]);
    }

    private static void Build(Action<FunctionsApplicationBuilder>? configure, params Type[] functions)
    {
        var directory = Directory.CreateTempSubdirectory("functions-");
        try
        {
            var builder = new FunctionsApplicationBuilder(["--Host:DataDirectory", directory.FullName], functions);
            configure?.Invoke(builder);
            builder.Build().Dispose();
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public sealed class Good
    {
        [Function("Http")]
        public string Http(
            [HttpTrigger(AuthorizationLevel.Anonymous, Route = "a/{id}")] HttpRequest request,
            [DurableClient] DurableTaskClient client,
            string id,
            FunctionContext context,
            CancellationToken cancellationToken) => "";

        [Function("Timer")]
        public static void Timer([TimerTrigger("0 0 * * * *")] TimerInfo timer)
        {
        }

        [Function("Orchestrator")]
        public static Task<int> OrchestrateAsync([OrchestrationTrigger] TaskOrchestrationContext context, string input) => Task.FromResult(1);

        [Function("Activity")]
        public Task ActAsync([ActivityTrigger] int input, string instanceId, CancellationToken cancellationToken) => Task.CompletedTask;

        [Function("ActivityWithoutInput")]
        public void ActWithoutInput([ActivityTrigger] FunctionContext context)
        {
        }

        public void NotAFunction(int whatever)
        {
        }
    }

    public static class NoTrigger
    {
        [Function("f")]
        public static void Run(HttpRequest request)
        {
        }
    }

    public static class TwoTriggers
    {
        [Function("f")]
        public static void Run([HttpTrigger] HttpRequest request, [TimerTrigger("0 0 * * * *")] TimerInfo timer)
        {
        }
    }

    internal static class NotPublic
    {
        [Function("f")]
        public static void Run([HttpTrigger] HttpRequest request)
        {
        }
    }

    public sealed class Generic<T>
    {
        [Function("f")]
        public void Run([ActivityTrigger] T input)
        {
        }
    }

    public abstract class Abstract
    {
        [Function("f")]
        public void Run([HttpTrigger] HttpRequest request)
        {
        }
    }

    public static class AsyncVoid
    {
        [Function("f")]
        public static async void Run([ActivityTrigger] int input) => await Task.Yield();
    }

    public static class ReturnsValueTask
    {
        [Function("f")]
        public static ValueTask<int> Run([ActivityTrigger] int input) => new(input);
    }

    public static class BadName
    {
        [Function("9 lives")]
        public static void Run([ActivityTrigger] int input)
        {
        }
    }

    public static class WrongRequest
    {
        [Function("f")]
        public static void Run([HttpTrigger] string request)
        {
        }
    }

    public static class WrongTimer
    {
        [Function("f")]
        public static void Run([TimerTrigger("0 0 * * * *")] string timer)
        {
        }
    }

    public static class WrongOrchestration
    {
        [Function("f")]
        public static void Run([OrchestrationTrigger] string context)
        {
        }
    }

    public static class WrongClient
    {
        [Function("f")]
        public static void Run([HttpTrigger] HttpRequest request, [DurableClient] string client)
        {
        }
    }

    public static class OtherHub
    {
        [Function("f")]
        public static void Run([HttpTrigger] HttpRequest request, [DurableClient(TaskHub = "Elsewhere")] DurableTaskClient client)
        {
        }
    }

    public static class WrongActivity
    {
        [Function("f")]
        public static void Run([ActivityTrigger] TaskActivityContext context)
        {
        }
    }

    public static class NotInRoute
    {
        [Function("f")]
        public static void Run([HttpTrigger(Route = "a/{there}")] HttpRequest request, int there, int missing)
        {
        }
    }

    public static class ServiceInOrchestrator
    {
        [Function("f")]
        public static void Run([OrchestrationTrigger] TaskOrchestrationContext context, int first, string second)
        {
        }
    }

    public static class ClientInOrchestrator
    {
        [Function("f")]
        public static void Run([OrchestrationTrigger] TaskOrchestrationContext context, [DurableClient] DurableTaskClient client)
        {
        }
    }

    public static class ServiceInActivity
    {
        [Function("f")]
        public static void Run([ActivityTrigger] int input, FunctionRegistry service)
        {
        }
    }

    public static class NotParsable
    {
        [Function("f")]
        public static void Run([HttpTrigger(Route = "a/{id}")] HttpRequest request, Version[] id)
        {
        }
    }

    public static class BadRoute
    {
        [Function("f")]
        public static void Run([HttpTrigger(Route = "a/{id")] HttpRequest request)
        {
        }
    }

    public static class UserLevel
    {
        [Function("f")]
        public static void Run([HttpTrigger(AuthorizationLevel.User)] HttpRequest request)
        {
        }
    }

    public static class ByReference
    {
        [Function("f")]
        public static void Run([ActivityTrigger] in int input)
        {
        }
    }

    public static class Named1
    {
        [Function("same")]
        public static void Run([ActivityTrigger] int input)
        {
        }
    }

    public static class Named2
    {
        [Function("SAME")]
        public static void Run([ActivityTrigger] int input)
        {
        }
    }

    public static class OneRoute
    {
        [Function("one")]
        public static string Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "things/{id}")] HttpRequest request) => "";
    }

    public static class SameRoute
    {
        [Function("two")]
        public static string Run([HttpTrigger(AuthorizationLevel.Anonymous, "POST", Route = "Things/{name}")] HttpRequest request) => "";
    }
}

using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace AtomicDevOps.FunctionApp.Tests;

public sealed class AzureFunctionListTests
{
    [Fact]
    public void The_azure_host_lists_the_functions_that_are_written_down()
    {
        var functions = Functions().Select(static function => $"{Name(function)} {Trigger(function)}");

        string.Join('\n', functions.Order(StringComparer.Ordinal)).ShouldBe(FunctionListTests.WrittenDown());
    }

    [Fact]
    public void Both_hosts_call_the_same_methods_with_the_same_bindings()
    {
        var azure = Functions().Select(static function =>
            $"{Name(function)} {Text(function, "entryPoint")}({string.Join(", ", Bindings(function).Select(Shown).Order(StringComparer.Ordinal))})");
        var embedded = FunctionListTests.Functions().Select(static function =>
            $"{function.Name} {function.Method.DeclaringType}.{function.Method.Name}({string.Join(", ", Bindings(function.Method).Order(StringComparer.Ordinal))})");

        azure.ShouldBe(embedded, ignoreOrder: true);
    }

    private static IEnumerable<string> Bindings(MethodInfo method)
    {
        foreach (var parameter in method.GetParameters())
        {
            switch (parameter.GetCustomAttribute<BindingAttribute>())
            {
                case TimerTriggerAttribute timer:
                    yield return $"{parameter.Name} timerTrigger In{(timer.RunOnStartup ? " runOnStartup" : string.Empty)}";
                    break;
                case { } binding:
                    yield return $"{parameter.Name} {JsonNamingPolicy.CamelCase.ConvertName(binding.GetType().Name[..^"Attribute".Length])} In";
                    break;
            }
        }

        if (method.GetParameters().Any(static parameter => parameter.IsDefined(typeof(HttpTriggerAttribute), inherit: true)))
        {
            yield return "$return http Out";
        }
    }

    private static string Shown(JsonElement binding) =>
        $"{Text(binding, "name")} {Text(binding, "type")} {Text(binding, "direction")}"
        + (binding.TryGetProperty("runOnStartup", out var atStart) && atStart.GetBoolean() ? " runOnStartup" : string.Empty);

    private static List<JsonElement> Functions()
    {
        var metadata = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "functions.metadata"));
        return [.. JsonDocument.Parse(metadata).RootElement.EnumerateArray()];
    }

    private static string Trigger(JsonElement function)
    {
        var trigger = Bindings(function).Single(static binding => Text(binding, "type").EndsWith("Trigger", StringComparison.Ordinal));
        return Text(trigger, "type") switch
        {
            "httpTrigger" => $"{string.Join(',', Methods(trigger))} {Text(trigger, "route")} {Text(trigger, "authLevel")}",
            "timerTrigger" => $"timer {Text(trigger, "schedule")}",
            "orchestrationTrigger" => "orchestrator",
            "activityTrigger" => "activity",
            var other => other,
        };
    }

    private static JsonElement.ArrayEnumerator Bindings(JsonElement function) => function.GetProperty("bindings").EnumerateArray();

    private static IEnumerable<string> Methods(JsonElement trigger) =>
        trigger.GetProperty("methods").EnumerateArray().Select(static method => method.GetString()!.ToUpperInvariant());

    private static string Name(JsonElement function) => Text(function, "name");

    private static string Text(JsonElement part, string property) => part.GetProperty(property).GetString().ShouldNotBeNull();
}

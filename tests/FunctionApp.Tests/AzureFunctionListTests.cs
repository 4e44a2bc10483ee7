using System.Text.Json;
using Microsoft.Azure.Functions.Worker;

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
    public void The_azure_host_gives_a_client_to_the_functions_that_take_one()
    {
        var given = Functions().Where(static function => Bindings(function).Any(static binding => IsOf(binding, "durableClient"))).Select(Name);
        var taken = FunctionListTests.Functions()
            .Where(static function => function.Method.GetParameters().Any(static parameter => parameter.IsDefined(typeof(DurableClientAttribute), inherit: true)))
            .Select(static function => function.Name)
            .ToList();

        taken.ShouldNotBeEmpty();
        given.ShouldBe(taken, ignoreOrder: true);
    }

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

    private static bool IsOf(JsonElement binding, string type) => string.Equals(Text(binding, "type"), type, StringComparison.Ordinal);

    private static string Name(JsonElement function) => Text(function, "name");

    private static string Text(JsonElement part, string property) => part.GetProperty(property).GetString().ShouldNotBeNull();
}

using System.Reflection;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.FunctionApp.Pipelines;
using AtomicDevOps.Orchestrations.MetaControl;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.FunctionApp.Tests;

public sealed class FunctionListTests
{
    [Fact]
    public void The_app_has_the_functions_that_are_written_down()
    {
        var functions = Functions().Select(static function => $"{function.Name} {Trigger(function.Method)}");
        string.Join('\n', functions.Order(StringComparer.Ordinal)).ShouldBe(
            WrittenDown(),
            "names of functions are in histories and addresses: where the change is meant, write it into functions.txt");
    }

    internal static IEnumerable<(string Name, MethodInfo Method)> Functions() =>
        from assembly in new[] { typeof(PipelineTriggers).Assembly, typeof(MetaOrchestrator).Assembly, typeof(PlatformActivities).Assembly }
        from type in assembly.GetExportedTypes()
        from method in type.GetMethods()
        let name = method.GetCustomAttribute<FunctionAttribute>()?.Name
        where name is not null
        select (name, method);

    internal static string WrittenDown() => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "functions.txt")).ReplaceLineEndings("\n").TrimEnd();

    private static string Trigger(MethodInfo method) => method.GetParameters().SelectMany(parameter => parameter.GetCustomAttributes()).Select(attribute => attribute switch
    {
        HttpTriggerAttribute http => $"{string.Join(',', http.Methods!).ToUpperInvariant()} {http.Route} {http.AuthLevel}",
        TimerTriggerAttribute timer => $"timer {timer.Schedule}",
        OrchestrationTriggerAttribute => "orchestrator",
        ActivityTriggerAttribute => "activity",
        _ => null,
    }).First(trigger => trigger is not null)!;
}

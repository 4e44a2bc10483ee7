using System.Reflection;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;

namespace AtomicDevOps.Architecture.Tests;

/// <summary>Functions are called by name: nothing but these tests sees that one was renamed and its callers were not.</summary>
public sealed class FunctionTests
{
    [Fact]
    public void Function_names_are_unique() => Functions.All.Select(function => function.Name.ToUpperInvariant()).ShouldBeUnique();

    [Fact]
    public void There_are_functions_of_every_kind()
    {
        Functions.Activities.ShouldNotBeEmpty();
        Functions.Orchestrators.ShouldNotBeEmpty();
        Functions.All.Count.ShouldBeGreaterThan(Functions.Activities.Count() + Functions.Orchestrators.Count());
    }

    [Fact]
    public void Every_activity_is_called_through_a_property_of_its_own_class_with_its_name_and_its_types() =>
        Compare(
            Functions.Activities.Select(function => new Shape(
                function.Name,
                function.Method.DeclaringType!,
                function.ParameterWith<ActivityTriggerAttribute>()!.ParameterType,
                function.Result)),
            typeof(ActivityCall<,>));

    /// <summary>A host that stops cancels what runs, and cannot wait for what does not heed it.</summary>
    [Fact]
    public void Every_activity_that_waits_for_something_takes_a_cancellation_token_and_hands_it_on() =>
        Functions.Activities.Where(function => typeof(Task).IsAssignableFrom(function.Method.ReturnType) && !HandsItsTokenOn(function.Method)).Select(function => function.ToString()).ShouldBeEmpty();

    [Fact]
    public void Every_orchestrator_that_others_call_has_a_property_of_its_own_class_with_its_name_and_its_types() =>
        Compare(
            from function in Functions.Orchestrators
            where function.Method.DeclaringType!.GetCustomAttribute<AgentAttribute>()?.Layer != AgentLayer.MetaControl
            select new Shape(function.Name, function.Method.DeclaringType!, InputOf(function), function.Result),
            typeof(SubOrchestration<,>));

    [Fact]
    public void Every_orchestrator_belongs_to_an_agent() =>
        Functions.Orchestrators.Where(function => !function.Method.DeclaringType!.IsDefined(typeof(AgentAttribute))).ShouldBeEmpty();

    private static bool HandsItsTokenOn(MethodInfo method)
    {
        var takes = method.GetParameters().Any(parameter => parameter.ParameterType == typeof(CancellationToken));
        var named = MethodBodies.MembersOf(method).ToList();
        var usesOne = named.Exists(member => member switch
        {
            FieldInfo held => held.FieldType == typeof(CancellationToken),
            MethodBase call => call.GetParameters().Any(parameter => parameter.ParameterType == typeof(CancellationToken)),
            _ => false,
        });
        return takes && usesOne && !named.Exists(member => member.DeclaringType == typeof(CancellationToken) && member.Name is "get_None");
    }

    private static Type InputOf(FunctionMethod orchestrator) =>
        MethodBodies.CallsOf(orchestrator.Method)
            .OfType<MethodInfo>()
            .Where(call => call.DeclaringType == typeof(TaskOrchestrationContext) && call.Name is nameof(TaskOrchestrationContext.GetInput))
            .Select(call => call.GetGenericArguments()[0])
            .Distinct()
            .ShouldHaveSingleItem($"{orchestrator} has to read its input once, by GetInput.");

    private static void Compare(IEnumerable<Shape> functions, Type call)
    {
        var declared = functions.Select(function => function.ToString()).Order(StringComparer.Ordinal).ToArray();
        var called = Functions.CallsOf(call)
            .Select(each => new Shape(each.Name, each.Property.DeclaringType!, each.Input, each.Output).ToString())
            .Order(StringComparer.Ordinal)
            .ToArray();

        declared.ShouldNotBeEmpty();
        called.Except(declared, StringComparer.Ordinal).ShouldBeEmpty($"{call.Name} properties without such a function");
        declared.Except(called, StringComparer.Ordinal).ShouldBeEmpty($"functions without such a public static {call.Name} property");
    }

    private sealed record Shape(string Name, Type Owner, Type Input, Type Output)
    {
        public override string ToString() => $"{Owner.FullName}: {Name}({Input}) → {Output}";
    }
}

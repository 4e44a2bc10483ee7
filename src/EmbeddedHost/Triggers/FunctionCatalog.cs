using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>The app's functions, in the order of their names.</summary>
internal sealed class FunctionCatalog(IEnumerable<FunctionDescriptor> functions)
{
    public IReadOnlyList<FunctionDescriptor> Functions { get; } =
        [.. functions.OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase)];

    public FunctionCatalog Without(Func<FunctionDescriptor, bool> predicate) => new(Functions.Where(function => !predicate(function)));

    public IEnumerable<(FunctionDescriptor Function, TTrigger Trigger)> With<TTrigger>() =>
        from function in Functions
        where function.Trigger is TTrigger
        select (function, (TTrigger)(object)function.Trigger);

    /// <summary>Makes the orchestrators, activities and entities known to the engine.</summary>
    public void RegisterWith(FunctionRegistry registry, FunctionExecutor executor)
    {
        foreach (var (function, trigger) in With<OrchestrationTriggerAttribute>())
        {
            registry.AddOrchestrator(trigger.Orchestration ?? function.Name, context => executor.RunOrchestratorAsync(function, context));
        }

        foreach (var (function, trigger) in With<ActivityTriggerAttribute>())
        {
            registry.AddActivity(trigger.Activity ?? function.Name, invocation => executor.RunActivityAsync(function, invocation));
        }

        foreach (var (function, trigger) in With<EntityTriggerAttribute>())
        {
            registry.AddEntity(trigger.EntityName ?? function.Name, invocation => executor.RunEntityAsync(function, invocation));
        }
    }
}

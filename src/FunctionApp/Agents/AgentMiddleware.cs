using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Activities.Tools;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace AtomicDevOps.FunctionApp.Agents;

/// <summary>Around every activity of an agent: its off switch and its metrics. Orchestrators are left alone, because they are replayed.</summary>
internal sealed class AgentMiddleware(AgentCatalog catalog, AgentSwitches switches, AgentMetrics metrics, TimeProvider timeProvider) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        var function = context.FunctionDefinition;
        var isActivity = function.InputBindings.Values.Any(binding => string.Equals(binding.Type, "activityTrigger", StringComparison.OrdinalIgnoreCase));
        if (!isActivity || catalog.FindByEntryPoint(function.EntryPoint) is not { } agent)
        {
            await next(context);
            return;
        }

        if (!switches.IsEnabled(agent))
        {
            throw new ToolException(agent.Name, $"is switched off by Agents:{agent.Name}:Enabled.");
        }

        var started = timeProvider.GetTimestamp();
        var outcome = "failed";
        try
        {
            await next(context);
            outcome = "completed";
        }
        finally
        {
            metrics.Record(agent, function.Name, timeProvider.GetElapsedTime(started), outcome);
        }
    }
}

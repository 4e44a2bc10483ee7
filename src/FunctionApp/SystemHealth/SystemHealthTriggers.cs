using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.FunctionApp.Http;
using AtomicDevOps.FunctionApp.Pipelines;
using AtomicDevOps.Orchestrations.MetaControl;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.FunctionApp.SystemHealth;

/// <summary>Keeps the eternal orchestration alive and shows what it knows.</summary>
public sealed class SystemHealthTriggers(AgentCatalog catalog, ILogger<SystemHealthTriggers> logger)
{
    /// <summary>Whatever ended it (an operator, a bug, a purge), it is back within a minute.</summary>
    [Function(nameof(KeepSystemHealthAlive))]
    public async Task KeepSystemHealthAlive(
        [TimerTrigger("0 * * * * *", RunOnStartup = true)] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var instance = await client.GetInstanceAsync(SystemHealthOrchestration.InstanceId, cancellationToken);
        if (instance is { IsCompleted: false })
        {
            return;
        }

        logger.LogInformation("The system health orchestration is {Status}: starting it", instance?.RuntimeStatus.ToString() ?? "absent");
        if (!await PipelineRuns.StartOnlyOneAsync(client, nameof(SystemHealthOrchestration), SystemHealthOrchestration.InstanceId, cancellationToken))
        {
            logger.LogDebug("Another host has started it meanwhile");
        }
    }

    /// <summary><c>GET /api/health</c>: 200 while the platform can work, 503 where an agent cannot; names, but no details.</summary>
    [Function(nameof(GetHealth))]
    public async Task<IResult> GetHealth(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var health = await ReadAsync(client, cancellationToken);
        var answer = new
        {
            health.Health,
            health.Round,
            health.CheckedAt,
            Agents = health.Agents.ToDictionary(agent => agent.Key, agent => agent.Value.Health, StringComparer.Ordinal),
        };
        return Results.Json(
            answer,
            JsonDefaults.Options,
            statusCode: health.Health == AgentHealth.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    /// <summary><c>GET /api/agents</c>: the catalogue, with what each agent's probe found last and whether it is switched off.</summary>
    [Function(nameof(ListAgents))]
    public async Task<IResult> ListAgents(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "agents")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var health = await ReadAsync(client, cancellationToken);
        return Results.Json(new { agents = catalog.Describe(health) }, JsonDefaults.Options);
    }

    /// <summary><c>POST /api/health/probe</c> begins the next round at once.</summary>
    [Function(nameof(ProbeNow))]
    public async Task<IResult> ProbeNow(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "health/probe")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        if (await client.GetInstanceAsync(SystemHealthOrchestration.InstanceId, cancellationToken) is not { IsCompleted: false })
        {
            return Problems.Conflict("The system health orchestration does not run; its timer starts it within a minute.");
        }

        await client.RaiseEventAsync(SystemHealthOrchestration.InstanceId, SystemHealthOrchestration.ProbeNow, cancellation: cancellationToken);
        return Results.Accepted("/api/health");
    }

    private static async Task<Orchestrations.MetaControl.SystemHealth> ReadAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        var instance = await client.GetInstanceAsync(SystemHealthOrchestration.InstanceId, getInputsAndOutputs: true, cancellationToken);
        return instance?.SerializedCustomStatus is null
            ? Orchestrations.MetaControl.SystemHealth.None
            : instance.ReadCustomStatusAs<Orchestrations.MetaControl.SystemHealth>() ?? Orchestrations.MetaControl.SystemHealth.None;
    }
}

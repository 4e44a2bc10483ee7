using AtomicDevOps.Activities.Platform;

namespace AtomicDevOps.FunctionApp.Agents;

internal static class AgentsServiceCollectionExtensions
{
    /// <summary>The catalogue of agents and their metrics.</summary>
    /// <exception cref="InvalidOperationException">An off switch names no agent, or is neither <c>true</c> nor <c>false</c>.</exception>
    public static IServiceCollection AddAgents(this IServiceCollection services, IConfiguration configuration)
    {
        var known = new AgentCatalog(new AgentSwitches(new ConfigurationBuilder().Build())).Describe(Orchestrations.MetaControl.SystemHealth.None).Select(agent => agent.Name);
        foreach (var agent in configuration.GetSection("Agents").GetChildren())
        {
            if (!known.Contains(agent.Key, StringComparer.OrdinalIgnoreCase))
            {
                throw new InvalidOperationException($"Agents:{agent.Key} names no agent. There are {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
            }

            if (agent["Enabled"] is { } value && !bool.TryParse(value, out _))
            {
                throw new InvalidOperationException($"Agents:{agent.Key}:Enabled is '{value}'; it must be true or false.");
            }
        }

        return services.AddSingleton<AgentCatalog>().AddSingleton<AgentMetrics>();
    }
}

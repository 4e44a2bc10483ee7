using System.Globalization;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>Reads the subscription: the answer tells whether Azure is there, whether the identity may see it, and how near the limits are.</summary>
internal sealed class AzureResourceManagerProbe(string agent, IAzureResourceManagerClient arm) : IAgentProbe
{
    /// <summary>Of the 250 that a bucket holds; below this the work may soon stand still.</summary>
    private const long FewReads = 10;

    public string Agent => agent;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!arm.IsConfigured)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, "No subscription: set Azure:SubscriptionId.");
        }

        try
        {
            var subscription = await arm.GetSubscriptionAsync(cancellationToken);
            var left = subscription.RemainingReads is { } reads ? string.Create(CultureInfo.InvariantCulture, $", {reads} reads left") : "";
            var detail = $"Subscription '{subscription.Name}' is {subscription.State}{left}.";
            return subscription switch
            {
                { State: "Disabled" or "Deleted" } => new AgentProbeResult(AgentHealth.Unhealthy, detail),
                { Pause: var pause } when pause > TimeSpan.Zero => new AgentProbeResult(
                    AgentHealth.Degraded, string.Create(CultureInfo.InvariantCulture, $"{detail} A limit is reached; requests go on in {pause.TotalSeconds:0} s.")),
                { State: not "Enabled" } or { RemainingReads: < FewReads } => new AgentProbeResult(AgentHealth.Degraded, detail),
                _ => new AgentProbeResult(AgentHealth.Healthy, detail),
            };
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}

using System.Globalization;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.ChatModel;

/// <summary>Asks for the model's entry, which costs nothing and tells whether endpoint, key and model are right.</summary>
internal sealed class ChatModelProbe(string agent, IChatModelClient model) : IAgentProbe
{
    public string Agent => agent;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (!model.IsConfigured)
        {
            return new AgentProbeResult(AgentHealth.NotConfigured, "No chat model: nothing is proposed by one. Set ChatModel:Model.");
        }

        if (model.Pause is var pause && pause > TimeSpan.Zero)
        {
            return new AgentProbeResult(
                AgentHealth.Degraded, string.Create(CultureInfo.InvariantCulture, $"A limit is reached; requests go on in {pause.TotalSeconds:0} s."));
        }

        try
        {
            return await model.HasModelAsync(cancellationToken) switch
            {
                true => new AgentProbeResult(AgentHealth.Healthy, "The endpoint has the model."),
                false => new AgentProbeResult(AgentHealth.Unhealthy, "The endpoint does not have the model: check ChatModel:Model."),
                null => new AgentProbeResult(AgentHealth.Healthy, "The endpoint answers; it does not tell which models it has."),
            };
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}

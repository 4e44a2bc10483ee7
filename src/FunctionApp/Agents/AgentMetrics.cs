using System.Diagnostics;
using System.Diagnostics.Metrics;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.FunctionApp.Agents;

/// <summary>Meter <c>AtomicDevOps.Agents</c>: how often each agent is called, how it ends and how long it takes.</summary>
internal sealed class AgentMetrics
{
    private readonly Histogram<double> _duration;

    public AgentMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("AtomicDevOps.Agents");
        _duration = meter.CreateHistogram<double>("atomicdevops.agent.duration", "s", "How long an agent's function ran.");
    }

    public void Record(AgentAttribute agent, string function, TimeSpan duration, string outcome) =>
        _duration.Record(duration.TotalSeconds, new TagList
        {
            { "agent.name", agent.Name },
            { "agent.layer", $"L{(int)agent.Layer}" },
            { "function.name", function },
            { "outcome", outcome },
        });
}

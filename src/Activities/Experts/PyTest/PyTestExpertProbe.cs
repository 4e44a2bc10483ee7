using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Activities.Experts.PyTest;

/// <summary>The expert itself needs nothing but a place to run tests in; each such place has a probe of its own.</summary>
internal sealed class PyTestExpertProbe(IServiceProviderIsService services) : IAgentProbe
{
    public string Agent => PyTestExpert.Name;

    public Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken) => Task.FromResult(services.IsService(typeof(IContainerSandbox))
        ? new AgentProbeResult(AgentHealth.Healthy, "Tests run in containers.")
        : new AgentProbeResult(AgentHealth.Degraded, "No container sandbox is registered: tests can only run on this machine."));
}

using AtomicDevOps.Activities.Security.Remediation;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.ChatModel;
using AtomicDevOps.Activities.Tools.Osv;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Experts.GenRemediationSecurity;

/// <summary>Knows how findings are cleared, and which change is none that anybody should make. What it proposes still has to be proved.</summary>
[Agent(AgentLayer.ToolExpertise, Name, "Proposes bounded changes that clear security findings.")]
public sealed partial class GenRemediationSecurityExpert(
    IChatModelClient model, IAdvisorySource advisories, IArtifactStore artifacts, IOptions<RemediationOptions> options)
{
    internal const string Name = "GenRemediationSecurityExpert";
}

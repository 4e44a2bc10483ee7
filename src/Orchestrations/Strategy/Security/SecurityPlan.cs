using AtomicDevOps.Activities.Platform;
using AtomicDevOps.Orchestrations.Domains.Vulnerability;
using AtomicDevOps.Orchestrations.Pipelines;

namespace AtomicDevOps.Orchestrations.Strategy.Security;

/// <summary>What a change has to be looked at for, and whether what is found holds it back.</summary>
public sealed record SecurityPlan(ScanScope Scope, bool MayBlock)
{
    /// <summary>
    /// A pull request is looked at for what it touches, and held back by what it adds. A branch as it stands is looked at as a whole and only reported on: it is
    /// there already. A push to it is about to be released, so its application is looked at from outside; a sweep is about what may run in production for long,
    /// so a copy of the application is attacked, too.
    /// </summary>
    public static SecurityPlan Decide(WorkKind kind, VulnerabilityTarget target, PlatformPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(policy);
        if (kind is not (WorkKind.Push or WorkKind.Sweep))
        {
            return new SecurityPlan(new ScanScope { Dependencies = target.NamesDependencies }, MayBlock: true);
        }

        var application = target.Configuration.Security.Application is null || policy.Runner == PipelineRunner.Local
            ? ApplicationScan.None
            : kind == WorkKind.Push ? ApplicationScan.Baseline : ApplicationScan.Full;
        return new SecurityPlan(new ScanScope { Dependencies = true, Application = application }, MayBlock: false);
    }
}

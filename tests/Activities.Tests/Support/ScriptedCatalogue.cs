using AtomicDevOps.Activities.Tools.KnownExploited;

namespace AtomicDevOps.Activities.Tests.Support;

/// <param name="read">What the catalogue is; nothing where nobody names one.</param>
internal sealed class ScriptedCatalogue(Func<KnownExploitedVulnerabilities?>? read = null) : IKnownExploitedCatalogue
{
    public Task<KnownExploitedVulnerabilities?> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(read?.Invoke());
}

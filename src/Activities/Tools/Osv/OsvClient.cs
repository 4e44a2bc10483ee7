using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Advisories in the OSV format, from a directory of records.</summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Knows the advisories about packages, from a directory of OSV records.")]
public sealed class OsvClient(IOptions<OsvOptions> options) : IAdvisorySource
{
    internal const string ToolName = "OSV API";

    private readonly OsvDirectory? _directory = options.Value.Directory is { Length: > 0 } directory ? new OsvDirectory(directory) : null;

    public Task<AdvisoryAnswer> FindAsync(IReadOnlyCollection<OsvPackage> packages, CancellationToken cancellationToken) =>
        _directory is null
            ? throw new ToolException(ToolName, "There is no source of advisories. Set Osv:Directory to a directory of OSV records.")
            : Task.FromResult(_directory.Find(packages, cancellationToken));
}

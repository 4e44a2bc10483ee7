using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Advisories in the OSV format, from a directory of records, and of ecosystems that the directory has nothing of from the API of osv.dev.</summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Knows the advisories about packages, from a directory of OSV records and the API of osv.dev.")]
public sealed class OsvClient : IAdvisorySource
{
    internal const string ToolName = "OSV API";

    private readonly OsvDirectory? _directory;
    private readonly OsvApi? _api;

    /// <summary>From a directory alone.</summary>
    public OsvClient(IOptions<OsvOptions> options) =>
        _directory = options.Value.Directory is { Length: > 0 } directory ? new OsvDirectory(directory) : null;

    public OsvClient(IOptions<OsvOptions> options, IHttpClientFactory clients, IArtifactStore artifacts, TimeProvider timeProvider)
        : this(options) =>
        _api = options.Value.Address is null ? null : new OsvApi(options.Value, clients, artifacts, timeProvider);

    public async Task<AdvisoryAnswer> FindAsync(IReadOnlyCollection<OsvPackage> packages, CancellationToken cancellationToken)
    {
        if (_directory is null)
        {
            return _api is null
                ? throw new ToolException(ToolName, "There is no source of advisories. Set Osv:Directory to a directory of OSV records, or Osv:Address to https://api.osv.dev/.")
                : await _api.FindAsync(packages, cancellationToken);
        }

        var local = _directory.Find(packages, cancellationToken);
        var others = packages.Where(package => !local.Ecosystems!.Contains(package.Ecosystem.Split(':')[0])).ToArray();
        if (_api is null || (others.Length == 0 && packages.Count > 0))
        {
            return local;
        }

        try
        {
            var remote = await _api.FindAsync(others, cancellationToken);
            return new AdvisoryAnswer(local.Records.Concat(remote.Records).ToDictionary(), $"{local.AsOf}; {remote.AsOf}")
            {
                Ecosystems = remote.Ecosystems,
                Problems = [.. local.Problems, .. remote.Problems],
            };
        }
        catch (ToolException exception)
        {
            return local with { Problems = [.. local.Problems, exception.Message] };
        }
    }
}

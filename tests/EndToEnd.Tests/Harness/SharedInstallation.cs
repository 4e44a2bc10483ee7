using AtomicDevOps.EndToEnd.Tests.Harness;

[assembly: AssemblyFixture(typeof(SharedInstallation))]

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>The one installation that all ordinary cases share, each with repositories of its own.</summary>
public sealed class SharedInstallation : IAsyncDisposable
{
    private readonly DockerEngine _engine = DockerEngine.Usual();
    private readonly Lazy<Task<Installation>> _installation;

    public SharedInstallation() => _installation = new Lazy<Task<Installation>>(() => Installation.StartAsync(_engine));

    /// <summary>The installation for a test that needs containers.</summary>
    public async Task<Installation> WithEngineAsync()
    {
        await _engine.RequireAsync();
        return await _installation.Value;
    }

    /// <summary>The installation for a test that needs none.</summary>
    public Task<Installation> GetAsync() => _installation.Value;

    public async ValueTask DisposeAsync()
    {
        if (_installation.IsValueCreated)
        {
            await (await _installation.Value).DisposeAsync();
        }

        _engine.Dispose();
    }
}

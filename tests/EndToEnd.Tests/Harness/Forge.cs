using System.Net.Http.Headers;
using System.Text;
using AtomicDevOps.LocalForge;
using AtomicDevOps.LocalForge.Alerts;
using AtomicDevOps.LocalForge.Faults;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>A forge in this process, and the accounts that tests act as.</summary>
public sealed class Forge : IAsyncDisposable
{
    /// <summary>Owns the repositories.</summary>
    public const string Owner = "octo";

    /// <summary>Who the platform is at the forge; it may write to the repositories.</summary>
    public const string Bot = "atomic-bot";

    private readonly LocalForgeOptions _options;
    private readonly Dictionary<string, HttpClient> _people = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private LocalForgeServer _server;
    private int _repositories;

    private Forge(LocalForgeOptions options, LocalForgeServer server)
    {
        _options = options;
        _server = server;
        Address = server.Address;
    }

    public Uri Address { get; }

    /// <summary>The token that the platform gets.</summary>
    public string BotToken { get; private init; } = "";

    public ForgeFaults Faults => _server.Faults;

    public static async Task<Forge> StartAsync(string directory)
    {
        var options = new LocalForgeOptions { Directory = directory, RateLimit = 1_000_000 };
        var server = await LocalForgeServer.StartAsync(options);
        return new Forge(options with { Port = server.Address.Port }, server)
        {
            BotToken = await server.Administration.CreateTokenAsync(Bot),
        };
    }

    /// <summary>Stops listening, so that connections are refused, until <see cref="ComeBackAsync"/>.</summary>
    public ValueTask GoAwayAsync() => _server.DisposeAsync();

    public async Task ComeBackAsync() => _server = await LocalForgeServer.StartAsync(_options);

    /// <summary>Makes a repository that the platform may write to.</summary>
    /// <param name="files">Content by path.</param>
    public async Task<ForgeRepository> CreateRepositoryAsync(IEnumerable<KeyValuePair<string, string>> files)
    {
        // Padded, so that no name begins with another: faults pick their requests by it.
        var fullName = $"{Owner}/project-{Interlocked.Increment(ref _repositories):0000}";
        await _server.Administration.CreateRepositoryAsync(
            fullName, files.ToDictionary(file => file.Key, file => Encoding.UTF8.GetBytes(file.Value), StringComparer.Ordinal));
        await _server.Administration.AddCollaboratorAsync(fullName, Bot, "write");
        return new ForgeRepository(this, fullName);
    }

    public Task GrantAsync(string repository, string login, string permission) =>
        _server.Administration.AddCollaboratorAsync(repository, login, permission);

    /// <summary>Commits files to a branch, which is made from main where it is new, with all that follows from a push.</summary>
    /// <returns>The commit's id.</returns>
    public Task<string> CommitAsync(string repository, string branch, string message, IReadOnlyDictionary<string, byte[]?> files) =>
        _server.Administration.CommitAsync(repository, branch, message, files, TestContext.Current.CancellationToken);

    /// <summary>Tells the repository's webhooks of an alert, as GitHub does of those that it raises by itself.</summary>
    public Task RaiseAlertAsync(string repository, SecurityAlert alert) =>
        _server.Administration.RaiseAlertAsync(repository, alert, TestContext.Current.CancellationToken);

    /// <summary>The forge's API with a token of this account, which is made where it is new.</summary>
    public async Task<HttpClient> AsAsync(string login)
    {
        lock (_lock)
        {
            if (_people.TryGetValue(login, out var known))
            {
                return known;
            }
        }

        var token = await _server.Administration.CreateTokenAsync(login);
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        client.DefaultRequestHeaders.UserAgent.ParseAdd("end-to-end-tests");
        lock (_lock)
        {
            return _people[login] = client;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _people.Values)
        {
            client.Dispose();
        }

        await _server.DisposeAsync();
    }
}

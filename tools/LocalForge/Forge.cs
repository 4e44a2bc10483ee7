using AtomicDevOps.LocalForge.Api;
using AtomicDevOps.LocalForge.Faults;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge;

/// <summary>What all parts of a running forge share.</summary>
internal sealed class Forge(LocalForgeOptions options, ForgeStore store)
{
    public LocalForgeOptions Options { get; } = options;

    public ForgeStore Store { get; } = store;

    public ForgeFaults Faults { get; } = new(options.TimeProvider);

    /// <summary>The address it listens on, without a slash at the end; known once it listens.</summary>
    public string Address { get; set; } = "";

    /// <summary>Signs what the forge hands out and takes back, such as archive links.</summary>
    public byte[] SigningKey { get; } = System.Security.Cryptography.RandomNumberGenerator.GetBytes(32);

    /// <summary>Links for what the forge sends of its own accord: webhooks and pages.</summary>
    public ForgeLinks Links => new(Address, Address);

    /// <summary>The time in whole seconds, as all of GitHub's times are.</summary>
    public DateTimeOffset Now => DateTimeOffset.FromUnixTimeSeconds(Options.TimeProvider.GetUtcNow().ToUnixTimeSeconds());

    public BareRepository GitOf(Repository repository) => new(GitDirectory(repository.Id));

    public string GitDirectory(long repositoryId) => Path.Combine(Options.Directory, "git", $"{repositoryId}.git");

    public Repository? FindRepository(string owner, string name)
    {
        var user = FindUser(owner);
        return user is null
            ? null
            : Store.Repositories.FirstOrDefault(repository =>
                repository.OwnerId == user.Id && repository.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }

    public User? FindUser(string login) =>
        Store.Users.FirstOrDefault(user => user.Login.Equals(login, StringComparison.OrdinalIgnoreCase));

    public User OwnerOf(Repository repository) => Store.Users[repository.OwnerId];

    public string FullName(Repository repository) => $"{OwnerOf(repository).Login}/{repository.Name}";

    public GitSignature SignatureOf(User user) =>
        new(user.Name ?? user.Login, user.Email ?? $"{user.Id}+{user.Login}@users.noreply.localhost", Now);

    /// <summary>Who commits what a person asked for through the web or the API.</summary>
    public GitSignature ForgeSignature => new("GitHub", "noreply@github.com", Now);
}

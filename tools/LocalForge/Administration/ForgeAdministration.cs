using System.Security.Cryptography;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AtomicDevOps.LocalForge.Alerts;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.CodeScanning;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.PullRequests;
using AtomicDevOps.LocalForge.Store;
using AtomicDevOps.LocalForge.Webhooks;

namespace AtomicDevOps.LocalForge.Administration;

/// <summary>Sets a forge up: accounts, tokens, repositories, GitHub Apps. In one's own process there is no one to ask for permission.</summary>
public sealed partial class ForgeAdministration
{
    internal const string OwnAppSlug = "local-forge";

    private static readonly string[] ReservedLogins =
        ["_forge", "api", "app", "apps", "avatars", "meta", "rate_limit", "repos", "settings", "user", "users"];

    private readonly Forge _forge;
    private readonly RefWatcher _refs;
    private readonly WebhookPublisher _webhooks;

    internal ForgeAdministration(Forge forge, RefWatcher refs, WebhookPublisher webhooks)
    {
        _forge = forge;
        _refs = refs;
        _webhooks = webhooks;
    }

    /// <summary>Makes an account, or finds the one that has this login.</summary>
    /// <exception cref="ArgumentException">GitHub would not allow the login.</exception>
    public async Task CreateUserAsync(string login, string? name = null, string? email = null, CancellationToken cancellationToken = default)
    {
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        FindOrCreateUser(write, login, User.Person, name, email);
        write.Commit();
    }

    /// <summary>Makes a token. This is the only time that it is shown.</summary>
    /// <param name="login">Whose token; the account is made where there is none.</param>
    /// <param name="repositories">The repositories (<c>owner/name</c>) that it opens; null means all that its user may see.</param>
    /// <param name="readOnly">Whether it opens them for reading only.</param>
    /// <param name="expiresAt">When it stops working; null means never.</param>
    public async Task<string> CreateTokenAsync(
        string login,
        IReadOnlyCollection<string>? repositories = null,
        bool readOnly = false,
        DateTimeOffset? expiresAt = null,
        CancellationToken cancellationToken = default)
    {
        var token = GenerateToken("ghp_");
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        var user = FindOrCreateUser(write, login, User.Person, name: null, email: null);
        write.Put(_forge.Store.Tokens, new AccessToken(write.NextId(), Authentication.Hash(token), user.Id)
        {
            RepositoryIds = repositories?.Select(name => FindRepository(name).Id).ToArray(),
            ReadOnly = readOnly,
            ExpiresAt = expiresAt,
        });
        write.Commit();
        return token;
    }

    /// <summary>Ends a token at once.</summary>
    public async Task RevokeTokenAsync(string token, CancellationToken cancellationToken = default)
    {
        var hash = Authentication.Hash(token);
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        if (_forge.Store.Tokens.FirstOrDefault(known => known.Sha256 == hash) is { } found)
        {
            write.Delete(_forge.Store.Tokens, found);
        }

        write.Commit();
    }

    /// <summary>Makes a repository whose first commit, on the default branch, has these files.</summary>
    /// <param name="fullName"><c>owner/name</c>; the owner's account is made where there is none.</param>
    /// <param name="files">Content by path, with forward slashes; null or empty for a repository without commits.</param>
    /// <param name="isPrivate">Whether only those with a permission may see it.</param>
    /// <exception cref="ArgumentException">The name is not one, or taken.</exception>
    public async Task CreateRepositoryAsync(
        string fullName,
        IReadOnlyDictionary<string, byte[]>? files = null,
        bool isPrivate = false,
        CancellationToken cancellationToken = default)
    {
        var (owner, name) = SplitName(fullName);
        await CreateUserAsync(owner, cancellationToken: cancellationToken);
        try
        {
            var repository = await CreateRepositoryAsync(
                _forge.FindUser(owner)!, name, isPrivate, description: null, autoInit: false, cancellationToken);
            if (files is { Count: > 0 })
            {
                await CommitAsync(fullName, repository.DefaultBranch, "Initial commit", files!, cancellationToken);
            }
        }
        catch (ApiException problem)
        {
            throw new ArgumentException($"{fullName}: {problem.Errors[0].Message ?? problem.Message}", nameof(fullName), problem);
        }
    }

    /// <summary>Makes a repository out of the files in a directory; <c>.git</c> directories are left out.</summary>
    public async Task CreateRepositoryFromDirectoryAsync(
        string fullName, string directory, bool isPrivate = false, CancellationToken cancellationToken = default)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(directory, file).Replace(Path.DirectorySeparatorChar, '/');
            if (!path.Split('/').Contains(".git", StringComparer.Ordinal))
            {
                files[path] = await File.ReadAllBytesAsync(file, cancellationToken);
            }
        }

        await CreateRepositoryAsync(fullName, files, isPrivate, cancellationToken);
    }

    /// <summary>Commits files to a branch, in the owner's name, with all that follows from a push.</summary>
    /// <param name="fullName"><c>owner/name</c>.</param>
    /// <param name="branch">Made from the default branch where it does not exist.</param>
    /// <param name="message">The commit's message.</param>
    /// <param name="files">Content by path; null deletes the file.</param>
    /// <returns>The commit's sha.</returns>
    public async Task<string> CommitAsync(
        string fullName,
        string branch,
        string message,
        IReadOnlyDictionary<string, byte[]?> files,
        CancellationToken cancellationToken = default)
    {
        var repository = FindRepository(fullName);
        var owner = _forge.OwnerOf(repository);
        var git = _forge.GitOf(repository);
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        var existing = await git.ReadBranchAsync(branch, cancellationToken);
        var parent = existing ?? await git.ReadBranchAsync(repository.DefaultBranch, cancellationToken);
        var entries = new Dictionary<string, (string, string?)>(StringComparer.Ordinal);
        foreach (var (path, content) in files)
        {
            entries[path] = ("100644", content is null ? null : await git.WriteBlobAsync(content, cancellationToken));
        }

        var tree = await git.WriteTreeAsync(parent, entries, cancellationToken);
        var signature = _forge.SignatureOf(owner);
        var sha = await git.CommitTreeAsync(tree, parent is null ? [] : [parent], message + "\n", signature, signature, cancellationToken);
        var change = new RefChange("refs/heads/" + branch, existing ?? RefChange.Zero, sha);
        if (!await git.UpdateRefAsync(change.Name, change.After, change.Before, cancellationToken))
        {
            throw new ArgumentException($"{branch} is not a branch name that git accepts.", nameof(branch));
        }

        await _refs.RefsChangedAsync(write, repository, [change], owner, cancellationToken);
        write.Commit();
        return sha;
    }

    /// <summary>Gives a user a permission on a repository: read, triage, write, maintain or admin.</summary>
    public async Task AddCollaboratorAsync(
        string fullName, string login, string permission, CancellationToken cancellationToken = default)
    {
        if (!Enum.TryParse<Permission>(permission, ignoreCase: true, out var granted) || granted == Permission.None)
        {
            throw new ArgumentException($"'{permission}' is not read, triage, write, maintain or admin.", nameof(permission));
        }

        var repository = FindRepository(fullName);
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        var user = FindOrCreateUser(write, login, User.Person, name: null, email: null);
        var known = _forge.Store.Collaborators.FirstOrDefault(c => c.RepositoryId == repository.Id && c.UserId == user.Id);
        write.Put(_forge.Store.Collaborators, new Collaborator(known?.Id ?? write.NextId(), repository.Id, user.Id, granted));
        write.Commit();
    }

    /// <summary>Switches code scanning on, as it is at first, or off, as it is on GitHub for a private repository whose plan has none.</summary>
    public async Task SetCodeScanningAsync(string fullName, bool enabled, CancellationToken cancellationToken = default)
    {
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        write.Put(_forge.Store.Repositories, FindRepository(fullName) with { CodeScanning = enabled });
        write.Commit();
    }

    /// <summary>What was uploaded to code scanning, oldest first.</summary>
    public IReadOnlyList<UploadedSarif> ListSarifUploads(string fullName)
    {
        var repository = FindRepository(fullName);
        return
        [
            .. _forge.Store.SarifUploads.All.Where(upload => upload.RepositoryId == repository.Id).OrderBy(upload => upload.Id).Select(upload => new UploadedSarif(
                upload.CommitSha, upload.Ref, upload.ToolName, SarifLog.Decompress(Convert.FromBase64String(upload.Log)), upload.Errors)),
        ];
    }

    /// <summary>Tells every webhook that wants to know of an alert, as GitHub does when it raises one. The forge itself keeps none.</summary>
    /// <returns>The alert's number.</returns>
    /// <exception cref="ArgumentException">The repository, the branch or the action does not exist.</exception>
    public async Task<long> RaiseAlertAsync(string fullName, SecurityAlert alert, CancellationToken cancellationToken = default)
    {
        if (!alert.Actions.Contains(alert.Action, StringComparer.Ordinal))
        {
            throw new ArgumentException($"'{alert.Action}' is none of {string.Join(", ", alert.Actions)}, which a {alert.Event} can be raised with.", nameof(alert));
        }

        var repository = FindRepository(fullName);
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        var number = write.NextId();
        var details = await DescribeAsync(repository, alert, number, cancellationToken);
        _webhooks.Publish(write, repository, alert.Event, alert.Action, FindOrCreateUser(write, "github", User.Organization, name: null, email: null), details);
        write.Commit();
        return number;
    }

    /// <summary>Registers a GitHub App and installs it on an account.</summary>
    /// <param name="slug">The app's name in addresses; its bot is <c>slug[bot]</c>.</param>
    /// <param name="account">The account that it is installed on, with all its repositories.</param>
    /// <param name="publicKeyPem">The public half (PEM) of the key that signs its JWTs.</param>
    /// <returns>The app's id (the JWT's <c>iss</c>) and the installation's.</returns>
    public async Task<(long AppId, long InstallationId)> InstallAppAsync(
        string slug, string account, string publicKeyPem, CancellationToken cancellationToken = default)
    {
        using (var key = RSA.Create())
        {
            key.ImportFromPem(publicKeyPem);
        }

        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        var owner = FindOrCreateUser(write, account, User.Person, name: null, email: null);
        var app = CreateApp(write, slug, owner.Id, publicKeyPem);
        var installation = write.Put(_forge.Store.Installations, new Installation(write.NextId(), app.Id, owner.Id, _forge.Now));
        write.Commit();
        return (app.Id, installation.Id);
    }

    internal static string GenerateToken(string prefix) =>
        prefix + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 36);

    /// <summary>Registers the forge's own app, in whose name users without one write check runs.</summary>
    internal async Task EnsureOwnAppAsync(CancellationToken cancellationToken)
    {
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        if (_forge.Store.Apps.FirstOrDefault(app => app.Slug == OwnAppSlug) is null)
        {
            var owner = FindOrCreateUser(write, OwnAppSlug, User.Person, name: null, email: null);
            CreateApp(write, OwnAppSlug, owner.Id, publicKeyPem: "");
        }

        write.Commit();
    }

    internal async Task<Repository> CreateRepositoryAsync(
        User owner, string name, bool isPrivate, string? description, bool autoInit, CancellationToken cancellationToken)
    {
        CheckName(name);
        Repository repository;
        using (var write = await _forge.Store.BeginWriteAsync(cancellationToken))
        {
            CheckNameIsFree(owner, name);
            repository = NewRepository(write, owner, name) with { Private = isPrivate, Description = description };
            await BareRepository.InitializeAsync(_forge.GitDirectory(repository.Id), repository.DefaultBranch, cancellationToken);
            write.Put(_forge.Store.Repositories, repository);
            write.Commit();
        }

        if (autoInit)
        {
            var readme = System.Text.Encoding.UTF8.GetBytes($"# {name}\n");
            await CommitAsync(
                _forge.FullName(repository),
                repository.DefaultBranch,
                "Initial commit",
                new Dictionary<string, byte[]?>(StringComparer.Ordinal) { ["README.md"] = readme },
                cancellationToken);
        }

        return _forge.Store.Repositories[repository.Id];
    }

    /// <summary>Makes a fork, or finds the one that the user has.</summary>
    internal async Task<Repository> ForkAsync(User owner, Repository parent, string? name, CancellationToken cancellationToken)
    {
        using var write = await _forge.Store.BeginWriteAsync(cancellationToken);
        if (_forge.Store.Repositories.FirstOrDefault(known => known.OwnerId == owner.Id && known.ParentId == parent.Id) is { } existing)
        {
            return existing;
        }

        var forkName = name ?? parent.Name;
        CheckName(forkName);
        CheckNameIsFree(owner, forkName);
        var fork = NewRepository(write, owner, forkName) with
        {
            Private = parent.Private,
            Description = parent.Description,
            ParentId = parent.Id,
            DefaultBranch = parent.DefaultBranch,
        };
        var git = await BareRepository.InitializeAsync(_forge.GitDirectory(fork.Id), fork.DefaultBranch, cancellationToken);
        await git.FetchAsync(_forge.GitOf(parent), "refs/heads/*", "refs/heads/*", cancellationToken);
        await git.FetchAsync(_forge.GitOf(parent), "refs/tags/*", "refs/tags/*", cancellationToken);
        write.Put(_forge.Store.Repositories, fork);
        write.Commit();
        return fork;
    }

    private async Task<JsonObject> DescribeAsync(Repository repository, SecurityAlert alert, long number, CancellationToken cancellationToken)
    {
        var show = new JsonRenderer(_forge, _forge.Links);
        switch (alert)
        {
            case DependabotAlert dependency:
                return new JsonObject { ["alert"] = show.Alert(repository, dependency, number) };
            case CodeScanningAlert code:
                var branch = code.Branch ?? repository.DefaultBranch;
                var sha = await _forge.GitOf(repository).ReadBranchAsync(branch, cancellationToken)
                    ?? throw new ArgumentException($"{_forge.FullName(repository)} has no branch {branch}.", nameof(alert));
                var isByUser = code.Action is "reopened_by_user";
                return new JsonObject
                {
                    ["alert"] = show.Alert(repository, code, number, branch, sha),
                    ["ref"] = isByUser ? "" : $"refs/heads/{branch}",
                    ["commit_oid"] = isByUser ? "" : sha,
                };
            case SecretScanningAlert secret:
                return new JsonObject { ["alert"] = show.Alert(repository, secret, number) };
            default:
                throw new ArgumentException($"{alert.GetType().Name} is no alert of GitHub's.", nameof(alert));
        }
    }

    private static (string Owner, string Name) SplitName(string fullName) =>
        fullName.Split('/') is [{ Length: > 0 } owner, { Length: > 0 } name]
            ? (owner, name)
            : throw new ArgumentException($"'{fullName}' is not of the form owner/name.", nameof(fullName));

    private static void CheckName(string name)
    {
        if (!RepositoryName().IsMatch(name) || name is "." or ".." || name.EndsWith(".git", StringComparison.OrdinalIgnoreCase))
        {
            throw ApiException.Invalid(new ApiError(
                "Repository", "custom", "name", "name can only contain ASCII letters, digits, and the characters ., -, and _"));
        }
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,100}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex RepositoryName();

    [GeneratedRegex(@"^[A-Za-z0-9](-?[A-Za-z0-9]){0,38}(\[bot\])?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Login();

    private Repository NewRepository(ForgeWrite write, User owner, string name) =>
        new(write.NextId(), owner.Id, name, "main", _forge.Now) { UpdatedAt = _forge.Now, PushedAt = _forge.Now };

    private void CheckNameIsFree(User owner, string name)
    {
        if (_forge.FindRepository(owner.Login, name) is not null)
        {
            throw ApiException.Invalid(new ApiError("Repository", "custom", "name", "name already exists on this account"));
        }
    }

    private Repository FindRepository(string fullName)
    {
        var (owner, name) = SplitName(fullName);
        return _forge.FindRepository(owner, name) ?? throw new ArgumentException($"There is no repository {fullName}.", nameof(fullName));
    }

    private App CreateApp(ForgeWrite write, string slug, long ownerId, string publicKeyPem)
    {
        var bot = FindOrCreateUser(write, slug + "[bot]", User.Bot, name: null, email: null);
        return write.Put(_forge.Store.Apps, new App(write.NextId(), slug, slug, ownerId, bot.Id, publicKeyPem, _forge.Now));
    }

    private User FindOrCreateUser(ForgeWrite write, string login, string type, string? name, string? email)
    {
        if (_forge.FindUser(login) is { } known)
        {
            return known;
        }

        return !Login().IsMatch(login) || ReservedLogins.Contains(login, StringComparer.OrdinalIgnoreCase)
            ? throw new ArgumentException(
                $"'{login}' is no login: it takes letters, digits and single hyphens, and must not be one of the forge's own paths.", nameof(login))
            : write.Put(_forge.Store.Users, new User(write.NextId(), login, type, _forge.Now) { Name = name, Email = email });
    }
}

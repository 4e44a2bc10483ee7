using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api.Http;

/// <summary>Who sent a request, and by which token; nobody, for anonymous requests.</summary>
internal sealed record Caller(User? User, AccessToken? Token)
{
    public static Caller Anonymous { get; } = new(null, null);

    /// <summary>Someone with a JWT, which the endpoints for GitHub Apps check.</summary>
    public static Caller App { get; } = new(null, null) { HasJwt = true };

    private bool HasJwt { get; init; }

    public static Permission PermissionOf(Forge forge, User? user, Repository repository)
    {
        if (user is not null && user.Id == repository.OwnerId)
        {
            return Permission.Admin;
        }

        var granted = user is null
            ? null
            : forge.Store.Collaborators.FirstOrDefault(c => c.RepositoryId == repository.Id && c.UserId == user.Id);
        return granted?.Permission ?? (repository.Private ? Permission.None : Permission.Read);
    }

    /// <summary>What the caller may do, by what its user may and its token allows.</summary>
    public Permission PermissionOn(Forge forge, Repository repository)
    {
        if (Token?.InstallationId is { } installationId)
        {
            var installation = forge.Store.Installations.Find(installationId);
            var covered = installation is not null && installation.AccountId == repository.OwnerId
                && (installation.RepositoryIds?.Contains(repository.Id) ?? true) && (Token.RepositoryIds?.Contains(repository.Id) ?? true);
            return covered ? Permission.Admin : repository.Private ? Permission.None : Permission.Read;
        }

        var permission = PermissionOf(forge, User, repository);
        if (Token?.RepositoryIds is { } scope && !scope.Contains(repository.Id))
        {
            return repository.Private ? Permission.None : Permission.Read;
        }

        return Token is { ReadOnly: true } && permission > Permission.Read ? Permission.Read : permission;
    }
}

namespace AtomicDevOps.Activities.Tools.Git;

/// <summary>Knows how to authenticate to a git remote over HTTP. Several may be registered; the first that answers is used.</summary>
public interface IGitCredentialSource
{
    /// <summary>
    /// The value of the <c>Authorization</c> header for requests to <paramref name="remote"/>, for example <c>Basic eDp5</c>;
    /// null where this source knows nothing of that host. It must never answer for a host that it was not configured for.
    /// </summary>
    ValueTask<string?> GetAuthorizationHeaderAsync(Uri remote, CancellationToken cancellationToken);
}

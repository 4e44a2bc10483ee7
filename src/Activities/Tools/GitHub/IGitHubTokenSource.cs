namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>Gives the token that requests to the configured GitHub carry; to be sent to no other host, and never logged.</summary>
public interface IGitHubTokenSource
{
    /// <summary>A token that is valid for some minutes at least; <see langword="null"/> where none is configured.</summary>
    ValueTask<string?> GetTokenAsync(CancellationToken cancellationToken);
}

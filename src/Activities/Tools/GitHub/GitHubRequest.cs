namespace AtomicDevOps.Activities.Tools.GitHub;

/// <param name="Address">Relative to the API's base address, or the absolute one of a list's next page.</param>
internal sealed record GitHubRequest(HttpMethod Method, Uri Address)
{
    public const string Json = "application/vnd.github+json";
    public const string Raw = "application/vnd.github.raw+json";

    public GitHubRequest(HttpMethod method, string address)
        : this(method, new Uri(address, UriKind.Relative))
    {
    }

    public object? Body { get; init; }

    public string Accept { get; init; } = Json;

    /// <summary>Sending it twice does no more than sending it once, so a lost answer may be asked for again.</summary>
    public bool IsRepeatable { get; init; } = Method == HttpMethod.Get || Method == HttpMethod.Delete || Method == HttpMethod.Patch;

    /// <summary>The answer may be one that GitHub confirms to be unchanged.</summary>
    public bool IsCacheable { get; init; } = Method == HttpMethod.Get;

    /// <summary>Sent instead of the client's own token.</summary>
    public string? Token { get; init; }

    public override string ToString() => $"{Method} {(Address.IsAbsoluteUri ? Address.AbsolutePath : Address.OriginalString.Split('?')[0])}";
}

/// <param name="Next">A list's next page.</param>
internal sealed record GitHubResponse(byte[] Body, Uri? Next);

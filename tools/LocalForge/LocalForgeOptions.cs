namespace AtomicDevOps.LocalForge;

/// <summary>How a forge is set up.</summary>
public sealed record LocalForgeOptions
{
    /// <summary>Where repositories and the state database are kept. A forge started again on it goes on where it was.</summary>
    public required string Directory { get; init; }

    /// <summary>The TCP port on the loopback address; 0 has the system pick a free one.</summary>
    public int Port { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Whether a pull request's <c>mergeable</c> is known at once or, as on GitHub, null at the first look after a change.</summary>
    public MergeabilityMode Mergeability { get; init; } = MergeabilityMode.AtOnce;

    /// <summary>Whether what became of an uploaded SARIF log is known at once or, as on GitHub, pending at the first look.</summary>
    public SarifProcessingMode SarifProcessing { get; init; } = SarifProcessingMode.AtOnce;

    /// <summary>Requests an hour for one authenticated user, as GitHub counts them; anonymous callers get 60.</summary>
    public int RateLimit { get; init; } = 5000;

    /// <summary>Answers 403 to check runs written by anyone but a GitHub App, as GitHub does.</summary>
    public bool ChecksRequireApp { get; init; }

    /// <summary>Serves <c>/_forge</c>: users, tokens, repositories and faults over HTTP, for whoever can reach the port.</summary>
    public bool AdministrationEndpoints { get; init; }

    /// <summary>How long a webhook's receiver may take.</summary>
    public TimeSpan WebhookTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Writes the server's own log to the console.</summary>
    public bool ConsoleLog { get; init; }
}

/// <summary>When a pull request's <c>mergeable</c> becomes known.</summary>
public enum MergeabilityMode
{
    /// <summary>With the change itself.</summary>
    AtOnce,

    /// <summary>The first GET after a change answers null, the next one answers what it is.</summary>
    AfterFirstLook,
}

/// <summary>When code scanning is done with a log.</summary>
public enum SarifProcessingMode
{
    /// <summary>With the upload itself.</summary>
    AtOnce,

    /// <summary>The first GET after the upload answers pending, the next one what became of it.</summary>
    AfterFirstLook,
}

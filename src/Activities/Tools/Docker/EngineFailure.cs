namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>What an engine's error texts mean: it has no codes for these.</summary>
internal static class EngineFailure
{
    private static readonly string[] Transient =
    [
        "connection refused",
        "connection reset",
        "i/o timeout",
    ];

    // An engine that stops goes on answering for a while, when its storage is unmounted and its containerd gone already.
    private static readonly string[] Stopping =
    [
        "transport is closing",
        "context canceled",
        "no such file or directory: unavailable",
        "shutting down",
        "error creating overlay mount",
    ];

    private static readonly string[] MissingImage =
    [
        "pull access denied",
        "repository does not exist",
        "manifest unknown",
        "manifest for",
        "not found",
        "no such image",
        "unauthorized",
        "requested access to the resource is denied",
        "image not known",
    ];

    private static readonly string[] UnreachableRegistry =
    [
        "no such host",
        "dial tcp",
        "network is unreachable",
        "TLS handshake timeout",
        "Client.Timeout exceeded",
        "request canceled while waiting",
        "toomanyrequests",
        "server misbehaving",
        "i/o timeout",
        "connection refused",
    ];

    private static readonly string[] VanishedLayer = ["No such image: sha256", "unknown parent image", "layer does not exist", "failed to export image", "layer not known"];

    private static readonly string[] MissingCommand = ["executable file not found", "exec: \"", "permission denied: unknown"];

    private static readonly string[] MissingContainer = ["no such container", "container has already been removed", "no container with"];

    private static readonly string[] MissingInit = ["docker-init", "catatonit"];

    /// <summary>Parts of the engine are away, though it answers.</summary>
    public static bool IsTransient(string message) => ContainsAny(message, Transient) || IsStopping(message);

    /// <summary>The engine is about to go away.</summary>
    public static bool IsStopping(string message) => ContainsAny(message, Stopping);

    /// <summary>A registry answered that there is no such image, or that these credentials may not see it.</summary>
    public static bool IsMissingImage(string message) => ContainsAny(message, MissingImage);

    public static bool IsUnreachableRegistry(string message) => ContainsAny(message, UnreachableRegistry);

    /// <summary>The engine's init program is not installed.</summary>
    public static bool IsMissingInit(string message) => ContainsAny(message, MissingInit);

    /// <summary>There is no such container, or no longer.</summary>
    public static bool IsMissingContainer(string message) => ContainsAny(message, MissingContainer);

    /// <summary>The image does not have the program that it was told to run.</summary>
    public static bool IsMissingCommand(string message) => ContainsAny(message, MissingCommand);

    /// <summary>A layer that a build had found in the cache was removed while it went on.</summary>
    public static bool IsVanishedLayer(string message) => ContainsAny(message, VanishedLayer);

    private static bool ContainsAny(string message, string[] parts) =>
        parts.Any(part => message.Contains(part, StringComparison.OrdinalIgnoreCase));
}

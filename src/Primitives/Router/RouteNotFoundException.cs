namespace AtomicDevOps.Primitives.Router;

/// <summary>No route has the key, and the router has no default.</summary>
public sealed class RouteNotFoundException : Exception
{
    internal RouteNotFoundException(string? key, IReadOnlyList<string?> knownKeys)
        : base($"No route for '{key}', and no default. There are routes for: {string.Join(", ", knownKeys.Select(known => $"'{known}'"))}.")
    {
        Key = key;
    }

    public string? Key { get; }
}

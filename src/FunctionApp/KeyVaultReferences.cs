namespace AtomicDevOps.FunctionApp;

/// <summary>
/// App settings in Azure may refer to secrets. Where one cannot be read, Azure hands on the reference as the value: taken for a
/// secret it would be one that everybody can guess.
/// </summary>
internal static class KeyVaultReferences
{
    /// <exception cref="InvalidOperationException">A setting is a reference; the message names all of them.</exception>
    public static IConfiguration RequireResolved(IConfiguration configuration)
    {
        var unresolved = configuration.AsEnumerable()
            .Where(setting => setting.Value?.StartsWith("@Microsoft.KeyVault(", StringComparison.OrdinalIgnoreCase) is true)
            .Select(setting => setting.Key.Replace(":", "__", StringComparison.Ordinal))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.Ordinal)
            .ToArray();
        return unresolved.Length == 0
            ? configuration
            : throw new InvalidOperationException(
                $"The key vault gives no value for {string.Join(", ", unresolved)}. Put the secret there, let the app's identity read it, and restart the app.");
    }
}

using System.Text.Json;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.Activities.Tools.Artifacts;

/// <summary>Values in artifacts, as JSON.</summary>
internal static class ArtifactJson
{
    public static Task<StoredArtifact> WriteJsonAsync<T>(this IArtifactStore artifacts, string key, T value, CancellationToken cancellationToken) =>
        artifacts.WriteAsync(key, (stream, token) => JsonSerializer.SerializeAsync(stream, value, JsonDefaults.Options, token), cancellationToken);

    /// <exception cref="ToolNotFoundException">There is no such artifact.</exception>
    /// <exception cref="ToolException">It does not hold such a value.</exception>
    public static async Task<T> ReadJsonAsync<T>(this IArtifactStore artifacts, string key, CancellationToken cancellationToken)
    {
        await using var stream = await artifacts.OpenReadAsync(key, cancellationToken);
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(stream, JsonDefaults.Options, cancellationToken)
                ?? throw new ToolException("Artifacts", $"The artifact '{key}' is empty.");
        }
        catch (JsonException exception)
        {
            throw new ToolException("Artifacts", $"The artifact '{key}' is damaged: {exception.Message}", exception);
        }
    }

    /// <returns>Null where there is no such artifact, or it is of another version of this platform: what a cache holds can be made again.</returns>
    public static async Task<T?> TryReadJsonAsync<T>(this IArtifactStore artifacts, string key, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await using var stream = await artifacts.OpenReadAsync(key, cancellationToken);
            return await JsonSerializer.DeserializeAsync<T>(stream, JsonDefaults.Options, cancellationToken);
        }
        catch (Exception exception) when (exception is ToolNotFoundException or JsonException)
        {
            return null;
        }
    }
}

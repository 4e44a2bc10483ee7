using System.Text.Json;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.Activities.Tools.Documents;

/// <summary>Values in documents, as JSON.</summary>
internal static class DocumentJson
{
    public const string Tool = "Findings";

    /// <returns>Null and null where there is none.</returns>
    /// <exception cref="ToolException">It does not hold such a value.</exception>
    public static async Task<(T? Value, string? Version)> ReadJsonAsync<T>(this IDocumentStore documents, string key, CancellationToken cancellationToken)
        where T : class
    {
        if (await documents.ReadAsync(key, cancellationToken) is not { } document)
        {
            return (null, null);
        }

        try
        {
            return (
                JsonSerializer.Deserialize<T>(document.Content.Span, JsonDefaults.Options) ?? throw new ToolException(Tool, $"The document '{key}' is empty."),
                document.Version);
        }
        catch (JsonException exception)
        {
            throw new ToolException(Tool, $"The document '{key}' is damaged: {exception.Message}", exception);
        }
    }

    public static Task<bool> TryWriteJsonAsync<T>(this IDocumentStore documents, string key, T value, string? version, CancellationToken cancellationToken) =>
        documents.TryWriteAsync(key, JsonSerializer.SerializeToUtf8Bytes(value, JsonDefaults.Options), version, cancellationToken);

    /// <exception cref="ToolException">The document is larger than any may be.</exception>
    public static void RequireSize(string key, int bytes)
    {
        if (bytes > IDocumentStore.MostBytes)
        {
            throw new ToolException(Tool, $"The document '{key}' has {bytes} bytes; at most {IDocumentStore.MostBytes} are kept.");
        }
    }
}

using System.Net;
using System.Text.Json;

namespace AtomicDevOps.Activities.Tools.Http;

/// <param name="Name">What the request is, for messages; without secrets.</param>
internal sealed record JsonRequest(HttpMethod Method, Uri Address, string Name)
{
    public string Accept { get; init; } = "application/json";

    /// <summary>Never in a message.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public HttpContentBytes? Body { get; init; }

    /// <summary>Whether sending it again does no harm.</summary>
    public bool IsRepeatable { get; init; } = true;

    public override string ToString() => Name;
}

internal sealed record HttpContentBytes(ReadOnlyMemory<byte> Bytes, string MediaType);

/// <param name="Body">The content as JSON; undefined where there is none or it is none.</param>
internal sealed record JsonAnswer(HttpStatusCode Status, JsonElement Body)
{
    /// <summary>The property, or undefined where there is none.</summary>
    public static JsonElement Find(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return default;
            }
        }

        return element;
    }

    public static string? FindText(JsonElement element, params ReadOnlySpan<string> path) =>
        Find(element, path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>What is in a list; nothing where it is none.</summary>
    public static IEnumerable<JsonElement> Each(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : Enumerable.Empty<JsonElement>();
}

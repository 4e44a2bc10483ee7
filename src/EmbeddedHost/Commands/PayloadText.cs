using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>A payload as people read it: a text as itself, anything else as JSON.</summary>
internal static class PayloadText
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string OneLine(JsonNode? payload) => payload switch
    {
        null => "",
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => payload.ToJsonString(Compact),
    };
}

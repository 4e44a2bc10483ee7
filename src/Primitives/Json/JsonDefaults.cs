using System.Text.Json;
using System.Text.Json.Serialization;

namespace AtomicDevOps.Primitives.Json;

/// <summary>The one JSON setup: camelCase, enums by name, nulls left out, comments and trailing commas refused.</summary>
public static class JsonDefaults
{
    /// <summary>Shared and read-only; a vendor's wire format starts from a copy of it.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Converters = { new JsonStringEnumConverter() },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Packages.Manifests.Text;

namespace AtomicDevOps.Activities.Tools.Osv;

/// <summary>Reads records as databases publish them: in JSON, or in YAML without aliases. Up to 16 MiB and 64 levels deep.</summary>
public static class OsvRecordReader
{
    private const int MostCharacters = 16 * 1024 * 1024;
    private const int MostLevels = 64;

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        MaxDepth = MostLevels,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <exception cref="FormatException">It is no OSV record; the message says why, and what would be right.</exception>
    public static OsvRecord Read(string text)
    {
        if (text.Length > MostCharacters)
        {
            throw new FormatException($"The record has {text.Length} characters; at most {MostCharacters} are read.");
        }

        OsvRecord? record;
        try
        {
            record = text.AsSpan().TrimStart() is ['{', ..]
                ? JsonSerializer.Deserialize<OsvRecord>(text, Options)
                : ToJson(YamlReader.Read(text)).Deserialize<OsvRecord>(Options);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"This is no OSV record: {exception.Message}", exception);
        }

        return record is { Id.Length: > 0 } ? record : throw new FormatException("The record has no id; right would be one such as PYSEC-2024-1.");
    }

    private static JsonNode? ToJson(DataNode node) => node switch
    {
        DataTable table => new JsonObject(table.Entries.Select(static entry => KeyValuePair.Create(entry.Key, ToJson(entry.Value)))),
        DataList list => new JsonArray([.. list.Items.Select(ToJson)]),
        DataScalar { IsString: true } scalar => JsonValue.Create(scalar.Value),
        _ => null,
    };
}

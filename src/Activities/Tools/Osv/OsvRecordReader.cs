using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

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

        try
        {
            var record = text.AsSpan().TrimStart() is ['{', ..]
                ? JsonSerializer.Deserialize<OsvRecord>(text, Options)
                : ReadYaml(text).Deserialize<OsvRecord>(Options);
            return record is { Id.Length: > 0 } ? record : throw new FormatException("The record has no id; right would be one such as PYSEC-2024-1.");
        }
        catch (Exception exception) when (exception is JsonException or YamlException or InvalidOperationException)
        {
            throw new FormatException($"This is no OSV record: {exception.Message}", exception);
        }
    }

    private static JsonNode? ReadYaml(string text)
    {
        var parser = new Parser(new StringReader(text));
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _))
        {
            return null;
        }

        parser.Consume<DocumentStart>();
        return ReadNode(parser, level: 1);
    }

    private static JsonNode? ReadNode(Parser parser, int level)
    {
        if (level > MostLevels)
        {
            throw new FormatException($"The record is more than {MostLevels} levels deep.");
        }

        if (parser.TryConsume<Scalar>(out var scalar))
        {
            return scalar is { Style: ScalarStyle.Plain, Value: "" or "~" or "null" } ? null : JsonValue.Create(scalar.Value);
        }

        if (parser.TryConsume<SequenceStart>(out _))
        {
            var list = new JsonArray();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                list.Add(ReadNode(parser, level + 1));
            }

            return list;
        }

        if (parser.TryConsume<MappingStart>(out _))
        {
            var mapping = new JsonObject();
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = parser.Consume<Scalar>();
                if (!mapping.TryAdd(key.Value, ReadNode(parser, level + 1)))
                {
                    throw new FormatException($"Line {key.Start.Line} has '{key.Value}' a second time.");
                }
            }

            return mapping;
        }

        throw new FormatException($"Line {parser.Current?.Start.Line} has an alias; write out what it stands for.");
    }
}

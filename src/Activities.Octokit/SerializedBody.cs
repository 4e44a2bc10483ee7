using System.Text.Json;
using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>A request's body that Octokit has serialized already.</summary>
[JsonConverter(typeof(SerializedBodyJsonConverter))]
internal sealed record SerializedBody(string Json);

internal sealed class SerializedBodyJsonConverter : JsonConverter<SerializedBody>
{
    public override SerializedBody Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => throw new NotSupportedException("Bodies are only sent.");

    public override void Write(Utf8JsonWriter writer, SerializedBody value, JsonSerializerOptions options) => writer.WriteRawValue(value.Json);
}

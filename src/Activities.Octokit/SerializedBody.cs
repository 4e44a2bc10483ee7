using System.Text;
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

    /// <summary>By way of bytes, which makes half of a surrogate pair a replacement character instead of an error.</summary>
    public override void Write(Utf8JsonWriter writer, SerializedBody value, JsonSerializerOptions options) => writer.WriteRawValue(Encoding.UTF8.GetBytes(value.Json));
}

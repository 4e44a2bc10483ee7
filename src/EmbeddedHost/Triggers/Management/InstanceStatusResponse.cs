using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Triggers.Management;

/// <summary>An instance as the Durable Functions HTTP API shows it. Times are UTC in whole seconds, <c>yyyy-MM-ddTHH:mm:ssZ</c>.</summary>
internal sealed record InstanceStatusResponse(
    string Name,
    string InstanceId,
    string RuntimeStatus,
    JsonNode? Input,
    JsonNode? CustomStatus,
    JsonNode? Output,
    string CreatedTime,
    string LastUpdatedTime)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<JsonObject>? HistoryEvents { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public InstanceDetails? Details { get; init; }

    public static InstanceStatusResponse From(OrchestrationMetadata instance, bool showInput) => new(
        instance.Name,
        instance.InstanceId,
        instance.RuntimeStatus.ToString(),
        showInput ? Payload(instance.SerializedInput) : null,
        Payload(instance.SerializedCustomStatus),
        instance.SerializedOutput is null && instance.FailureDetails is { } failure
            ? JsonValue.Create($"{failure.ErrorType}: {failure.ErrorMessage}")
            : Payload(instance.SerializedOutput),
        Time(instance.CreatedAt),
        Time(instance.LastUpdatedAt));

    public static JsonNode? Payload(string? serialized) => serialized is null ? null : JsonNode.Parse(serialized);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}

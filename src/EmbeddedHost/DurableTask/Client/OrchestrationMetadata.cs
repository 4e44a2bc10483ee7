using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Microsoft.DurableTask.Client;

/// <summary>A snapshot of an orchestration instance.</summary>
public sealed class OrchestrationMetadata
{
    private const int ShownPayloadLength = 50;

    public OrchestrationMetadata(string name, string instanceId)
    {
        Name = name;
        InstanceId = instanceId;
    }

    public string Name { get; }

    public string InstanceId { get; }

    /// <summary>Null unless fetched with inputs and outputs.</summary>
    public DataConverter? DataConverter { get; init; }

    public OrchestrationRuntimeStatus RuntimeStatus { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset LastUpdatedAt { get; init; }

    public string? SerializedInput { get; init; }

    public string? SerializedOutput { get; init; }

    public string? SerializedCustomStatus { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Null unless the instance failed.</summary>
    public TaskFailureDetails? FailureDetails { get; init; }

    public bool IsRunning => RuntimeStatus == OrchestrationRuntimeStatus.Running;

    public bool IsCompleted => RuntimeStatus
        is OrchestrationRuntimeStatus.Completed
        or OrchestrationRuntimeStatus.Failed
        or OrchestrationRuntimeStatus.Terminated;

    /// <exception cref="InvalidOperationException">Not fetched with inputs and outputs.</exception>
    public T? ReadInputAs<T>() => Converter(nameof(ReadInputAs)).Deserialize<T>(SerializedInput);

    /// <exception cref="InvalidOperationException">Not fetched with inputs and outputs.</exception>
    public T? ReadOutputAs<T>() => Converter(nameof(ReadOutputAs)).Deserialize<T>(SerializedOutput);

    /// <exception cref="InvalidOperationException">Not fetched with inputs and outputs.</exception>
    public T? ReadCustomStatusAs<T>() => Converter(nameof(ReadCustomStatusAs)).Deserialize<T>(SerializedCustomStatus);

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"[Name: '{Name}', ID: '{InstanceId}', RuntimeStatus: {RuntimeStatus}, CreatedAt: {CreatedAt:s}, LastUpdatedAt: {LastUpdatedAt:s}");
        if (SerializedInput is not null)
        {
            text.Append(", Input: '").Append(Shorten(SerializedInput)).Append('\'');
        }

        if (SerializedOutput is not null)
        {
            text.Append(", Output: '").Append(Shorten(SerializedOutput)).Append('\'');
        }

        if (FailureDetails is not null)
        {
            text.Append(", FailureDetails: '").Append(FailureDetails.ErrorType).Append(" - ").Append(Shorten(FailureDetails.ErrorMessage)).Append('\'');
        }

        return text.Append(']').ToString();
    }

    private static string Shorten(string payload)
        => payload.Length > ShownPayloadLength ? string.Concat(payload.AsSpan(0, ShownPayloadLength), "...") : payload;

    private DataConverter Converter(string method) => DataConverter ?? throw new InvalidOperationException(
        $"{method} needs metadata of '{InstanceId}' that was fetched with getInputsAndOutputs (or FetchInputsAndOutputs) set to true.");
}

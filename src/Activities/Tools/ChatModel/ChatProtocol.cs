using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace AtomicDevOps.Activities.Tools.ChatModel;

/// <summary>How one kind of endpoint is asked and what its answers mean. Members that are not known are passed over: both vendors add some without notice.</summary>
internal abstract class ChatProtocol
{
    public static ChatProtocol For(ChatModelProvider provider) => provider == ChatModelProvider.Anthropic ? new AnthropicProtocol() : new OpenAIProtocol();

    /// <summary>Behind the endpoint's address.</summary>
    public abstract string CompletionPath { get; }

    public abstract string ModelPath(string model);

    public abstract void Authorize(HttpRequestHeaders headers, string? key);

    public abstract JsonObject Write(IEnumerable<ChatMessage> messages, ChatModelOptions options);

    /// <exception cref="FormatException">It is no answer of this protocol.</exception>
    public abstract ChatResponse Read(JsonElement answer);

    public abstract bool? HasModel(JsonElement answer, string model);

    /// <summary>What an error's body says, in both vendors' form <c>{"error": {"message", "type", "code"}}</c>.</summary>
    public static ChatError ReadError(JsonElement body) => body is { ValueKind: JsonValueKind.Object } && Member(body, "error") is { } error
        ? error.ValueKind == JsonValueKind.String
            ? new ChatError(error.GetString()!, null, null)
            : new ChatError(Text(error, "message") ?? "", Text(error, "type"), Text(error, "code") ?? (Member(error, "details") is { } details ? Text(details, "error_code") : null))
        : new ChatError("", null, null);

    protected static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    protected static string? Text(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    protected static long? Number(JsonElement? element, string name) =>
        element is { } present && Member(present, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) && number >= 0 ? number : null;

    protected static UsageDetails Usage(JsonElement answer, string input, string output)
    {
        var usage = Member(answer, "usage");
        var (read, written) = (Number(usage, input), Number(usage, output));
        return new UsageDetails { InputTokenCount = read, OutputTokenCount = written, TotalTokenCount = (read ?? 0) + (written ?? 0) };
    }
}

/// <param name="Message">The vendor's words, perhaps empty.</param>
/// <param name="Code">The more exact of the vendor's codes.</param>
internal sealed record ChatError(string Message, string? Type, string? Code)
{
    /// <summary>A limit of money and not of time: waiting does not help.</summary>
    public bool IsSpent => Code is "insufficient_quota" or "enforced_spend_limit_reached" or "billing_hard_limit_reached" || Type is "insufficient_quota" or "billing_error";
}

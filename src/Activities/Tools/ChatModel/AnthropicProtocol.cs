using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace AtomicDevOps.Activities.Tools.ChatModel;

/// <summary>https://platform.claude.com/docs/en/api/messages, in <see cref="Version"/>, which still takes a temperature from models that know one.</summary>
internal sealed class AnthropicProtocol : ChatProtocol
{
    public const string Version = "2023-06-01";

    public static Uri PublicAddress { get; } = new("https://api.anthropic.com");

    public override string CompletionPath => "v1/messages";

    public override string ModelPath(string model) => $"v1/models/{Uri.EscapeDataString(model)}";

    public override void Authorize(HttpRequestHeaders headers, string? key)
    {
        headers.Add("anthropic-version", Version);
        if (key is not null)
        {
            headers.Add("x-api-key", key);
        }
    }

    public override JsonObject Write(IEnumerable<ChatMessage> messages, ChatModelOptions options)
    {
        var all = messages.ToList();
        var body = new JsonObject
        {
            ["model"] = options.Model,
            ["max_tokens"] = options.MaxOutputTokens,
            ["system"] = string.Join("\n\n", all.Where(message => message.Role == ChatRole.System).Select(message => message.Text)),
            ["messages"] = new JsonArray(
                [.. all.Where(message => message.Role != ChatRole.System).Select(message => new JsonObject { ["role"] = message.Role.Value, ["content"] = message.Text })]),
            ["stream"] = false,
        };
        if (options.Temperature is { } temperature)
        {
            body["temperature"] = temperature;
        }

        return body;
    }

    public override ChatResponse Read(JsonElement answer)
    {
        if (Text(answer, "type") is not "message" || Member(answer, "content") is not { ValueKind: JsonValueKind.Array } content)
        {
            throw new FormatException("it is no message");
        }

        var reason = Text(answer, "stop_reason");
        var text = string.Concat(content.EnumerateArray().Where(block => Text(block, "type") is "text").Select(block => Text(block, "text")));
        if (text.Length == 0 && reason is "end_turn" or "stop_sequence")
        {
            throw new FormatException("its message has no text");
        }

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, text))
        {
            ModelId = Text(answer, "model"),
            ResponseId = Text(answer, "id"),
            FinishReason = reason switch
            {
                "end_turn" or "stop_sequence" => ChatFinishReason.Stop,
                "max_tokens" or "model_context_window_exceeded" => ChatFinishReason.Length,
                "refusal" => ChatFinishReason.ContentFilter,
                "tool_use" => ChatFinishReason.ToolCalls,
                { Length: > 0 } other => new ChatFinishReason(other),
                _ => null,
            },
            Usage = Usage(answer, "input_tokens", "output_tokens"),
        };
    }

    public override bool? HasModel(JsonElement answer, string model) => Text(answer, "id") is not null ? true : null;
}

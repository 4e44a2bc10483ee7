using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace AtomicDevOps.Activities.Tools.ChatModel;

/// <summary>https://platform.openai.com/docs/api-reference/chat/create, version v1.</summary>
internal sealed class OpenAIProtocol : ChatProtocol
{
    public static Uri PublicAddress { get; } = new("https://api.openai.com/v1");

    public override string CompletionPath => "chat/completions";

    public override string ModelPath(string model) => "models";

    public override void Authorize(HttpRequestHeaders headers, string? key)
    {
        if (key is not null)
        {
            headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
    }

    public override JsonObject Write(IEnumerable<ChatMessage> messages, ChatModelOptions options)
    {
        var body = new JsonObject
        {
            ["model"] = options.Model,
            ["messages"] = new JsonArray([.. messages.Select(message => new JsonObject { ["role"] = message.Role.Value, ["content"] = message.Text })]),
            ["max_completion_tokens"] = options.MaxOutputTokens,
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
        if (Member(answer, "choices") is not { ValueKind: JsonValueKind.Array } choices || choices.GetArrayLength() != 1)
        {
            throw new FormatException("there is not one choice in it");
        }

        var choice = choices[0];
        var message = Member(choice, "message") ?? throw new FormatException("its choice has no message");
        var refusal = Text(message, "refusal");
        var content = Text(message, "content");
        if (content is null && refusal is null && Text(choice, "finish_reason") is "stop")
        {
            throw new FormatException("its message has no text");
        }

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, refusal ?? content ?? ""))
        {
            ModelId = Text(answer, "model"),
            ResponseId = Text(answer, "id"),
            FinishReason = refusal is not null ? ChatFinishReason.ContentFilter : Text(choice, "finish_reason") switch
            {
                "stop" => ChatFinishReason.Stop,
                "length" => ChatFinishReason.Length,
                "content_filter" => ChatFinishReason.ContentFilter,
                "tool_calls" or "function_call" => ChatFinishReason.ToolCalls,
                { Length: > 0 } other => new ChatFinishReason(other),
                _ => null,
            },
            Usage = Usage(answer, "prompt_tokens", "completion_tokens"),
        };
    }

    public override bool? HasModel(JsonElement answer, string model) => Member(answer, "data") is { ValueKind: JsonValueKind.Array } data
        ? data.EnumerateArray().Any(each => string.Equals(Text(each, "id"), model, StringComparison.Ordinal))
        : null;
}

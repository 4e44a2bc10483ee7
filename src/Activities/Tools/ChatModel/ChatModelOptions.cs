using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.ChatModel;

/// <summary>Configuration section <c>ChatModel</c>. Without <see cref="Model"/> no chat model is asked for anything.</summary>
public sealed class ChatModelOptions
{
    public const string Section = "ChatModel";

    /// <summary>The protocol that the endpoint speaks.</summary>
    public ChatModelProvider Provider { get; set; } = ChatModelProvider.OpenAI;

    /// <summary>What <c>/chat/completions</c> or <c>/v1/messages</c> is put behind; null means the provider's own address.</summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The model, as the endpoint calls it.</summary>
    public string? Model { get; set; }

    /// <summary>The endpoint's key; only an endpoint of one's own may do without.</summary>
    public string? ApiKey { get; set; }

    /// <summary>The longest answer, in tokens; 256–65,536.</summary>
    public int MaxOutputTokens { get; set; } = 4096;

    /// <summary>0–2; null leaves it out, for models that take none. Where the section does not have the key, 0 for OpenAI and null for Anthropic, whose newer models refuse any.</summary>
    public double? Temperature { get; set; }

    /// <summary>How long one exchange may take, from its start to the last byte; 1 s–30 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a request may wait for a limit before it gives up with <see cref="ToolUnavailableException"/>; 0–15 min.</summary>
    public TimeSpan ThrottleWait { get; set; } = TimeSpan.FromMinutes(1);

    internal bool IsConfigured => !string.IsNullOrWhiteSpace(Model);

    internal Uri Address => Endpoint ?? (Provider == ChatModelProvider.Anthropic ? AnthropicProtocol.PublicAddress : OpenAIProtocol.PublicAddress);
}

[JsonConverter(typeof(JsonStringEnumConverter<ChatModelProvider>))]
public enum ChatModelProvider
{
    /// <summary>OpenAI's chat completions, which many servers speak.</summary>
    OpenAI,

    /// <summary>Anthropic's messages.</summary>
    Anthropic,
}

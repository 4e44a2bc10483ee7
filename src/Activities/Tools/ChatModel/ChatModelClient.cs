using System.Globalization;
using System.Runtime.CompilerServices;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.ChatModel;

[Agent(AgentLayer.ExecutionWrapper, ChatModelTransport.Tool, "Asks a chat model over an OpenAI-compatible or an Anthropic endpoint.")]
internal sealed class ChatModelClient(ChatModelTransport transport, IOptions<ChatModelOptions> options) : IChatModelClient
{
    private readonly ChatModelOptions _options = options.Value;
    private readonly ChatProtocol _protocol = ChatProtocol.For(options.Value.Provider);

    public bool IsConfigured => _options.IsConfigured;

    public string Identity => string.Create(
        CultureInfo.InvariantCulture,
        $"{_options.Provider} {_options.Address.AbsoluteUri} {_options.Model} {_options.MaxOutputTokens} {_options.Temperature}");

    public TimeSpan Pause => transport.Pause;

    /// <param name="options">Not read: the configuration says how the model is asked.</param>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        RequireModel();
        var answer = await transport.SendAsync(_protocol.CompletionPath, _protocol.Write(messages, _options), cancellationToken);
        try
        {
            return _protocol.Read(answer);
        }
        catch (FormatException exception)
        {
            throw new ToolException(
                ChatModelTransport.Tool, $"The answer is not in the form of {_options.Provider} ({exception.Message}): is ChatModel:Provider right?", exception);
        }
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        foreach (var update in (await GetResponseAsync(messages, options, cancellationToken)).ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    public async Task<bool?> HasModelAsync(CancellationToken cancellationToken)
    {
        RequireModel();
        try
        {
            return _protocol.HasModel(await transport.SendAsync(_protocol.ModelPath(_options.Model!), body: null, cancellationToken), _options.Model!);
        }
        catch (ToolNotFoundException)
        {
            return _options.Provider == ChatModelProvider.Anthropic ? false : null;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => (serviceKey, serviceType) switch
    {
        (not null, _) => null,
        (_, var type) when type.IsInstanceOfType(this) => this,
        (_, var type) when type == typeof(ChatClientMetadata) => new ChatClientMetadata(_options.Provider.ToString(), _options.Address, _options.Model),
        _ => null,
    };

    public void Dispose()
    {
    }

    private void RequireModel()
    {
        if (!IsConfigured)
        {
            throw new ToolException(ChatModelTransport.Tool, "No chat model is configured: set ChatModel:Model, and ChatModel:Provider, Endpoint and ApiKey to match.");
        }
    }
}

using Microsoft.Extensions.AI;

namespace AtomicDevOps.Activities.Tools.ChatModel;

/// <summary>
/// The configured chat model. Answers come whole: a stream is one answer in parts.
/// Calls throw <see cref="ToolException"/> where asking again will not help, <see cref="ToolUnavailableException"/> where it may, and
/// <see cref="ToolTimeoutException"/> where there was no answer in time, which is not tried again because every try is paid for.
/// </summary>
public interface IChatModelClient : IChatClient
{
    /// <summary>Whether there is a model at all; without one every call fails and says which setting is missing.</summary>
    bool IsConfigured { get; }

    /// <summary>What decides an answer apart from the messages: protocol, address, model, limits. It holds no secret.</summary>
    string Identity { get; }

    /// <summary>How long the endpoint wants to be left alone; zero when it may be asked.</summary>
    TimeSpan Pause { get; }

    /// <summary>Whether the endpoint has the configured model; null where it does not tell. It costs no tokens.</summary>
    Task<bool?> HasModelAsync(CancellationToken cancellationToken);
}

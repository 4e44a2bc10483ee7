using System.Collections.Concurrent;
using System.Threading.Channels;
using AtomicDevOps.FunctionsHost.Protocol;
using Grpc.Core;

namespace AtomicDevOps.FunctionsHost;

/// <summary>The one worker that is connected: requests go out to it, and answers find who waits for them.</summary>
internal sealed class WorkerChannel(ILogger<WorkerChannel> logger)
{
    private readonly Channel<Message> _outgoing = Channel.CreateUnbounded<Message>();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> _waiting = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the worker has connected.</summary>
    public Task Started => _started.Task;

    public async Task<Message> AskAsync(Message message, CancellationToken cancellationToken)
    {
        message.RequestId = Guid.NewGuid().ToString();
        return await AskAsync(message.RequestId, message, cancellationToken);
    }

    public async Task<InvocationResult> InvokeAsync(Invocation invocation, CancellationToken cancellationToken)
    {
        invocation.TraceContext ??= new TraceContext();
        invocation.RetryContext ??= new RetryContext();
        var answer = await AskAsync(invocation.Id, new Message { RequestId = invocation.Id, Invocation = invocation }, cancellationToken);
        return answer.InvocationResult;
    }

    public void Tell(Message message) => _outgoing.Writer.TryWrite(message);

    public async Task ServeAsync(IAsyncStreamReader<Message> incoming, IServerStreamWriter<Message> outgoing, CancellationToken cancellationToken)
    {
        var sending = SendAsync(outgoing, cancellationToken);
        await foreach (var message in incoming.ReadAllAsync(cancellationToken))
        {
            Take(message);
        }

        await sending;
    }

    private async Task<Message> AskAsync(string id, Message message, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[id] = answer;
        Tell(message);
        return await answer.Task.WaitAsync(cancellationToken);
    }

    private async Task SendAsync(IServerStreamWriter<Message> outgoing, CancellationToken cancellationToken)
    {
        await foreach (var message in _outgoing.Reader.ReadAllAsync(cancellationToken))
        {
            await outgoing.WriteAsync(message, cancellationToken);
        }
    }

    private void Take(Message message)
    {
        switch (message.ContentCase)
        {
            case Message.ContentOneofCase.WorkerStarted:
                _started.TrySetResult();
                break;
            case Message.ContentOneofCase.Log:
                logger.LogWorker((LogLevel)message.Log.Level, message.Log.Category, message.Log.Message, message.Log.Failure?.Message);
                break;
            case Message.ContentOneofCase.InvocationResult:
                Answer(message.InvocationResult.Id, message);
                break;
            default:
                Answer(message.RequestId, message);
                break;
        }
    }

    private void Answer(string id, Message message)
    {
        if (_waiting.TryRemove(id, out var waiting))
        {
            waiting.SetResult(message);
        }
    }
}

internal static partial class WorkerLog
{
    [LoggerMessage(Message = "{Category}: {Message} {Failure}")]
    public static partial void LogWorker(this ILogger logger, LogLevel level, string category, string message, string? failure);
}

/// <summary>Where the worker connects.</summary>
internal sealed class WorkerService(WorkerChannel channel) : FunctionRpc.FunctionRpcBase
{
    public override Task EventStream(IAsyncStreamReader<Message> requestStream, IServerStreamWriter<Message> responseStream, ServerCallContext context) =>
        channel.ServeAsync(requestStream, responseStream, context.CancellationToken);
}

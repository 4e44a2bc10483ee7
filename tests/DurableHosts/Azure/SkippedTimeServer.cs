using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.DurableTask.Protobuf;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.DurableHosts;

/// <summary>The real test host's sidecar, which tells workers the time of a clock that stands still.</summary>
internal sealed class SkippedTimeServer(
    IHostApplicationLifetime lifetime, ILoggerFactory loggerFactory, SkippedTimeService service, IOptions<TaskHubGrpcServerOptions> options)
    : TaskHubGrpcServer(lifetime, loggerFactory, service, service, options)
{
    private readonly SemaphoreSlim _worker = new(initialCount: 1);
    private TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the next worker to come has work items sent to it.</summary>
    public Task NextConnectionAsync() => (_connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>It takes one worker at a time, and the next one only when it has noticed that the last one has gone.</summary>
    public override async Task GetWorkItems(GetWorkItemsRequest request, IServerStreamWriter<WorkItem> responseStream, ServerCallContext context)
    {
        await _worker.WaitAsync(context.CancellationToken);
        try
        {
            var serving = base.GetWorkItems(request, new StampedStream(responseStream, service), context);
            _connected.TrySetResult();
            await serving;
        }
        finally
        {
            _worker.Release();
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _worker.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class StampedStream(IServerStreamWriter<WorkItem> inner, SkippedTimeService clock) : IServerStreamWriter<WorkItem>
    {
        public WriteOptions? WriteOptions
        {
            get => inner.WriteOptions;
            set => inner.WriteOptions = value;
        }

        public Task WriteAsync(WorkItem message)
        {
            var now = Timestamp.FromDateTime(clock.Now);
            foreach (var happened in message.OrchestratorRequest?.NewEvents ?? [])
            {
                happened.Timestamp = now;
                if (happened.TimerFired is { } timer)
                {
                    timer.FireAt = now;
                }
            }

            return inner.WriteAsync(message);
        }
    }
}

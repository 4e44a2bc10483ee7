using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Conformance.Tests.Harness;

/// <summary>The real worker and client on the sidecar of the real test host, over loopback, with skipped time.</summary>
internal sealed class SidecarHost : IConformanceHost
{
    private readonly Action<ITaskSet> _addTasks;
    private readonly ILoggerProvider? _logs;
    private readonly CancellationToken _cancellationToken;
    private readonly SkippedTimeService _service = new(new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    private readonly WebApplication _sidecar;
    private GrpcChannel? _channel;
    private IHost? _worker;

    private SidecarHost(Action<ITaskSet> addTasks, ILoggerProvider? logs, CancellationToken cancellationToken)
    {
        _addTasks = addTasks;
        _logs = logs;
        _cancellationToken = cancellationToken;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
            kestrel.Listen(IPAddress.Loopback, port: 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(static options => options.MaxReceiveMessageSize = null);
        builder.Services.AddSingleton(_service);
        builder.Services.AddSingleton<SkippedTimeServer>();
        _sidecar = builder.Build();
        _sidecar.MapGrpcService<SkippedTimeServer>();
    }

    public DurableTaskClient Client => Worker.Services.GetRequiredService<DurableTaskClient>();

    public DateTimeOffset Now => new(_service.Now);

    private IHost Worker => _worker ?? throw new InvalidOperationException("The worker is not started.");

    public static async Task<IConformanceHost> StartAsync(Action<ITaskSet> addTasks, ILoggerProvider? logs, CancellationToken cancellationToken)
    {
        var host = new SidecarHost(addTasks, logs, cancellationToken);
        await host._sidecar.StartAsync(cancellationToken);
        host._channel = GrpcChannel.ForAddress(host._sidecar.Urls.Single(), new GrpcChannelOptions { MaxReceiveMessageSize = null });
        await host.StartWorkerAsync();
        return host;
    }

    public Task SettleAsync() => _service.RunAsync(end: null, _cancellationToken);

    public Task PassAsync(TimeSpan span) => _service.RunAsync(_service.Now + span, _cancellationToken);

    /// <summary>What a worker has in hand when it goes is lost to the sidecar, so it goes when it has nothing.</summary>
    public async Task RestartAsync()
    {
        await PassAsync(TimeSpan.Zero);
        await StopWorkerAsync();
        await StartWorkerAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopWorkerAsync();
        _channel?.Dispose();
        await _sidecar.DisposeAsync();
    }

    private async Task StartWorkerAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        if (_logs is not null)
        {
            builder.Logging.AddProvider(_logs);
        }

        builder.Services.AddDurableTaskWorker(worker => worker
            .UseGrpc(_channel!)
            .Configure(static options => options.MaximumTimerInterval = SkippedTimeService.LongestTimer)
            .AddTasks(registry => _addTasks(new RegisteredTasks(registry))));
        builder.Services.AddDurableTaskClient(client => client.UseGrpc(_channel!).RegisterDirectly());
        _worker = builder.Build();
        var connection = _sidecar.Services.GetRequiredService<SkippedTimeServer>().NextConnectionAsync();
        await _worker.StartAsync(_cancellationToken);
        await connection.WaitAsync(_cancellationToken);
    }

    private async Task StopWorkerAsync()
    {
        await Worker.StopAsync(CancellationToken.None);
        Worker.Dispose();
    }
}

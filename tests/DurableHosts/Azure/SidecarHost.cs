using System.Net;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.DurableHosts;

/// <summary>The real worker and client on the sidecar of the real test host, over loopback, with skipped time.</summary>
internal sealed class SidecarHost : IDurableHost
{
    private readonly Action<ITaskSet> _addTasks;
    private readonly DurableHostSettings _settings;
    private readonly CancellationToken _cancellationToken;
    private readonly SkippedTimeService _service = new(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
    private readonly WebApplication _sidecar;
    private CancellationTokenSource _stopping = new();
    private GrpcChannel? _channel;
    private IHost? _worker;
    private EntityWorker? _entities;

    private SidecarHost(Action<ITaskSet> addTasks, DurableHostSettings settings, CancellationToken cancellationToken)
    {
        _addTasks = addTasks;
        _settings = settings;
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

    public IReadOnlyList<ActivityRecord> Activities => _service.Activities;

    public static async Task<SidecarHost> StartAsync(Action<ITaskSet> addTasks, DurableHostSettings settings, CancellationToken cancellationToken)
    {
        var host = new SidecarHost(addTasks, settings, cancellationToken);
        await host._sidecar.StartAsync(cancellationToken);
        host._channel = GrpcChannel.ForAddress(host._sidecar.Urls.Single(), new GrpcChannelOptions { MaxReceiveMessageSize = null });
        await host.StartWorkerAsync();
        return host;
    }

    public Task SettleAsync() => _service.RunAsync(end: null, _cancellationToken);

    public Task PassAsync(TimeSpan span) => _service.RunAsync(_service.Now + span, _cancellationToken);

    /// <summary>What a worker has in hand when it goes is lost to the sidecar, so its activities are taken from it before.</summary>
    public async Task RestartAsync()
    {
        _service.WithholdActivities();
        await _stopping.CancelAsync();
        await PassAsync(TimeSpan.Zero);
        await StopWorkerAsync();
        await StartWorkerAsync();
        await _service.ReleaseActivitiesAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await StopWorkerAsync();
        _stopping.Dispose();
        _channel?.Dispose();
        await _sidecar.DisposeAsync();
    }

    private async Task StartWorkerAsync()
    {
        _stopping.Dispose();
        _stopping = new CancellationTokenSource();
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        if (_settings.Logs is { } logs)
        {
            builder.Logging.AddProvider(logs);
        }

        builder.Services.AddDurableTaskWorker(worker => worker
            .UseGrpc(_channel!)
            .Configure(options =>
            {
                options.EnableEntitySupport = true;
                options.MaximumTimerInterval = SkippedTimeService.LongestTimer;
                options.DataConverter = _settings.Converter ?? options.DataConverter;
            })
            .AddTasks(registry => _addTasks(new RegisteredTasks(registry, _stopping.Token))));
        builder.Services.AddDurableTaskClient(client => client
            .UseGrpc(_channel!)
            .Configure(options =>
            {
                options.EnableEntitySupport = true;
                options.DataConverter = _settings.Converter ?? options.DataConverter;
            })
            .RegisterDirectly());
        _worker = builder.Build();
        var workerOptions = _worker.Services.GetRequiredService<IOptionsMonitor<DurableTaskWorkerOptions>>().Get(Options.DefaultName);
        var loggers = _worker.Services.GetRequiredService<ILoggerFactory>();
        _entities = new EntityWorker(_service, new DurableTaskShimFactory(workerOptions, loggers), loggers);
        _addTasks(_entities);
        await _entities.StartAsync();
        var connection = _sidecar.Services.GetRequiredService<SkippedTimeServer>().NextConnectionAsync();
        await _worker.StartAsync(_cancellationToken);
        await connection.WaitAsync(_cancellationToken);
    }

    private async Task StopWorkerAsync()
    {
        await _entities!.DisposeAsync();
        await Worker.StopAsync(CancellationToken.None);
        Worker.Dispose();
    }
}

using System.Net;
using System.Text.Json;
using AtomicDevOps.FunctionsHost.Protocol;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.DurableTask.Protobuf;
using Microsoft.DurableTask.Testing.Sidecar;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;

namespace AtomicDevOps.FunctionsHost;

/// <summary>
/// Runs an app that is built for Azure's Functions host. Orchestrations are the in-memory engine's of the durable SDK's own test host. Every timer fires at the
/// start and then each minute, whatever its schedule; of keys there is one, in <c>Host__Keys__default</c>.
/// </summary>
internal static class WorkerHost
{
    private const string TimerInput = """{"Schedule":{"AdjustForDST":true},"ScheduleStatus":null,"IsPastDue":false}""";
    private static readonly TimeSpan TimerPeriod = TimeSpan.FromMinutes(1);

    public static async Task<int> RunAsync(string app, int port, CancellationToken cancellationToken)
    {
        await using var inside = CreateInside();
        await inside.StartAsync(cancellationToken);
        var insideAddress = new Uri(inside.Urls.Single());
        var channel = inside.Services.GetRequiredService<WorkerChannel>();

        await using var worker = new WorkerProcess(channel);
        worker.Start(app, insideAddress);
        if (await Task.WhenAny(channel.Started, worker.Ended).WaitAsync(cancellationToken) == worker.Ended)
        {
            return await worker.Ended;
        }

        var (functions, workerAddress) = await LoadAsync(channel, app, cancellationToken);
        var client = JsonSerializer.Serialize(new
        {
            rpcBaseUrl = insideAddress,
            taskHubName = "AtomicDevOps",
            connectionName = "Storage",
            requiredQueryStringParameters = "",
            httpBaseUrl = $"http://127.0.0.1:{port}/runtime/webhooks/durabletask",
        });
        using var frontEnd = new HttpFrontEnd(
            channel, workerAddress, client, inside.Configuration["Host:Keys:default"], functions.Values);
        await using var outside = CreateOutside(port, frontEnd);
        await outside.StartAsync(cancellationToken);

        using var grpc = GrpcChannel.ForAddress(insideAddress, new GrpcChannelOptions { MaxReceiveMessageSize = null, MaxSendMessageSize = null });
        var backEnd = new DurableBackEnd(
            channel, new TaskHubSidecarService.TaskHubSidecarServiceClient(grpc), functions, client, inside.Services.GetRequiredService<ILogger<DurableBackEnd>>());
        await Console.Out.WriteLineAsync($"Now listening on: {outside.Urls.Single()}");
        var ended = await Task.WhenAny(backEnd.RunAsync(cancellationToken), FireTimersAsync(channel, functions.Values, client, cancellationToken), worker.Ended);
        if (ended == worker.Ended)
        {
            return await worker.Ended;
        }

        await ended;
        return 0;
    }

    private static async Task<(IReadOnlyDictionary<string, AppFunction> Functions, Uri Worker)> LoadAsync(
        WorkerChannel channel, string app, CancellationToken cancellationToken)
    {
        var directory = Path.GetDirectoryName(app)!;
        var initialize = new Initialize { HostVersion = "4.1040.0", AppDirectory = directory, WorkerDirectory = directory };
        var initialized = (await channel.AskAsync(new Message { Initialize = initialize }, cancellationToken)).Initialized;
        Require(initialized.Outcome, "The worker did not initialize");
        var list = (await channel.AskAsync(new Message { ListFunctions = new ListFunctions { AppDirectory = directory } }, cancellationToken)).FunctionList;
        Require(list.Outcome, "The worker does not list its functions");
        var functions = list.Functions.Select(static function => new AppFunction(function)).ToDictionary(static function => function.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var function in functions.Values)
        {
            var loaded = (await channel.AskAsync(
                new Message { LoadFunction = new LoadFunction { Id = function.Function.Id, Function = function.Function } }, cancellationToken)).FunctionLoaded;
            Require(loaded.Outcome, $"The worker does not load {function.Name}");
        }

        return (functions, new Uri(initialized.Capabilities["HttpUri"]));
    }

    private static void Require(Outcome outcome, string problem)
    {
        if (outcome.Status != Outcome.Types.Status.Succeeded)
        {
            throw new InvalidOperationException($"{problem}: {outcome.Failure?.Message}");
        }
    }

    private static async Task FireTimersAsync(WorkerChannel channel, IEnumerable<AppFunction> functions, string client, CancellationToken cancellationToken)
    {
        var timers = functions.Where(static function => function.TriggerType is "timerTrigger").ToArray();
        using var clock = new PeriodicTimer(TimerPeriod);
        do
        {
            foreach (var timer in timers)
            {
                await channel.InvokeAsync(timer.Invocation(new Data { Json = TimerInput }, client), cancellationToken);
            }
        }
        while (await clock.WaitForNextTickAsync(cancellationToken));
    }

    /// <summary>What the worker talks to: the worker protocol, and the durable engine.</summary>
    private static WebApplication CreateInside()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(static kestrel =>
            kestrel.Listen(IPAddress.Loopback, port: 0, static endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(static options =>
        {
            options.MaxReceiveMessageSize = null;
            options.MaxSendMessageSize = null;
        });
        builder.Services.AddSingleton<WorkerChannel>();
        builder.Services.AddSingleton<InMemoryOrchestrationService>();
        builder.Services.AddSingleton<DurableTask.Core.IOrchestrationService>(static services => services.GetRequiredService<InMemoryOrchestrationService>());
        builder.Services.AddSingleton<DurableTask.Core.IOrchestrationServiceClient>(static services => services.GetRequiredService<InMemoryOrchestrationService>());
        builder.Services.AddSingleton<TaskHubGrpcServer>();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var inside = builder.Build();
        inside.MapGrpcService<WorkerService>();
        inside.MapGrpcService<TaskHubGrpcServer>();
        return inside;
    }

    private static WebApplication CreateOutside(int port, HttpFrontEnd frontEnd)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var outside = builder.Build();
        outside.Map("/{**path}", frontEnd.ServeAsync);
        return outside;
    }
}

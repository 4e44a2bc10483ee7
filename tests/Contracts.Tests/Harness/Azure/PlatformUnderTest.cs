using System.Reflection;
using AtomicDevOps.FunctionApp;
using AtomicDevOps.FunctionApp.Agents;
using AtomicDevOps.Orchestrations.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Contracts.Tests.Harness;

/// <summary>
/// The app as it is built for Azure Functions: its services, its converter of payloads, its triggers and orchestrators. Only the Functions host
/// is not there: triggers are called, and their results executed, as its worker does, and the engine is the real test host's.
/// </summary>
internal sealed class PlatformUnderTest : IPlatformUnderTest
{
    private readonly IHost _app;
    private readonly SidecarHost _engine;
    private readonly WebApplication _server;
    private readonly string _directory;

    private PlatformUnderTest(IHost app, SidecarHost engine, WebApplication server, string directory)
    {
        _app = app;
        _engine = engine;
        _server = server;
        _directory = directory;
        Http = new HttpClient { BaseAddress = new Uri(server.Urls.Single()) };
    }

    public HttpClient Http { get; }

    public DurableTaskClient Client => _engine.Client;

    public IServiceProvider Services => _app.Services;

    public static async Task<IPlatformUnderTest> StartAsync(
        Action<ScriptedTools>? script, IReadOnlyDictionary<string, string?>? settings, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("contracts-").FullName;
        var tools = new ScriptedTools();
        script?.Invoke(tools);
        var app = BuildApp(directory, settings);
        SidecarHost? engine = null;
        engine = await SidecarHost.StartAsync(
            tasks =>
            {
                PlatformOrchestrators.AddTo(tasks);
                tools.Register(tasks, () => engine!.Client);
            },
            new DurableHostSettings(Converter: app.Services.GetRequiredService<IOptions<DurableTaskWorkerOptions>>().Value.DataConverter),
            cancellationToken);
        var server = BuildServer(app.Services, engine);
        await server.StartAsync(cancellationToken);

        // Started, the app would look for the Functions host.
        ((ApplicationLifetime)app.Services.GetRequiredService<IHostApplicationLifetime>()).NotifyStarted();
        return new PlatformUnderTest(app, engine, server, directory);
    }

    public Task SettleAsync() => _engine.PassAsync(TimeSpan.Zero);

    public IReadOnlyList<ActivityRecord> ActivitiesOf(IReadOnlyCollection<string> instanceIds) =>
        [.. _engine.Activities.Where(activity => instanceIds.Contains(activity.InstanceId, StringComparer.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _server.DisposeAsync();
        await _engine.DisposeAsync();
        _app.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>As in Program.cs. What the worker runs at the start of the entry assembly is run for the app's assembly here.</summary>
    private static IHost BuildApp(string directory, IReadOnlyDictionary<string, string?>? settings)
    {
        var assembly = typeof(AgentMiddleware).Assembly;
        var builder = FunctionsApplication.CreateBuilder([]);
        builder.Configuration.AddInMemoryCollection(PlatformSettings.In(directory)).AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
            ["DURABLE_TASK_SCHEDULER_CONNECTION_STRING"] = "Endpoint=http://127.0.0.1:1;Authentication=None",
        }).AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        var startUp = assembly.GetCustomAttribute<WorkerExtensionStartupCodeExecutorInfoAttribute>().ShouldNotBeNull().StartupCodeExecutorType;
        ((WorkerExtensionStartup)Activator.CreateInstance(startUp)!).Configure(builder);
        builder.ConfigureFunctionsWebApplication();
        builder.UseMiddleware<AgentMiddleware>();
        builder.Logging.ClearProviders();
        builder.Services.AddAtomicDevOps(builder.Configuration);
        return builder.Build();
    }

    private static WebApplication BuildServer(IServiceProvider services, SidecarHost engine)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = builder.Build();
        var functions = from type in typeof(AgentMiddleware).Assembly.GetExportedTypes()
                        from method in type.GetMethods()
                        let trigger = method.GetParameters().Select(static each => each.GetCustomAttribute<HttpTriggerAttribute>()).FirstOrDefault(static each => each is not null)
                        where trigger is not null
                        select (method, trigger);
        foreach (var (method, trigger) in functions)
        {
            server.MapMethods($"/api/{trigger.Route}", trigger.Methods!.Select(static verb => verb.ToUpperInvariant()), async context =>
            {
                await using var scope = services.CreateAsyncScope();
                context.RequestServices = scope.ServiceProvider;
                var target = ActivatorUtilities.CreateInstance(scope.ServiceProvider, method.DeclaringType!);
                var arguments = method.GetParameters().Select(parameter => ArgumentOf(parameter, context, engine.Client)).ToArray();
                var answer = method.Invoke(target, arguments);
                var result = answer is Task<IResult> later ? await later : (IResult)answer!;
                await result.ExecuteAsync(context);
            });
        }

        return server;
    }

    private static object? ArgumentOf(ParameterInfo parameter, HttpContext context, DurableTaskClient client) => parameter.ParameterType switch
    {
        var type when type == typeof(HttpRequest) => context.Request,
        var type when type == typeof(DurableTaskClient) => client,
        var type when type == typeof(CancellationToken) => context.RequestAborted,
        _ => context.Request.RouteValues[parameter.Name!],
    };
}

using AtomicDevOps.EmbeddedHost;
using AtomicDevOps.EmbeddedHost.Commands;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Triggers;
using AtomicDevOps.EmbeddedHost.Triggers.Management;
using AtomicDevOps.EmbeddedHost.Triggers.Timers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Builder;

/// <summary>Puts a Functions app together; see <see cref="FunctionsApplication.CreateBuilder"/>.</summary>
public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
{
    private readonly WebApplicationBuilder _builder;
    private readonly MiddlewarePipeline _pipeline = new();
    private readonly IReadOnlyCollection<Type>? _functionTypes;
    private readonly CommandArguments? _command;
    private bool _hasBuilt;

    /// <param name="functionTypes">The types to look for functions in; null for those of the entry assembly and its projects.</param>
    internal FunctionsApplicationBuilder(string[]? args, IReadOnlyCollection<Type>? functionTypes = null)
    {
        _functionTypes = functionTypes;
        _command = CommandArguments.Find(args ?? []);
        args = _command?.Configuration ?? args;
        _builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            EnvironmentName = System.Environment.GetEnvironmentVariable("AZURE_FUNCTIONS_ENVIRONMENT"),
        });
        HostConfiguration.Add(_builder.Configuration, _builder.Environment.ContentRootPath, args ?? []);

        // Request logs hold whole addresses, and with them the keys that callers put in the query.
        _builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

        // A start that fails is told by the exception that Run throws; the host itself would log its stack trace first.
        _builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        Services.AddMvcCore();

        // First of the hosted services, so that those of the app find the engine running, and it outlives them.
        Services.AddHostedService<CommandGrace>();
        Services.AddSingleton<ShutdownGrace>();
        Services.AddHostedService(static services => services.GetRequiredService<ShutdownGrace>());
        Services.AddHostedService<StopSignals>();
        Services.AddFunctionPayloads();
        Services.AddEmbeddedDurableTask();
        Services.AddOptions<EmbeddedDurableTaskOptions>().Configure<FunctionHostOptions>(static (durable, host) =>
        {
            host.DurableTask.Apply(durable);
            durable.DataDirectory = host.DataDirectory;
            durable.Retention = host.Retention;
            durable.DrainTimeout = host.DrainTimeout;
        });
        Services.AddHealthChecks().AddCheck<StoreHealthCheck>("durable-store");
        Services.AddOptions<HostOptions>().Configure<FunctionHostOptions>(static (host, functions) => host.ShutdownTimeout = functions.ShutdownTimeout);
    }

    public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_builder).Properties;

    public ConfigurationManager Configuration => _builder.Configuration;

    IConfigurationManager IHostApplicationBuilder.Configuration => Configuration;

    public IHostEnvironment Environment => _builder.Environment;

    public ILoggingBuilder Logging => _builder.Logging;

    public IMetricsBuilder Metrics => _builder.Metrics;

    public IServiceCollection Services => _builder.Services;

    internal bool ServesHttpFunctions { get; set; }

    public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
    {
        ArgumentNullException.ThrowIfNull(middleware);
        ThrowIfBuilt();
        _pipeline.Use(middleware);
        return this;
    }

    public void ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull =>
        ((IHostApplicationBuilder)_builder).ConfigureContainer(factory, configure);

    /// <summary>
    /// Finds and checks the functions, and gives the host that serves them; or, where the arguments begin with <c>instances</c>, one that
    /// runs that command and ends.
    /// </summary>
    /// <exception cref="FunctionSetupException">A function or a setting is wrong; the message lists every problem.</exception>
    public IHost Build()
    {
        ThrowIfBuilt();
        _hasBuilt = true;
        if (_command is not null)
        {
            return CommandHost.Create(_command.Command, Configuration, Environment.ContentRootPath);
        }

        var options = FunctionHostOptions.Read(Configuration, Environment.ContentRootPath);
        var catalog = FunctionDiscovery.Find(_functionTypes ?? FunctionAssemblies.TypesOf(options.EntryAssembly), options.TaskHub)
            .Without(function => FunctionHostOptions.IsDisabled(Configuration, function.Name));
        if (!ServesHttpFunctions && catalog.With<HttpTriggerAttribute>().FirstOrDefault() is { Function: { } httpFunction })
        {
            throw new FunctionSetupException(
                $"{httpFunction.EntryPoint} has an [HttpTrigger], but HTTP functions are off. Call builder.ConfigureFunctionsWebApplication().");
        }

        HttpFunctionEndpoints.Check(catalog);
        AddServices(options, catalog);
        _builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.RequestBodyLimit;
        });
        if (string.IsNullOrEmpty(Configuration["urls"]) && !Configuration.GetSection("Kestrel:Endpoints").Exists())
        {
            _builder.WebHost.UseUrls($"http://127.0.0.1:{options.Port}");
        }

        var app = _builder.Build();
        options.DurableTask.Report(app.Services.GetRequiredService<ILogger<DurableTaskSettings>>());
        app.Use(DescribeRoutingErrorsAsync);
        app.Use(app.Services.GetRequiredService<DrainGate>().InvokeAsync);
        app.Services.GetRequiredService<HttpFunctionEndpoints>().Map(app);
        app.Services.GetRequiredService<ManagementApi>().Map(app);
        catalog.RegisterWith(app.Services.GetRequiredService<FunctionRegistry>(), app.Services.GetRequiredService<FunctionExecutor>());
        return app;
    }

    /// <summary>Routing itself answers 404 and 405 without a body.</summary>
    private static async Task DescribeRoutingErrorsAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed }
            && context.GetEndpoint() is null or { RequestDelegate: not null, Metadata.Count: 0 })
        {
            await Problem.WriteAsync(context, context.Response.StatusCode);
        }
    }

    private void AddServices(FunctionHostOptions options, FunctionCatalog catalog)
    {
        CreateDataDirectory(options.DataDirectory);
        HostAddressFile.RemoveStale(options.DataDirectory);
        Services.AddSingleton(options);
        Services.AddSingleton(catalog);
        Services.AddSingleton(_pipeline);
        Services.AddSingleton(OpenKeys(options.DataDirectory));
        Services.AddSingleton<AuthorizationGate>();
        Services.AddSingleton<HostAddress>();
        Services.AddSingleton<DrainGate>();
        Services.AddSingleton<FunctionExecutor>();
        Services.AddSingleton<FunctionsDurableTaskClient>();
        Services.AddSingleton<HttpFunctionEndpoints>();
        Services.AddSingleton<ManagementApi>();
        Services.AddSingleton<TimerStatusStore>();
        Services.AddSingleton(services => TimerFunctions.Plan(
            catalog, services.GetRequiredService<IConfiguration>(), services.GetRequiredService<TimeProvider>()));
        Services.AddHostedService<TimerFunctions>();
        Services.AddHostedService<HostAddressFile>();
    }

    private KeyStore OpenKeys(string dataDirectory)
    {
        try
        {
            return KeyStore.Open(dataDirectory, Configuration);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FunctionSetupException(
                $"The data directory '{dataDirectory}' cannot be written: {exception.Message} Give this process write access, "
                + "or point 'Host:DataDirectory' to another one.",
                exception);
        }
    }

    private static void CreateDataDirectory(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FunctionSetupException(
                $"The data directory '{path}' cannot be made: {exception.Message} Point 'Host:DataDirectory' to a writable one.", exception);
        }
    }

    private void ThrowIfBuilt()
    {
        if (_hasBuilt)
        {
            throw new InvalidOperationException("The application has already been built.");
        }
    }
}

public static class FunctionsApplicationBuilderAspNetCoreExtensions
{
    /// <summary>Serves HTTP functions with ASP.NET Core's own request and result types.</summary>
    public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ServesHttpFunctions = true;
        return builder;
    }
}

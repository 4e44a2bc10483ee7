using System.Collections.Concurrent;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers;

/// <summary>The real host on a port that the system picks, with its data in a directory of its own.</summary>
internal sealed class FunctionsTestHost : IAsyncDisposable
{
    public const string MasterKey = "master-key-for-tests";
    public const string HostKey = "default-host-key-for-tests";
    public const string DurableKey = "durable-system-key-for-tests";

    private readonly IHost _host;
    private readonly string? _ownDirectory;

    private FunctionsTestHost(IHost host, string dataDirectory, bool ownsDirectory, LogCollector logs)
    {
        _host = host;
        _ownDirectory = ownsDirectory ? dataDirectory : null;
        DataDirectory = dataDirectory;
        Logs = logs;
    }

    public HttpClient Client { get; private set; } = null!;

    public string DataDirectory { get; }

    public LogCollector Logs { get; }

    public IServiceProvider Services => _host.Services;

    public static FunctionsApplicationBuilder CreateBuilder(
        string dataDirectory, IReadOnlyDictionary<string, string?>? settings, params Type[] functions)
    {
        var builder = new FunctionsApplicationBuilder([], functions);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Host:Port"] = "0",
            ["Host:DataDirectory"] = dataDirectory,
            ["Host:Keys:master"] = MasterKey,
            ["Host:Keys:default"] = HostKey,
            ["Host:Keys:durabletask_extension"] = DurableKey,
        });
        builder.Configuration.AddInMemoryCollection(settings ?? new Dictionary<string, string?>());
        builder.ConfigureFunctionsWebApplication();
        builder.Logging.ClearProviders();
        return builder;
    }

    public static Task<FunctionsTestHost> StartAsync(params Type[] functions) => StartAsync(null, null, functions);

    public static async Task<FunctionsTestHost> StartAsync(
        IReadOnlyDictionary<string, string?>? settings, Action<FunctionsApplicationBuilder>? configure, params Type[] functions)
    {
        var ownsDirectory = settings?.ContainsKey("Host:DataDirectory") != true;
        var dataDirectory = ownsDirectory ? Directory.CreateTempSubdirectory("functions-").FullName : settings!["Host:DataDirectory"]!;
        var builder = CreateBuilder(dataDirectory, settings, functions);
        var logs = new LogCollector();
        builder.Logging.AddProvider(logs);
        configure?.Invoke(builder);
        var host = new FunctionsTestHost(builder.Build(), dataDirectory, ownsDirectory, logs);
        await host._host.StartAsync(TestContext.Current.CancellationToken);
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        host.Client = new HttpClient { BaseAddress = new Uri(address) };
        return host;
    }

    public HttpClient ClientWithKey(string key)
    {
        var client = new HttpClient { BaseAddress = Client.BaseAddress };
        client.DefaultRequestHeaders.Add("x-functions-key", key);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.StopAsync();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }

        if (_ownDirectory is not null)
        {
            Directory.Delete(_ownDirectory, recursive: true);
        }
    }

    internal sealed class LogCollector : ILoggerProvider
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(LogCollector owner, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(
                LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                owner.Lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)} {exception}");
        }
    }
}

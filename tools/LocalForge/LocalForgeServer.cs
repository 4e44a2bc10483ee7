using System.Net;
using AtomicDevOps.LocalForge.Administration;
using AtomicDevOps.LocalForge.Api;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Faults;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.Pages;
using AtomicDevOps.LocalForge.PullRequests;
using AtomicDevOps.LocalForge.Store;
using AtomicDevOps.LocalForge.Webhooks;

namespace AtomicDevOps.LocalForge;

/// <summary>
/// A forge on the loopback address that speaks the part of GitHub's REST API, webhooks and git protocol that Atomic DevOps uses.
/// The API is at <see cref="Address"/> itself (as api.github.com) and below <c>/api/v3</c> (as GitHub Enterprise Server).
/// </summary>
public sealed class LocalForgeServer : IAsyncDisposable
{
    /// <summary>What git itself may send and GitHub's file size limit allow, with room for Base64.</summary>
    private const long LargestRequest = 1L << 31;

    private readonly WebApplication _application;
    private readonly Forge _forge;

    private LocalForgeServer(WebApplication application, Forge forge)
    {
        _application = application;
        _forge = forge;
        Administration = application.Services.GetRequiredService<ForgeAdministration>();
    }

    /// <summary>The address it listens on, such as <c>http://127.0.0.1:3000</c>.</summary>
    public Uri Address => new(_forge.Address);

    public ForgeAdministration Administration { get; }

    /// <summary>Trouble for tests.</summary>
    public ForgeFaults Faults => _forge.Faults;

    /// <summary>The API's routes, as method and pattern.</summary>
    internal IEnumerable<(string Method, string Pattern)> ApiRoutes =>
        from endpoint in _application.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let pattern = "/" + endpoint.RoutePattern.RawText!.Trim('/')
        where pattern.StartsWith("/repos/", StringComparison.Ordinal) || pattern.Count(c => c == '/') == 1 || pattern.StartsWith("/app/", StringComparison.Ordinal)
            || pattern.StartsWith("/user", StringComparison.Ordinal)
        from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
        select (method, pattern);

    /// <summary>Starts a forge; it listens when this returns.</summary>
    /// <exception cref="IOException">The port is taken, or the directory cannot be written.</exception>
    public static async Task<LocalForgeServer> StartAsync(LocalForgeOptions options, CancellationToken cancellationToken = default)
    {
        options = options with { Directory = Path.GetFullPath(options.Directory) };
        Directory.CreateDirectory(options.Directory);
        var forge = new Forge(options, ForgeStore.Open(Path.Combine(options.Directory, "forge.db")));
        WebApplication? application = null;
        try
        {
            application = Build(forge);
            await application.Services.GetRequiredService<ForgeAdministration>().EnsureOwnAppAsync(cancellationToken);
            await application.StartAsync(cancellationToken);
            forge.Address = application.Urls.Single();
            await application.Services.GetRequiredService<PullRequestTracker>().ReconcileAsync(cancellationToken);
            return new LocalForgeServer(application, forge);
        }
        catch
        {
            if (application is not null)
            {
                await application.DisposeAsync();
            }

            forge.Store.Dispose();
            throw;
        }
    }

    /// <summary>Waits until the process is told to stop.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken = default) => _application.WaitForShutdownAsync(cancellationToken);

    /// <summary>Stops listening. Deliveries that are not sent yet are sent by the next forge on the same directory.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
        _forge.Store.Dispose();
    }

    private static WebApplication Build(Forge forge)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, forge.Options.Port);
            kestrel.Limits.MaxRequestBodySize = LargestRequest;
            kestrel.AddServerHeader = false;
        });
        builder.Logging.ClearProviders();
        if (forge.Options.ConsoleLog)
        {
            builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        }

        builder.Services.AddSingleton(forge);
        builder.Services.AddSingleton(forge.Options.TimeProvider);
        builder.Services.AddSingleton<RateLimiter>();
        builder.Services.AddSingleton<WebhookQueue>();
        builder.Services.AddSingleton<WebhookPublisher>();
        builder.Services.AddSingleton<PullRequestTracker>();
        builder.Services.AddSingleton<PullRequestMerger>();
        builder.Services.AddSingleton<RefWatcher>();
        builder.Services.AddSingleton(services => new ForgeAdministration(
            forge, services.GetRequiredService<RefWatcher>(), services.GetRequiredService<WebhookPublisher>()));
        builder.Services.AddHttpClient(WebhookSender.ClientName)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false });
        builder.Services.AddHostedService<WebhookSender>();
        builder.Services.AddRequestDecompression();
        builder.Services.AddRouting();

        var application = builder.Build();
        application.UseMiddleware<FaultMiddleware>();
        application.UseRequestDecompression();
        application.UseWhen(IsApi, api => api.UseMiddleware<ApiMiddleware>());
        application.UseRouting();
        MapApi(application.MapGroup(""));
        MapApi(application.MapGroup(ApiCall.ApiPrefix));
        SmartHttpEndpoints.Map(application);
        ContentEndpoints.MapArchives(application);
        PullRequestPage.Map(application);
        if (forge.Options.AdministrationEndpoints)
        {
            AdministrationEndpoints.Map(application);
        }

        return application;
    }

    /// <summary>Whether a path belongs to the API rather than to git or people.</summary>
    private static bool IsApi(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        string[] prefixes = ["/repos", "/user", "/users", "/rate_limit", "/meta", "/app", ApiCall.ApiPrefix, AdministrationEndpoints.Prefix];
        return prefixes.Any(prefix =>
            path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/'));
    }

    private static void MapApi(IEndpointRouteBuilder api)
    {
        RootEndpoints.Map(api);
        AppEndpoints.Map(api);
        RepositoryEndpoints.MapRoot(api);
        var repository = api.MapGroup("/repos/{owner}/{repo}");
        RepositoryEndpoints.Map(repository);
        PullRequestEndpoints.Map(repository);
        IssueEndpoints.Map(repository);
        GitEndpoints.Map(repository);
        CommitEndpoints.Map(repository);
        ContentEndpoints.Map(repository);
        CheckEndpoints.Map(repository);
        CodeScanningEndpoints.Map(repository);
        ReleaseEndpoints.Map(repository);
        HookEndpoints.Map(repository);
    }
}

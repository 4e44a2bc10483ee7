using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>OWASP ZAP, by https://www.zaproxy.org/docs/api/.</summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Drives OWASP ZAP over its API: spiders, passive and active scans of one origin, alerts.")]
public sealed class ZapClient : IZapClient, IDisposable
{
    public const string ToolName = "OWASP ZAP API";

    internal const string ClientName = "Zap";

    private readonly ZapApi? _api;
    private readonly ZapOptions _options;
    private readonly SecretRedactor _redactor;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<ZapClient> _logger;
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    public ZapClient(IHttpClientFactory clients, IOptions<ZapOptions> options, SecretRedactor redactor, TimeProvider timeProvider, ILogger<ZapClient> logger)
    {
        _options = options.Value;
        _redactor = redactor;
        _timeProvider = timeProvider;
        _logger = logger;
        _api = _options.Address is { } address ? new ZapApi(TransportOver(clients), address, _options.ApiKey, redactor) : null;
    }

    public bool IsConfigured => _api is not null;

    public Task<string> GetVersionAsync(CancellationToken cancellationToken) => GetVersionAsync(RequireApi(), cancellationToken);

    public Task<string> GetVersionAsync(ZapHost host, CancellationToken cancellationToken) => GetVersionAsync(ApiOf(host), cancellationToken);

    public TimeSpan TimeoutOf(ZapScan scan) => scan.Timeout ?? (scan.Mode == ZapScanMode.Full ? _options.FullTimeout : _options.BaselineTimeout);

    public async Task<ScanReport> ScanAsync(ZapScan scan, Func<ZapProgress, CancellationToken, ValueTask>? onProgress, CancellationToken cancellationToken)
    {
        var api = RequireApi();
        var scope = ScopeOf(scan);
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return await ScanAsync(api, scan, scope, onProgress, cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public Task<ScanReport> ScanAsync(ZapScan scan, ZapHost host, CancellationToken cancellationToken) =>
        ScanAsync(ApiOf(host), scan, ScopeOf(scan), onProgress: null, cancellationToken);

    public void Dispose() => _oneAtATime.Dispose();

    private static async Task<string> GetVersionAsync(ZapApi api, CancellationToken cancellationToken) =>
        ZapApi.ReadText(await api.ViewAsync("core", "version", cancellationToken), "core/view/version", "version");

    private static ZapScope ScopeOf(ZapScan scan)
    {
        var scope = new ZapScope(scan.AllowedOrigin);
        scope.Require(scan.Target, "target");
        if (scan.OpenApi is { } description)
        {
            scope.Require(description, "OpenAPI description");
        }

        return scope;
    }

    private async Task<ScanReport> ScanAsync(
        ZapApi api, ZapScan scan, ZapScope scope, Func<ZapProgress, CancellationToken, ValueTask>? onProgress, CancellationToken cancellationToken)
    {
        var version = await GetVersionAsync(api, cancellationToken);
        var run = new ZapRun(api, scan, TimeoutOf(scan), scope, _options, _timeProvider, _redactor.Redact, onProgress, _logger);
        return await run.RunAsync(version, cancellationToken);
    }

    private ZapApi ApiOf(ZapHost host) => new(TransportOver(new ZapHostClients(host, _options.Timeout)), host.Address, host.ApiKey, _redactor);

    private JsonTransport TransportOver(IHttpClientFactory clients) => new(ToolName, ClientName, clients, _timeProvider, TimeSpan.FromMinutes(1));

    private ZapApi RequireApi() => _api ?? throw new ToolException(ToolName, "is not configured: set Zap:Address to where ZAP's API listens.");
}

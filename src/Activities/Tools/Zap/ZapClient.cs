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

    private readonly ZapApi _api;
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
        _api = new ZapApi(new JsonTransport(ToolName, ClientName, clients, timeProvider, TimeSpan.FromMinutes(1)), _options, redactor);
    }

    public bool IsConfigured => _options.Address is not null;

    public async Task<string> GetVersionAsync(CancellationToken cancellationToken)
    {
        RequireConfigured();
        return ZapApi.ReadText(await _api.ViewAsync("core", "version", cancellationToken), "core/view/version", "version");
    }

    public async Task<ScanReport> ScanAsync(ZapScan scan, Func<ZapProgress, CancellationToken, ValueTask>? onProgress, CancellationToken cancellationToken)
    {
        RequireConfigured();
        var scope = new ZapScope(scan.AllowedOrigin);
        scope.Require(scan.Target, "target");
        if (scan.OpenApi is { } description)
        {
            scope.Require(description, "OpenAPI description");
        }

        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            var version = await GetVersionAsync(cancellationToken);
            var run = new ZapRun(_api, scan, scope, _options, _timeProvider, _redactor.Redact, onProgress, _logger);
            return await run.RunAsync(version, cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private void RequireConfigured()
    {
        if (!IsConfigured)
        {
            throw new ToolException(ToolName, "is not configured: set Zap:Address to where ZAP's API listens.");
        }
    }
}

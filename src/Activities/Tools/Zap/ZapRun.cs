using System.Globalization;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Http;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>One scan, from a new session to the removal of its context.</summary>
internal sealed class ZapRun(
    ZapApi api,
    ZapScan scan,
    TimeSpan timeout,
    ZapScope scope,
    ZapOptions options,
    TimeProvider timeProvider,
    Func<string, string> redact,
    Func<ZapProgress, CancellationToken, ValueTask>? onProgress,
    ILogger logger)
{
    private const int AlertPage = 500;
    private const int MaxAlerts = 100_000;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);

    private readonly string _context = $"atomic-devops-{Guid.NewGuid():N}";
    private readonly DateTimeOffset _until = timeProvider.GetUtcNow() + timeout;

    private readonly Stack<(string Component, (string Name, string Value)[] Parameters)> _running = new();
    private readonly List<string> _leftOut = [];
    private string _contextId = "";
    private bool _isLate;

    public async Task<ScanReport> RunAsync(string version, CancellationToken cancellationToken)
    {
        var hasContext = false;
        try
        {
            await api.ActAsync("core", "newSession", isRepeatable: true, cancellationToken);
            hasContext = true;
            await OpenContextAsync(cancellationToken);
            await ImportAsync(cancellationToken);
            await SpiderAsync(cancellationToken);
            await AjaxSpiderAsync(cancellationToken);
            await PassiveAsync(cancellationToken);
            await ActiveAsync(cancellationToken);
            await StopAsync(cancellationToken);
            return await ReadAlertsAsync(version, cancellationToken);
        }
        finally
        {
            await CleanUpAsync(hasContext);
        }
    }

    private async Task OpenContextAsync(CancellationToken cancellationToken)
    {
        // In this mode ZAP does nothing dangerous to what is not in scope, whatever it is asked.
        await api.ActAsync("core", "setMode", isRepeatable: true, cancellationToken, ("mode", "protect"));
        var made = await api.ActAsync("context", "newContext", isRepeatable: false, cancellationToken, ("contextName", _context));
        _contextId = ZapApi.ReadText(made, "context/action/newContext", "contextId");
        await api.ActAsync("context", "includeInContext", isRepeatable: true, cancellationToken, ("contextName", _context), ("regex", scope.Pattern));
        await api.ActAsync("context", "setContextInScope", isRepeatable: true, cancellationToken, ("contextName", _context), ("booleanInScope", "true"));
        await api.ActAsync("pscan", "setScanOnlyInScope", isRepeatable: true, cancellationToken, ("onlyInScope", "true"));
    }

    private async Task ImportAsync(CancellationToken cancellationToken)
    {
        // The description may name servers elsewhere: both ways say whose host is meant.
        if (scan.OpenApi is { } address)
        {
            await TellAsync(ZapPhase.Import, percent: null, left: null, cancellationToken);
            ReadImport(await api.ActAsync(
                "openapi", "importUrl", isRepeatable: false, cancellationToken, ("url", address.AbsoluteUri), ("hostOverride", scope.Origin), ("contextId", _contextId)), "importUrl");
        }

        if (scan.OpenApiFile is { } file)
        {
            await TellAsync(ZapPhase.Import, percent: null, left: null, cancellationToken);
            ReadImport(await api.ActAsync(
                "openapi", "importFile", isRepeatable: false, cancellationToken, ("file", file), ("target", scope.Origin), ("contextId", _contextId)), "importFile");
        }
    }

    private void ReadImport(JsonElement answer, string name)
    {
        var warnings = JsonAnswer.Each(JsonAnswer.Find(answer, name)).Count();
        if (warnings > 0)
        {
            _leftOut.Add(string.Create(CultureInfo.InvariantCulture, $"the OpenAPI description was read with {warnings} warnings"));
        }
    }

    private async Task SpiderAsync(CancellationToken cancellationToken)
    {
        var begun = await api.ActAsync(
            "spider", "scan", isRepeatable: false, cancellationToken, ("url", scan.Target.AbsoluteUri), ("recurse", "true"), ("contextName", _context));
        await WaitForScanAsync("spider", ZapPhase.Spider, ZapApi.ReadText(begun, "spider/action/scan", "scan"), cancellationToken);
    }

    private async Task AjaxSpiderAsync(CancellationToken cancellationToken)
    {
        if (!scan.UsesAjaxSpider || _isLate)
        {
            return;
        }

        try
        {
            await api.ActAsync(
                "ajaxSpider", "scan", isRepeatable: false, cancellationToken, ("url", scan.Target.AbsoluteUri), ("inScope", "true"), ("contextName", _context));
        }
        catch (ZapRequestException exception) when (exception.Code is "no_implementor")
        {
            _leftOut.Add("ZAP has no add-on for the Ajax spider");
            return;
        }

        _running.Push(("ajaxSpider", []));
        await WaitAsync(
            async () =>
            {
                var status = ZapApi.ReadText(await api.ViewAsync("ajaxSpider", "status", cancellationToken), "ajaxSpider/view/status", "status");
                await TellAsync(ZapPhase.AjaxSpider, percent: null, left: null, cancellationToken);
                return status switch
                {
                    "stopped" => true,
                    "running" => false,
                    _ => throw ZapApi.NotZaps("ajaxSpider/view/status", "the status is neither running nor stopped"),
                };
            },
            cancellationToken);
        Ended();
    }

    private Task PassiveAsync(CancellationToken cancellationToken) => WaitAsync(
        async () =>
        {
            const string View = "pscan/view/recordsToScan";
            var left = ZapApi.ReadNumber(await api.ViewAsync("pscan", "recordsToScan", cancellationToken), View, "recordsToScan");
            await TellAsync(ZapPhase.PassiveScan, percent: null, left, cancellationToken);
            return left <= 0;
        },
        cancellationToken);

    private async Task ActiveAsync(CancellationToken cancellationToken)
    {
        if (scan.Mode != ZapScanMode.Full || _isLate)
        {
            return;
        }

        (string, string)[] policy = options.Policy is { } name ? [("scanPolicyName", name)] : [];
        var begun = await api.ActAsync(
            "ascan", "scan", isRepeatable: false, cancellationToken,
            [("url", scan.Target.AbsoluteUri), ("recurse", "true"), ("inScopeOnly", "true"), .. policy, ("contextId", _contextId)]);
        await WaitForScanAsync("ascan", ZapPhase.ActiveScan, ZapApi.ReadText(begun, "ascan/action/scan", "scan"), cancellationToken);
        await PassiveAsync(cancellationToken);
    }

    private async Task WaitForScanAsync(string component, ZapPhase phase, string id, CancellationToken cancellationToken)
    {
        _running.Push((component, [("scanId", id)]));
        await WaitAsync(
            async () =>
            {
                var percent = ZapApi.ReadNumber(await api.ViewAsync(component, "status", cancellationToken, ("scanId", id)), $"{component}/view/status", "status");
                await TellAsync(phase, Math.Clamp(percent, 0, 100), left: null, cancellationToken);
                return percent >= 100;
            },
            cancellationToken);
        Ended();
    }

    /// <summary>Whatever is at the top has come to its end, unless the deadline did.</summary>
    private void Ended()
    {
        if (!_isLate)
        {
            _running.Pop();
        }
    }

    private async Task WaitAsync(Func<Task<bool>> isDone, CancellationToken cancellationToken)
    {
        while (!_isLate && !await isDone())
        {
            if (timeProvider.GetUtcNow() + Poll > _until)
            {
                _isLate = true;
                return;
            }

            await Task.Delay(Poll, timeProvider, cancellationToken);
        }
    }

    private async Task<ScanReport> ReadAlertsAsync(string version, CancellationToken cancellationToken)
    {
        var reader = new ZapAlertReader(scope, version, redact);
        for (var start = 0; ; start += AlertPage)
        {
            var answer = await api.ViewAsync(
                "core", "alerts", cancellationToken, ("start", start.ToString(CultureInfo.InvariantCulture)), ("count", AlertPage.ToString(CultureInfo.InvariantCulture)));
            var alerts = JsonAnswer.Find(answer, "alerts");
            if (alerts.ValueKind != JsonValueKind.Array)
            {
                throw ZapApi.NotZaps("core/view/alerts", "it holds no list of alerts");
            }

            if (alerts.GetArrayLength() > 0 && (!reader.Read(alerts) || start >= MaxAlerts))
            {
                throw new ToolException(
                    ZapClient.ToolName, $"core/view/alerts leads round in a circle, or over more than {MaxAlerts} alerts; they are not read further.");
            }

            await TellAsync(ZapPhase.Alerts, percent: null, start + alerts.GetArrayLength(), cancellationToken);
            if (alerts.GetArrayLength() < AlertPage)
            {
                break;
            }
        }

        if (_isLate)
        {
            _leftOut.Add($"it was stopped at its deadline; raise Zap:{(scan.Mode == ZapScanMode.Full ? nameof(options.FullTimeout) : nameof(options.BaselineTimeout))}");
        }

        return reader.ToReport(_leftOut);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        while (_running.TryPeek(out var running))
        {
            await api.ActAsync(running.Component, "stop", isRepeatable: true, cancellationToken, running.Parameters);
            _running.Pop();
        }
    }

    /// <summary>Also after a cancellation: ZAP goes on attacking until it is told to stop.</summary>
    private async Task CleanUpAsync(bool hasContext)
    {
        while (_running.TryPop(out var running))
        {
            await TryAsync(() => api.ActAsync(running.Component, "stop", isRepeatable: true, CancellationToken.None, running.Parameters), $"{running.Component} could not be stopped");
        }

        if (hasContext)
        {
            await TryAsync(() => api.ActAsync("context", "removeContext", isRepeatable: true, CancellationToken.None, ("contextName", _context)), "its context could not be removed");
        }
    }

    private async Task TryAsync(Func<Task> act, string problem)
    {
        try
        {
            await act();
        }
        catch (ToolException exception)
        {
            logger.LogWarning(exception, "After a scan by ZAP {Problem}; restart ZAP.", problem);
        }
    }

    private ValueTask TellAsync(ZapPhase phase, int? percent, int? left, CancellationToken cancellationToken) =>
        onProgress is null ? ValueTask.CompletedTask : onProgress(new ZapProgress(phase, percent, left), cancellationToken);
}

using System.Globalization;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tests.Tools.Http;

namespace AtomicDevOps.Activities.Tests.Tools.Zap;

/// <summary>
/// ZAP's JSON API on loopback, as far as the platform uses it, in the shapes of <see cref="Version"/>: components core, context, spider,
/// ajaxSpider (an add-on), pscan, ascan and openapi (an add-on), with the parameters that ZAP's published client has and no others.
/// </summary>
internal sealed class ZapStandIn : IAsyncDisposable
{
    public const string Version = "2.16.1";
    public const string Key = "zap-key-of-the-test-0123456789";

    /// <summary>Mandatory parameters, then <c>|</c> and those that may be left out.</summary>
    public static readonly IReadOnlyDictionary<string, string> Endpoints = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["core/view/version"] = "|",
        ["core/view/alerts"] = "|baseurl,start,count,riskId",
        ["core/action/newSession"] = "|name,overwrite",
        ["core/action/setMode"] = "mode|",
        ["context/action/newContext"] = "contextName|",
        ["context/action/includeInContext"] = "contextName,regex|",
        ["context/action/setContextInScope"] = "contextName,booleanInScope|",
        ["context/action/removeContext"] = "contextName|",
        ["spider/action/scan"] = "|url,maxChildren,recurse,contextName,subtreeOnly",
        ["spider/action/stop"] = "|scanId",
        ["spider/view/status"] = "|scanId",
        ["ajaxSpider/action/scan"] = "|url,inScope,contextName,subtreeOnly",
        ["ajaxSpider/action/stop"] = "|",
        ["ajaxSpider/view/status"] = "|",
        ["pscan/action/setScanOnlyInScope"] = "onlyInScope|",
        ["pscan/view/recordsToScan"] = "|",
        ["ascan/action/scan"] = "|url,recurse,inScopeOnly,scanPolicyName,method,postData,contextId",
        ["ascan/action/stop"] = "scanId|",
        ["ascan/view/status"] = "|scanId",
        ["openapi/action/importUrl"] = "url|hostOverride,contextId,userId",
        ["openapi/action/importFile"] = "file|target,contextId,userId",
    };

    private readonly Dictionary<string, int> _polls = new(StringComparer.Ordinal);

    private ZapStandIn()
    {
    }

    public RecordingServer Server { get; private set; } = null!;

    /// <summary>What goes on in ZAP.</summary>
    public HashSet<string> Running { get; } = new(StringComparer.Ordinal);

    public HashSet<string> Contexts { get; } = new(StringComparer.Ordinal);

    public List<JsonObject> Alerts { get; } = [];

    public HashSet<string> MissingAddOns { get; } = new(StringComparer.Ordinal);

    /// <summary>How often what goes on is asked for before it ends.</summary>
    public int PollsUntilDone { get; set; } = 2;

    /// <summary>Whether the list of alerts begins anew with each page.</summary>
    public bool ListsAlertsForEver { get; set; }

    public IReadOnlyList<string> Calls => [.. Server.Requests.Select(request => request.Path["/JSON/".Length..].TrimEnd('/'))];

    public static async Task<ZapStandIn> StartAsync()
    {
        var standIn = new ZapStandIn();
        standIn.Server = await RecordingServer.StartAsync(standIn.Answer);
        return standIn;
    }

    public RecordedRequest Only(string call) =>
        Server.Requests.Where(request => request.Path.TrimEnd('/').EndsWith(call, StringComparison.Ordinal)).ShouldHaveSingleItem();

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private static RecordedReply Error(string code, string message, string? detail = null)
    {
        var error = new JsonObject { ["code"] = code, ["message"] = message };
        if (detail is not null)
        {
            error["detail"] = detail;
        }

        return RecordedReply.Json(error, 400);
    }

    private static RecordedReply Ok() => RecordedReply.Json(new JsonObject { ["Result"] = "OK" });

    private static RecordedReply Value(string name, string value) => RecordedReply.Json(new JsonObject { [name] = value });

    private RecordedReply Answer(RecordedRequest request)
    {
        if (request.Path.Trim('/').Split('/') is not ["JSON", var component, var type, var name]
            || !Endpoints.TryGetValue($"{component}/{type}/{name}", out var parameters)
            || request.Method is not "GET")
        {
            return Error("bad_view", "Bad view") with { Undocumented = "no such endpoint" };
        }

        if (!string.Equals(request.Header("X-ZAP-API-Key"), Key, StringComparison.Ordinal))
        {
            return Error("bad_api_key", "Provided parameter has illegal or unrecognized value");
        }

        var (mandatory, optional) = parameters.Split('|') switch { [var first, var second] => (Names(first), Names(second)), _ => ([], []) };
        if (mandatory.Except(request.Query.Keys).FirstOrDefault() is { } missing)
        {
            return Error("missing_parameter", "Missing parameter", missing) with { Undocumented = $"{missing} is missing" };
        }

        if (request.Query.Keys.Except(mandatory).Except(optional).FirstOrDefault() is { } unknown)
        {
            return Error("bad_action", "Bad action", unknown) with { Undocumented = $"the parameter {unknown}" };
        }

        return MissingAddOns.Contains(component)
            ? Error("no_implementor", "No Implementor")
            : Act($"{component}/{type}/{name}", component, request.Query);
    }

    private static string[] Names(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private RecordedReply Act(string call, string component, IReadOnlyDictionary<string, string> query)
    {
        switch (call)
        {
            case "core/view/version":
                return Value("version", Version);
            case "core/action/newSession":
                Contexts.Clear();
                return Ok();
            case "core/action/setMode":
                return query["mode"] is "safe" or "protect" or "standard" or "attack" ? Ok() : Error("illegal_parameter", "Illegal parameter", "mode");
            case "context/action/newContext":
                return Contexts.Add(query["contextName"]) ? Value("contextId", "7") : Error("already_exists", "Already exists", "contextName");
            case "context/action/removeContext":
                return Contexts.Remove(query["contextName"]) ? Ok() : Error("context_not_found", "No context found");
            case "context/action/includeInContext" or "context/action/setContextInScope":
                return Contexts.Contains(query["contextName"]) ? Ok() : Error("context_not_found", "No context found");
            case "spider/action/scan" or "ascan/action/scan":
                Running.Add(component);
                return Value("scan", component is "spider" ? "3" : "4");
            case "ajaxSpider/action/scan":
                Running.Add(component);
                return Ok();
            case "spider/action/stop" or "ascan/action/stop" or "ajaxSpider/action/stop":
                return Running.Remove(component) ? Ok() : Error("does_not_exist", "Does Not Exist");
            case "spider/view/status" or "ascan/view/status":
                return IsDone(component) ? Value("status", "100") : Value("status", "50");
            case "ajaxSpider/view/status":
                return Value("status", IsDone(component) ? "stopped" : "running");
            case "pscan/view/recordsToScan":
                return Value("recordsToScan", IsDone(component) ? "0" : "12");
            case "openapi/action/importUrl" or "openapi/action/importFile":
                return RecordedReply.Json(new JsonObject { [call[(call.LastIndexOf('/') + 1)..]] = new JsonArray() });
            case "core/view/alerts":
                var start = ListsAlertsForEver ? 0 : int.Parse(query.GetValueOrDefault("start") ?? "0", CultureInfo.InvariantCulture);
                var count = int.Parse(query.GetValueOrDefault("count") ?? "0", CultureInfo.InvariantCulture);
                return RecordedReply.Json(new JsonObject { ["alerts"] = new JsonArray([.. Alerts.Skip(start).Take(count).Select(alert => alert.DeepClone())]) });
            default:
                return Ok();
        }
    }

    private bool IsDone(string component)
    {
        var polls = _polls.GetValueOrDefault(component);
        _polls[component] = polls + 1;
        if (polls < PollsUntilDone)
        {
            return false;
        }

        Running.Remove(component);
        return true;
    }
}

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;

namespace AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;

/// <summary>
/// Azure Resource Manager on loopback, as far as the platform uses it: subscriptions 2022-12-01, resource groups 2025-04-01, deployments
/// 2025-04-01, sites 2025-03-01 and the activity log 2015-04-01, in the shapes of Azure's published OpenAPI. What is put is there afterwards.
/// </summary>
internal sealed partial class ArmStandIn : IAsyncDisposable
{
    public const string SubscriptionId = "11111111-2222-3333-4444-555555555555";
    public const string Token = "eyJtoken.of.the-test";

    private readonly WebApplication _app;
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<ArmExchange> _requests = new();
    private readonly List<(Func<ArmExchange, bool> When, Func<ArmExchange, ArmReply> Answer)> _interruptions = [];
    private readonly Dictionary<string, Func<ArmReply>> _operations = new(StringComparer.OrdinalIgnoreCase);
    private int _reads = 250;

    private ArmStandIn(WebApplication app) => _app = app;

    /// <summary>The address that the client is given.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>What every address in an answer begins with: Azure always names https.</summary>
    public string Root => $"https://{Address.Authority}";

    public IReadOnlyList<ArmExchange> Requests => [.. _requests];

    /// <summary>How often something that goes on is asked for before it ends.</summary>
    public int PollsUntilDone { get; set; } = 2;

    /// <summary>What happens to the next requests, one each.</summary>
    public Queue<ArmFault> Faults { get; } = new();

    public string SubscriptionState { get; set; } = "Enabled";

    private string SubscriptionPath => $"/subscriptions/{SubscriptionId}";

    public static async Task<ArmStandIn> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var standIn = new ArmStandIn(app);
        app.Run(standIn.ServeAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        standIn.Address = new Uri($"http://127.0.0.1:{new Uri(app.Urls.Single()).Port}/");
        return standIn;
    }

    /// <summary>Answers the next request of a kind in another way.</summary>
    public void Interrupt(Func<ArmExchange, bool> when, Func<ArmExchange, ArmReply> answer, int times = 1)
    {
        lock (_lock)
        {
            _interruptions.AddRange(Enumerable.Repeat((when, answer), times));
        }
    }

    public void Interrupt(Func<ArmExchange, bool> when, int status, string code, string message, params (string Name, string Value)[] headers) =>
        Interrupt(when, _ => Error(status, code, message).With(headers));

    public IReadOnlyList<ArmExchange> RequestsTo(string method, string end) =>
        [.. _requests.Where(request => string.Equals(request.Method, method, StringComparison.Ordinal) && request.Path.EndsWith(end, StringComparison.OrdinalIgnoreCase))];

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    internal static ArmReply Error(int status, string code, string message, JsonArray? details = null, JsonArray? additionalInfo = null)
    {
        var error = new JsonObject { ["code"] = code, ["message"] = message };
        if (details is not null)
        {
            error["details"] = details;
        }

        if (additionalInfo is not null)
        {
            error["additionalInfo"] = additionalInfo;
        }

        return new ArmReply(status, new JsonObject { ["error"] = error });
    }

    private async Task ServeAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var exchange = new ArmExchange(
            context.Request.Method,
            context.Request.Path.Value!,
            context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            await reader.ReadToEndAsync(context.RequestAborted),
            context.Request.Headers.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            context.Request.GetEncodedPathAndQuery());
        _requests.Enqueue(exchange);
        ArmReply reply;
        lock (_lock)
        {
            reply = Disturb(Faults.TryDequeue(out var fault) ? fault : ArmFault.None, exchange);
        }

        if (reply.Status == 0)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = reply.Status;
        var kind = exchange.Method switch { "GET" or "HEAD" => "reads", "DELETE" => "deletes", _ => "writes" };
        context.Response.Headers["x-ms-request-id"] = Guid.NewGuid().ToString();
        context.Response.Headers["x-ms-correlation-request-id"] = Guid.NewGuid().ToString();
        context.Response.Headers[$"x-ms-ratelimit-remaining-subscription-{kind}"] = _reads.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in reply.Headers)
        {
            context.Response.Headers[name] = value;
        }

        if (reply.Body is { } body && reply.Status != 204 && exchange.Method is not "HEAD")
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
        }
    }

    private ArmReply Disturb(ArmFault fault, ArmExchange request)
    {
        switch (fault)
        {
            case ArmFault.RequestLost:
                return new ArmReply(0);
            case ArmFault.AnswerLost:
                Answer(request);
                return new ArmReply(0);
            case ArmFault.Busy:
                return Error(503, "ServiceUnavailable", "The service is unavailable.");
            case ArmFault.Throttled:
                return Error(429, "TooManyRequests", "Number of requests exceeded the limit.").With(("Retry-After", "3"));
            default:
                return Answer(request);
        }
    }

    private ArmReply Answer(ArmExchange request)
    {
        _reads--;
        var interruption = _interruptions.FindIndex(each => each.When(request));
        if (interruption >= 0)
        {
            var answer = _interruptions[interruption].Answer;
            _interruptions.RemoveAt(interruption);
            return answer(request);
        }

        if (!string.Equals(request.Header("Authorization"), $"Bearer {Token}", StringComparison.Ordinal))
        {
            return Error(401, "InvalidAuthenticationToken", "The access token is invalid.").With(
                ("WWW-Authenticate", "Bearer authorization_uri=\"https://login.windows.net/common\", error=\"invalid_token\", error_description=\"The access token is invalid.\""));
        }

        if (request.Segments is not ["subscriptions", var subscription, .. var rest])
        {
            return Error(404, "InvalidResourceType", "The resource type could not be found.");
        }

        if (!string.Equals(subscription, SubscriptionId, StringComparison.OrdinalIgnoreCase))
        {
            return Error(404, "SubscriptionNotFound", $"The subscription '{subscription}' could not be found.");
        }

        return rest switch
        {
            [] => Versioned(request, "2022-12-01", ReadSubscription),
            ["operationresults" or "operationStatuses", var id] => _operations.TryGetValue(id, out var poll)
                ? poll()
                : Error(404, "NotFound", "The operation could not be found."),
            ["resourcegroups", .. var group] => AnswerGroup(request, group),
            ["providers", "Microsoft.Resources", "deployments", .. var deployment] =>
                Versioned(request, "2025-04-01", () => AnswerDeployment(request, resourceGroup: null, deployment)),
            ["providers", "Microsoft.Insights", "eventtypes", "management", "values"] => Versioned(request, "2015-04-01", () => AnswerActivityLog(request)),
            _ => Error(404, "InvalidResourceType", "The resource type could not be found."),
        };
    }

    private static ArmReply Versioned(ArmExchange request, string version, Func<ArmReply> answer) => request.Query.GetValueOrDefault("api-version") switch
    {
        null => Error(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests."),
        var asked when string.Equals(asked, version, StringComparison.Ordinal) => answer(),
        var asked => Error(400, "InvalidApiVersionParameter", $"The api-version '{asked}' is invalid. The supported versions are '{version}'."),
    };

    private ArmReply ReadSubscription() => new(200, new JsonObject
    {
        ["id"] = SubscriptionPath,
        ["subscriptionId"] = SubscriptionId,
        ["tenantId"] = "99999999-2222-3333-4444-555555555555",
        ["displayName"] = "Platform",
        ["state"] = SubscriptionState,
        ["subscriptionPolicies"] = new JsonObject { ["locationPlacementId"] = "Public_2014-09-01", ["quotaId"] = "PayAsYouGo_2014-09-01", ["spendingLimit"] = "Off" },
        ["authorizationSource"] = "RoleBased",
    });

    /// <summary>Accepts something that goes on for some answers, each of which says where to ask next.</summary>
    private ArmReply Accept(Func<ArmReply> ended)
    {
        var id = Guid.NewGuid().ToString("N");
        var left = PollsUntilDone;
        var accepted = new ArmReply(202).With(
            ("Location", $"{Root}{SubscriptionPath}/operationresults/{id}?api-version=2025-04-01"), ("Retry-After", "15"));
        _operations[id] = () => left-- > 0 ? accepted : ended();
        return accepted;
    }

    /// <summary>One page of a list, two items long.</summary>
    private ArmReply Page(ArmExchange request, IReadOnlyList<JsonObject> items, string skipName)
    {
        const int Size = 2;
        var skip = int.Parse(request.Query.GetValueOrDefault(skipName) ?? "0", CultureInfo.InvariantCulture);
        var body = new JsonObject { ["value"] = new JsonArray([.. items.Skip(skip).Take(Size).Select(item => item.DeepClone())]) };
        if (skip + Size < items.Count)
        {
            var others = string.Join('&', request.Query.Where(pair => !pair.Key.Equals(skipName, StringComparison.OrdinalIgnoreCase))
                .Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
            body["nextLink"] = $"{Root}{request.Path}?{others}&{skipName}={skip + Size}";
        }

        return new ArmReply(200, body);
    }
}

internal enum ArmFault
{
    None,

    /// <summary>The connection breaks before Azure does anything.</summary>
    RequestLost,

    /// <summary>Azure does what it is asked to, and the connection breaks.</summary>
    AnswerLost,
    Busy,
    Throttled,
}

/// <param name="Segments">The path's parts, those of Azure's own words in one spelling.</param>
internal sealed record ArmExchange(
    string Method, string Path, IReadOnlyDictionary<string, string> Query, string Body, IReadOnlyDictionary<string, string> Headers, string Target)
{
    public string[] Segments { get; } =
        [.. Path.Trim('/').Split('/').Select(segment => segment.Equals("resourceGroups", StringComparison.OrdinalIgnoreCase) ? "resourcegroups" : segment)];

    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <param name="Status">The status; 0 to break the connection.</param>
internal sealed record ArmReply(int Status, JsonNode? Body = null)
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public ArmReply With(params (string Name, string Value)[] headers) => this with { Headers = [.. Headers, .. headers] };
}

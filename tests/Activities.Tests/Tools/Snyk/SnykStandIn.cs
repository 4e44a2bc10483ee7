using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tests.Tools.Http;

namespace AtomicDevOps.Activities.Tests.Tools.Snyk;

/// <summary>
/// Snyk's REST API on loopback, as far as the platform uses it, by Snyk's published OpenAPI: /self, projects and issues as of
/// <see cref="Version"/>, SBOM tests as of <see cref="BetaVersion"/>.
/// </summary>
internal sealed partial class SnykStandIn : IAsyncDisposable
{
    public const string Version = "2024-10-15";
    public const string BetaVersion = "2024-07-10~beta";
    public const string Organization = "11111111-2222-3333-4444-555555555555";
    public const string Token = "snyk-token-of-the-test-0123456789";
    public const string Job = "d5b640e5-d88c-4c17-9bf0-93597b7a1ce2";
    private const string MediaType = "application/vnd.api+json";
    private static readonly string[] IssueTypes = ["package_vulnerability", "license", "cloud", "code", "custom", "config"];

    private SnykStandIn()
    {
    }

    public RecordingServer Server { get; private set; } = null!;

    public List<JsonObject> Projects { get; } = [];

    public List<JsonObject> Issues { get; } = [];

    /// <summary>The answer to the results of the test; its pages where there are several.</summary>
    public List<JsonObject> SbomResults { get; } = [];

    /// <summary>How often a test is asked for before it ends.</summary>
    public int PollsUntilDone { get; set; } = 2;

    public string SbomStatus { get; set; } = "finished";

    /// <summary>Whether the end of a test is told by 303, as Snyk may, or in the body.</summary>
    public bool RedirectsToResults { get; set; }

    /// <summary>How a next page is named: below <c>/rest</c>, with it, by its whole address, or by an object.</summary>
    public Func<string, JsonNode> Link { get; set; } = path => path;

    public static async Task<SnykStandIn> StartAsync()
    {
        var standIn = new SnykStandIn();
        standIn.Server = await RecordingServer.StartAsync(standIn.Answer);
        return standIn;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private RecordedReply Answer(RecordedRequest request)
    {
        if (!string.Equals(request.Header("Authorization"), $"token {Token}", StringComparison.Ordinal))
        {
            return Error(401, "Unauthorized: the token is not known", "token in the header Authorization");
        }

        var segments = request.Path.Trim('/').Split('/');
        return segments switch
        {
            ["rest", "self"] => Check(request, "GET", Version) ?? Document(new JsonObject
            {
                ["id"] = Guid.Empty.ToString(),
                ["type"] = "service_account",
                ["attributes"] = new JsonObject { ["name"] = "atomic-devops" },
            }),
            ["rest", "orgs", Organization, "projects"] => Check(request, "GET", Version, "limit", "starting_after") ?? Page(request, Projects),
            ["rest", "orgs", Organization, "issues"] =>
                Check(request, "GET", Version, "limit", "starting_after", "scan_item.id", "scan_item.type", "type", "status", "ignored") ?? Page(request, Selected(request)),
            ["rest", "orgs", Organization, "sbom_tests"] => Check(request, "POST", BetaVersion) ?? BeginTest(request),
            ["rest", "orgs", Organization, "sbom_tests", Job] => Check(request, "GET", BetaVersion) ?? PollTest(),
            ["rest", "orgs", Organization, "sbom_tests", Job, "results"] => Check(request, "GET", BetaVersion, "limit", "starting_after") ?? Results(request),
            _ => Error(404, "Not found") with { Undocumented = "no such path" },
        };
    }

    private static RecordedReply? Check(RecordedRequest request, string method, string version, params string[] parameters)
    {
        var problem = request switch
        {
            _ when !Same(request.Method, method) => $"the method should be {method}",
            _ when !Same(request.Query.GetValueOrDefault("version"), version) => $"the version should be {version}",
            _ when request.Query.Keys.FirstOrDefault(name => name is not "version" && !parameters.Contains(name)) is { } unknown => $"the parameter {unknown}",
            _ when request.Header("Accept") is not MediaType => $"Accept should be {MediaType}",
            _ when request.Query.TryGetValue("limit", out var limit)
                && !(int.TryParse(limit, out var number) && number is >= 10 and <= 100 && number % 10 == 0) => "limit should be 10, 20, … 100",
            _ when request.Query.TryGetValue("status", out var status) && status is not ("open" or "resolved") => "status should be open or resolved",
            _ when request.Query.TryGetValue("ignored", out var ignored) && ignored is not ("true" or "false") => "ignored should be true or false",
            _ when request.Query.TryGetValue("type", out var type) && !IssueTypes.Contains(type) => "type",
            _ when request.Query.TryGetValue("scan_item.type", out var item) && item is not ("project" or "environment") => "scan_item.type",
            _ => null,
        };
        return problem is null ? null : Error(400, "Client request did not conform to OpenAPI specification", problem) with { Undocumented = problem };
    }

    private static bool Same(string? one, string? other) => string.Equals(one, other, StringComparison.Ordinal);

    private static RecordedReply Error(int status, string detail, string? title = null) => Versioned(RecordedReply.Json(
        new JsonObject
        {
            ["jsonapi"] = new JsonObject { ["version"] = "1.0" },
            ["errors"] = new JsonArray(new JsonObject
            {
                ["id"] = Guid.NewGuid().ToString(),
                ["status"] = status.ToString(CultureInfo.InvariantCulture),
                ["detail"] = detail,
                ["title"] = title,
            }),
        },
        status,
        MediaType));

    private static RecordedReply Versioned(RecordedReply reply) => reply.With(
        ("snyk-request-id", Guid.NewGuid().ToString()), ("snyk-version-served", Version), ("snyk-version-requested", Version), ("snyk-version-lifecycle-stage", "released"));

    private static RecordedReply Document(JsonNode data, JsonObject? links = null, int status = 200) => Versioned(RecordedReply.Json(
        new JsonObject { ["jsonapi"] = new JsonObject { ["version"] = "1.0" }, ["data"] = data, ["links"] = links ?? [] }, status, MediaType));

    private IReadOnlyList<JsonObject> Selected(RecordedRequest request) =>
    [
        .. Issues.Where(issue => !request.Query.TryGetValue("scan_item.id", out var id) || Same((string?)issue["relationships"]?["scan_item"]?["data"]?["id"], id))
            .Where(issue => !request.Query.TryGetValue("status", out var status) || Same((string?)issue["attributes"]!["status"], status))
            .Where(issue => !request.Query.TryGetValue("ignored", out var ignored) || ((bool?)issue["attributes"]!["ignored"] == true) == ignored is "true"),
    ];

    /// <summary>Two items a page, so that a short list has several.</summary>
    private RecordedReply Page(RecordedRequest request, IReadOnlyList<JsonObject> items)
    {
        const int Size = 2;
        var skip = Cursor(request);
        var next = skip + Size < items.Count ? new JsonObject { ["next"] = Link(NextOf(request, skip + Size)) } : null;
        return Document(new JsonArray([.. items.Skip(skip).Take(Size).Select(item => item.DeepClone())]), next);
    }

    private static int Cursor(RecordedRequest request) =>
        request.Query.TryGetValue("starting_after", out var cursor) && CursorText().Match(cursor) is { Success: true } match
            ? int.Parse(match.Groups["n"].Value, CultureInfo.InvariantCulture)
            : 0;

    private static string NextOf(RecordedRequest request, int skip)
    {
        var others = string.Join('&', request.Query.Where(pair => pair.Key is not "starting_after").Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
        return string.Create(CultureInfo.InvariantCulture, $"{request.Path["/rest".Length..]}?{others}&starting_after=v1.{skip}%3D");
    }

    private static RecordedReply BeginTest(RecordedRequest request)
    {
        var body = JsonNode.Parse(request.Body);
        return request.Header("Content-Type") is not MediaType || (string?)body?["data"]?["type"] is not "sbom_test" || body["data"]!["attributes"]?["sbom"] is not JsonObject
            ? Error(400, "Client request did not conform to OpenAPI specification") with { Undocumented = "the body" }
            : Document(new JsonObject { ["id"] = Job, ["type"] = "sbom_tests" }, status: 201);
    }

    private RecordedReply PollTest()
    {
        var isDone = PollsUntilDone-- <= 0;
        var reply = Document(new JsonObject
        {
            ["id"] = Job,
            ["type"] = "sbom_tests",
            ["attributes"] = new JsonObject { ["status"] = isDone ? SbomStatus : "processing" },
        });
        return isDone && RedirectsToResults
            ? reply with { Status = 303, Headers = [.. reply.Headers, ("Location", $"/rest/orgs/{Organization}/sbom_tests/{Job}/results?version={BetaVersion}")] }
            : reply;
    }

    private RecordedReply Results(RecordedRequest request)
    {
        var at = Cursor(request);
        var page = SbomResults[at].DeepClone().AsObject();
        page["links"] = at + 1 < SbomResults.Count ? new JsonObject { ["next"] = Link(NextOf(request, at + 1)) } : [];
        return Versioned(RecordedReply.Json(page, mediaType: MediaType));
    }

    [GeneratedRegex(@"^v1\.(?<n>[0-9]+)=$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CursorText();
}

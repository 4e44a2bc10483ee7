using System.Globalization;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Packages.Versions;
using AtomicDevOps.Activities.Tests.Tools.Http;

namespace AtomicDevOps.Activities.Tests.Tools.Osv;

/// <summary>
/// The API of osv.dev on loopback, as far as the platform uses it, by its published OpenAPI and https://google.github.io/osv.dev/api/: /v1/query,
/// /v1/querybatch, /v1/vulns/{id}. What the documentation does not have is refused.
/// </summary>
internal sealed class OsvStandIn : IAsyncDisposable
{
    private const int MostQueries = 1_000;

    private OsvStandIn()
    {
    }

    public RecordingServer Server { get; private set; } = null!;

    /// <summary>By id, in the API's JSON.</summary>
    public SortedDictionary<string, JsonObject> Records { get; } = new(StringComparer.Ordinal);

    /// <summary>How many advisories a page has.</summary>
    public int PageSize { get; set; } = 1_000;

    /// <summary>The first page of every list has nothing but the token of the next, as happens when a search takes long.</summary>
    public bool BeginsEmpty { get; set; }

    public static async Task<OsvStandIn> StartAsync()
    {
        var standIn = new OsvStandIn();
        standIn.Server = await RecordingServer.StartAsync(standIn.Answer);
        return standIn;
    }

    public JsonObject Add(string id, string ecosystem, string package, string fixedIn, string modified = "2024-01-02T03:04:05.678901Z")
    {
        var record = new JsonObject
        {
            ["id"] = id,
            ["summary"] = "It is weak.",
            ["aliases"] = new JsonArray($"CVE-{id}"),
            ["modified"] = modified,
            ["published"] = "2024-01-01T00:00:00Z",
            ["severity"] = new JsonArray(new JsonObject { ["type"] = "CVSS_V3", ["score"] = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }),
            ["affected"] = new JsonArray(new JsonObject
            {
                ["package"] = new JsonObject { ["name"] = package, ["ecosystem"] = ecosystem },
                ["ranges"] = new JsonArray(new JsonObject
                {
                    ["type"] = "ECOSYSTEM",
                    ["events"] = new JsonArray(new JsonObject { ["introduced"] = "0" }, new JsonObject { ["fixed"] = fixedIn }),
                }),
                ["database_specific"] = new JsonObject { ["source"] = "https://example.com/" },
            }),
            ["schema_version"] = "1.7.0",
        };
        Records[id] = record;
        return record;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private RecordedReply Answer(RecordedRequest request) => (request.Method, request.Path.Trim('/').Split('/')) switch
    {
        ("POST", ["v1", "query"]) => Read(request) is not { } query ? Refuse("the body is no JSON") : Check(query) ?? RecordedReply.Json(Page(query, whole: true)),
        ("POST", ["v1", "querybatch"]) => Batch(Read(request)),
        ("GET", ["v1", "vulns", { Length: > 0 } id]) => Records.TryGetValue(Uri.UnescapeDataString(id), out var record)
            ? RecordedReply.Json(record.DeepClone())
            : Error(404, 5, "Bug not found."),
        _ => Error(404, 5, "Not found") with { Undocumented = "no such path or method" },
    };

    private static JsonObject? Read(RecordedRequest request) =>
        request.Header("Content-Type") is "application/json" ? JsonNode.Parse(request.Body) as JsonObject : null;

    private RecordedReply Batch(JsonObject? body)
    {
        if (body is not { Count: 1 } || body["queries"] is not JsonArray queries)
        {
            return Refuse("the body should be {\"queries\": [...]}");
        }

        if (queries.Count > MostQueries)
        {
            return Refuse($"{queries.Count} queries");
        }

        return queries.Select(query => query is JsonObject one ? Check(one) : Refuse("a query is no object")).FirstOrDefault(reply => reply is not null)
            ?? RecordedReply.Json(new JsonObject { ["results"] = new JsonArray([.. queries.Select(query => Page(query!.AsObject(), whole: false))]) });
    }

    private static RecordedReply? Check(JsonObject query)
    {
        var package = query["package"] as JsonObject;
        var problem = query.FirstOrDefault(pair => pair.Key is not ("commit" or "version" or "package" or "page_token")).Key is { } unknown ? $"the field {unknown}"
            : package?.FirstOrDefault(pair => pair.Key is not ("name" or "ecosystem" or "purl")).Key is { } other ? $"the field package.{other}"
            : package is null && query["commit"] is null ? "neither a package nor a commit"
            : package is not null && package["purl"] is null && (package["name"] is null || package["ecosystem"] is null) ? "a package has a name and an ecosystem, or a purl"
            : null;
        return problem is null ? null : Refuse(problem);
    }

    /// <summary>In the order of ids. The batch tells ids and times only.</summary>
    private JsonObject Page(JsonObject query, bool whole)
    {
        var (ecosystem, name) = ((string)query["package"]!["ecosystem"]!, (string)query["package"]!["name"]!);
        var all = Records.Values.Where(record => record["affected"]!.AsArray().Any(affected => IsNamed(affected!["package"], ecosystem, name))).ToArray();
        var skip = query["page_token"] is { } token ? int.Parse(((string)token!)[1..], CultureInfo.InvariantCulture) : BeginsEmpty ? -PageSize : 0;
        var page = new JsonObject();
        var records = skip < 0 ? [] : all.Skip(skip).Take(PageSize).ToArray();
        if (records.Length > 0)
        {
            page["vulns"] = new JsonArray([.. records.Select(record =>
                whole ? record.DeepClone() : new JsonObject { ["id"] = (string)record["id"]!, ["modified"] = (string?)record["modified"] })]);
        }

        if (skip + PageSize < all.Length || skip < 0)
        {
            page["next_page_token"] = string.Create(CultureInfo.InvariantCulture, $"p{skip + PageSize}");
        }

        return page;
    }

    private static bool IsNamed(JsonNode? package, string ecosystem, string name) =>
        package is not null
        && string.Equals((string?)package["ecosystem"], ecosystem, StringComparison.Ordinal)
        && string.Equals(ecosystem is "PyPI" ? PythonName.Normalize((string)package["name"]!) : (string)package["name"]!, name, StringComparison.Ordinal);

    private static RecordedReply Refuse(string problem) => Error(400, 3, "Invalid query.") with { Undocumented = problem };

    private static RecordedReply Error(int status, int code, string message) =>
        RecordedReply.Json(new JsonObject { ["code"] = code, ["message"] = message, ["details"] = new JsonArray() }, status);
}

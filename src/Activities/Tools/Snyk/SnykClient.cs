using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Http;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Snyk;

/// <summary>
/// Snyk's REST API, by https://docs.snyk.io/snyk-api/reference and https://docs.snyk.io/snyk-api/rest-api/about-the-rest-api: JSON:API, a version
/// with every request, next pages by link, 1,620 requests a minute.
/// </summary>
[Agent(AgentLayer.ExecutionWrapper, ToolName, "Speaks Snyk's REST API: projects, issues and tests of SBOMs.")]
public sealed class SnykClient : ISnykClient
{
    public const string ToolName = "Snyk API";

    /// <summary>Every endpoint that is generally available is asked for in this version.</summary>
    public const string Version = "2024-10-15";

    /// <summary>Tests of SBOMs are a beta.</summary>
    public const string SbomTestVersion = "2024-07-10~beta";

    internal const string ClientName = "Snyk";

    private const string MediaType = "application/vnd.api+json";
    private const int PageSize = 100;
    private const int MaxPages = 1000;
    private const int MaxReason = 500;
    private static readonly TimeSpan FirstPoll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(15);

    private readonly JsonTransport _transport;
    private readonly SnykOptions _options;
    private readonly SecretRedactor _redactor;
    private readonly TimeProvider _timeProvider;

    public SnykClient(IHttpClientFactory clients, IOptions<SnykOptions> options, SecretRedactor redactor, TimeProvider timeProvider)
    {
        _options = options.Value;
        _redactor = redactor;
        _timeProvider = timeProvider;
        _transport = new JsonTransport(ToolName, ClientName, clients, timeProvider, _options.RateLimitWait);
    }

    public bool IsConfigured => _options.IsConfigured;

    internal TimeSpan Pause => _transport.Pause;

    private string Organization => _options.IsConfigured
        ? $"rest/orgs/{_options.Organization!.ToLowerInvariant()}"
        : throw new ToolException(ToolName, "is not configured: set Snyk:Token and Snyk:Organization.");

    public async Task<string> GetSelfAsync(CancellationToken cancellationToken)
    {
        _ = Organization;
        var request = Get($"rest/self?version={Version}");
        var answer = await SendAsync(request, cancellationToken);
        var attributes = JsonAnswer.Find(answer.Body, "data", "attributes");
        return JsonAnswer.FindText(attributes, "username") ?? JsonAnswer.FindText(attributes, "name") ?? throw NotSnyks(request, "it names nobody");
    }

    public async IAsyncEnumerable<SnykProject> ListProjectsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (request, item) in ListAsync($"{Organization}/projects?version={Version}&limit={PageSize}", cancellationToken))
        {
            yield return SnykIssueReader.ReadProject(item) ?? throw NotSnyks(request, "a project lacks its id or name");
        }
    }

    public async Task<ScanReport> ReadIssuesAsync(SnykProject? project, CancellationToken cancellationToken)
    {
        var of = project is null ? "" : $"&scan_item.id={Uri.EscapeDataString(project.Id)}&scan_item.type=project";
        var findings = new List<Finding>();
        var unread = 0;
        await foreach (var (_, item) in ListAsync(
            $"{Organization}/issues?version={Version}&limit={PageSize}{of}&status=open&ignored=false", cancellationToken))
        {
            if (SnykIssueReader.IsLicence(item))
            {
                continue;
            }

            var found = SnykIssueReader.ReadIssue(item, project, Redact).ToList();
            findings.AddRange(found);
            unread += found.Count == 0 ? 1 : 0;
        }

        return new ScanReport(SnykIssueReader.Tool, unread == 0 ? ScanOutcome.Checked : ScanOutcome.PartlyChecked)
        {
            ToolVersion = Version,
            Findings = findings,
            Reason = unread == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{unread} issues of Snyk lack what its API documents and are left out."),
        };
    }

    public async Task<ScanReport> TestSbomAsync(ReadOnlyMemory<byte> sbom, string path, CancellationToken cancellationToken)
    {
        var organization = Organization;
        var begin = new JsonRequest(HttpMethod.Post, Resolve($"{organization}/sbom_tests?version={SbomTestVersion}"), "POST sbom_tests")
        {
            Accept = MediaType,
            Headers = Authorization,
            Body = new HttpContentBytes(WrapSbom(sbom), MediaType),
            IsRepeatable = false,
        };
        var begun = await SendAsync(begin, cancellationToken);
        var id = JsonAnswer.FindText(begun.Body, "data", "id");
        if (!Guid.TryParse(id, out var job))
        {
            throw NotSnyks(begin, "the test has no id");
        }

        var test = $"{organization}/sbom_tests/{job:D}";
        var until = _timeProvider.GetUtcNow() + _options.TestTimeout;
        for (var pause = FirstPoll; ; pause = pause * 2 < LongestPoll ? pause * 2 : LongestPoll)
        {
            var poll = Get($"{test}?version={SbomTestVersion}");
            var answer = await SendAsync(poll, cancellationToken);
            var status = answer.Status == HttpStatusCode.SeeOther ? "finished" : JsonAnswer.FindText(answer.Body, "data", "attributes", "status");
            switch (status)
            {
                case "finished":
                    return await ReadSbomTestAsync(test, path, cancellationToken);
                case "error":
                    return NotChecked("Snyk could not test the SBOM; see that it is CycloneDX or SPDX with package URLs.");
                case "processing":
                    break;
                default:
                    throw NotSnyks(poll, "the test has a status that the API does not document");
            }

            if (_timeProvider.GetUtcNow() + pause > until)
            {
                return NotChecked($"Snyk did not end the test of the SBOM within the {_options.TestTimeout} of Snyk:TestTimeout; raise it.");
            }

            await Task.Delay(pause, _timeProvider, cancellationToken);
        }
    }

    private static ScanReport NotChecked(string reason) => new(SnykIssueReader.Tool, ScanOutcome.NotChecked) { ToolVersion = SbomTestVersion, Reason = reason };

    private (string, string)[] Authorization => [("Authorization", $"token {_options.Token}")];

    private async Task<ScanReport> ReadSbomTestAsync(string test, string path, CancellationToken cancellationToken)
    {
        var pages = new List<JsonElement>();
        await foreach (var (request, page) in PagesAsync($"{test}/results?version={SbomTestVersion}&limit={PageSize}", cancellationToken))
        {
            if (JsonAnswer.Find(page, "data", "attributes").ValueKind != JsonValueKind.Object)
            {
                throw NotSnyks(request, "it holds no results");
            }

            pages.Add(page);
        }

        return SnykSbomReader.Read(pages, path, SbomTestVersion, Redact);
    }

    private static byte[] WrapSbom(ReadOnlyMemory<byte> sbom)
    {
        try
        {
            using var document = JsonDocument.Parse(sbom);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? [.. """{"data":{"type":"sbom_test","attributes":{"sbom":"""u8, .. Encoding.UTF8.GetBytes(document.RootElement.GetRawText()), .. "}}}"u8]
                : throw new ToolException(ToolName, "The SBOM is no JSON object; right would be CycloneDX or SPDX in JSON.");
        }
        catch (JsonException exception)
        {
            throw new ToolException(ToolName, $"The SBOM is no JSON ({exception.Message}); right would be CycloneDX or SPDX in JSON.", exception);
        }
    }

    private async IAsyncEnumerable<(JsonRequest Request, JsonElement Item)> ListAsync(string address, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var (request, page) in PagesAsync(address, cancellationToken))
        {
            var data = JsonAnswer.Find(page, "data");
            if (data.ValueKind != JsonValueKind.Array)
            {
                throw NotSnyks(request, "it holds no list");
            }

            foreach (var item in data.EnumerateArray())
            {
                yield return (request, item);
            }
        }
    }

    private async IAsyncEnumerable<(JsonRequest Request, JsonElement Page)> PagesAsync(string address, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var request = Get(address); ;)
        {
            if (!seen.Add(request.Address.AbsoluteUri) || seen.Count > MaxPages)
            {
                throw new ToolException(ToolName, $"{request} leads round in a circle, or over more than {MaxPages} pages; the list is not read further.");
            }

            var answer = await SendAsync(request, cancellationToken);
            yield return (request, answer.Body);
            if (FindNext(request, answer.Body) is not { } next)
            {
                yield break;
            }

            request = Get(next);
        }
    }

    /// <summary>A link is a text or an object with <c>href</c>, and begins at the host, at <c>/rest</c>, or below that.</summary>
    private static string? FindNext(JsonRequest request, JsonElement page)
    {
        var link = JsonAnswer.Find(page, "links", "next");
        var text = link.ValueKind == JsonValueKind.Object ? JsonAnswer.FindText(link, "href") : link.ValueKind == JsonValueKind.String ? link.GetString() : null;
        if (string.IsNullOrEmpty(text))
        {
            return link.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.String ? null : throw NotSnyks(request, "the link to the next page is none");
        }

        return text.StartsWith("/orgs/", StringComparison.Ordinal) ? $"rest{text}" : text;
    }

    private JsonRequest Get(string address)
    {
        var uri = Resolve(address);
        return new JsonRequest(HttpMethod.Get, uri, $"GET {uri.AbsolutePath}") { Accept = MediaType, Headers = Authorization };
    }

    private Uri Resolve(string address)
    {
        if (!Uri.TryCreate(_options.BaseAddress, address, out var uri)
            || Uri.Compare(uri, _options.BaseAddress, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) != 0
            || !uri.AbsolutePath.StartsWith("/rest/", StringComparison.Ordinal))
        {
            throw new ToolException(
                ToolName, $"an answer leads away from {_options.BaseAddress.Host}'s REST API; it is not followed, since whoever is asked gets the token.");
        }

        return uri;
    }

    private async Task<JsonAnswer> SendAsync(JsonRequest request, CancellationToken cancellationToken)
    {
        var answer = await _transport.SendAsync(request, cancellationToken);
        if ((int)answer.Status is >= 200 and < 300 || (answer.Status == HttpStatusCode.SeeOther && request.Method == HttpMethod.Get))
        {
            return answer;
        }

        var status = (int)answer.Status;
        var error = JsonAnswer.Each(JsonAnswer.Find(answer.Body, "errors")).FirstOrDefault();
        var words = Redact(JsonAnswer.FindText(error, "detail") ?? JsonAnswer.FindText(error, "title") ?? "no reason given");
        var told = string.Create(CultureInfo.InvariantCulture, $"{request} was answered with {status}: {(words.Length > MaxReason ? words[..MaxReason] : words)}");
        throw answer.Status switch
        {
            HttpStatusCode.Unauthorized => new SnykRequestException(
                $"{told}. The token is invalid, expired or of another region: check Snyk:Token and Snyk:BaseAddress.", answer.Status),
            HttpStatusCode.Forbidden => new SnykRequestException(
                $"{told}. The token may not do this in the organization, or its plan lacks the API: check Snyk:Organization.", answer.Status),
            HttpStatusCode.NotFound => new ToolNotFoundException(ToolName, $"{told}. Either it does not exist, or the token may not see it."),
            >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout => new ToolUnavailableException(ToolName, $"{told}."),
            _ => new SnykRequestException($"{told}.", answer.Status),
        };
    }

    private string Redact(string text) =>
        _redactor.Redact(string.IsNullOrEmpty(_options.Token) ? text : text.Replace(_options.Token, SecretRedactor.Replacement, StringComparison.Ordinal));

    private static ToolException NotSnyks(JsonRequest request, string problem) =>
        new(ToolName, $"{request} was answered in a form that is not Snyk's: {problem}. Is Snyk:BaseAddress right?");
}

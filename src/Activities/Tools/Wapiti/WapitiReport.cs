using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Json;
using AtomicDevOps.Activities.Tools.Http;

namespace AtomicDevOps.Activities.Tools.Wapiti;

/// <summary>
/// Wapiti's JSON report: <c>classifications</c>, <c>vulnerabilities</c> and <c>anomalies</c> by category. The requests in it hold what was attacked with and
/// values of parameters, which are left out.
/// </summary>
internal static partial class WapitiReport
{
    public const string Tool = "Wapiti";

    private const int MaxFindings = 5_000;
    private const int MaxTitle = 200;
    private const int MaxPath = 1_000;
    private const int MaxMessage = 4_000;

    /// <summary>Wapiti's name for the whole of an address's query.</summary>
    private const string WholeQuery = "QUERY_STRING";

    public static ScanReport Read(ReadOnlyMemory<byte> json, Func<string, string> redact)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
            return Read(document.RootElement, redact);
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException)
        {
            return WapitiCli.NotChecked($"Its report is not what its documentation says: {PlainText.Line(exception.Message, MaxTitle)}");
        }
    }

    private static ScanReport Read(JsonElement root, Func<string, string> redact)
    {
        var version = JsonAnswer.FindText(ObjectOf(root, "infos"), "version") is { Length: > 0 } text ? PlainText.Line(text, 50) : null;
        var classes = ObjectOf(root, "classifications");
        var seen = new HashSet<(string, string, string, string, string)>();
        var findings = new List<Finding>();
        var unread = 0;
        var tooMany = false;
        foreach (var (list, isAnomaly) in new[] { ("vulnerabilities", false), ("anomalies", true) })
        {
            foreach (var category in ObjectOf(root, list).EnumerateObject())
            {
                if (category.Value.ValueKind != JsonValueKind.Array)
                {
                    throw new FormatException($"{list}.{PlainText.Line(category.Name, 50)} is no list.");
                }

                foreach (var entry in category.Value.EnumerateArray())
                {
                    if (ReadEntry(category.Name, entry) is not { } read)
                    {
                        unread++;
                    }
                    else if (findings.Count >= MaxFindings)
                    {
                        tooMany = true;
                    }
                    else if (seen.Add((read.Category, read.Method, read.Path, read.Parameter, read.Information)))
                    {
                        findings.Add(Finding(read, isAnomaly, Classification.Of(classes, category.Name), version, redact));
                    }
                }
            }
        }

        string[] gaps =
        [
            .. unread > 0 ? [string.Create(CultureInfo.InvariantCulture, $"{unread} of its entries lack what Wapiti's reports have")] : Array.Empty<string>(),
            .. tooMany ? [string.Create(CultureInfo.InvariantCulture, $"only the first {MaxFindings} findings are kept")] : Array.Empty<string>(),
        ];
        return new ScanReport(Tool, ScanOutcome.Checked) { ToolVersion = version, Findings = findings }.LeavingOut(gaps);
    }

    private static JsonElement ObjectOf(JsonElement root, string name) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : throw new FormatException($"{name} is missing or no object.");

    private static Entry? ReadEntry(string category, JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object
            || PlainText.Line(category, MaxTitle) is not { Length: > 0 } name
            || JsonAnswer.FindText(entry, "method") is not { } method
            || !Method.IsMatch(method)
            || JsonAnswer.FindText(entry, "path") is not ['/', ..] path
            || !entry.TryGetProperty("level", out var level)
            || level.ValueKind != JsonValueKind.Number
            || !level.TryGetInt32(out var number))
        {
            return null;
        }

        return new Entry(
            name,
            method,
            PlainText.Line(PathOf(path, JsonAnswer.FindText(entry, "http_request") ?? string.Empty), MaxPath),
            JsonAnswer.FindText(entry, "parameter") is { } parameter and not WholeQuery ? PlainText.Line(parameter, MaxTitle) : string.Empty,
            PlainText.Line(JsonAnswer.FindText(entry, "info") ?? string.Empty, MaxMessage),
            number);
    }

    /// <summary><c>/search?page&amp;q</c>: values are left out, and so is what was put in the place of the query as a whole.</summary>
    private static string PathOf(string path, string request)
    {
        var line = request.AsSpan(0, request.IndexOfAny(['\r', '\n']) is >= 0 and var end ? end : request.Length);
        var target = RequestLine.Match(line.ToString()) is { Success: true } match ? match.Groups["target"].Value : string.Empty;
        var query = target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var mark ? target[(mark + 1)..] : string.Empty;
        var names = string.Join('&', query.Split('&').Where(pair => pair.IndexOf('=', StringComparison.Ordinal) > 0).Select(pair => pair[..pair.IndexOf('=', StringComparison.Ordinal)])
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal));
        var bare = path.Split('?')[0];
        return names.Length == 0 ? bare : $"{bare}?{names}";
    }

    private static Finding Finding(Entry entry, bool isAnomaly, Classification classification, string? version, Func<string, string> redact)
    {
        var isConfiguration = entry.Category is "HTTP Secure Headers" or "Content Security Policy Configuration";
        var title = isConfiguration && entry.Information.Length > 0 ? entry.Information : entry.Category;
        var severity = entry.Level switch
        {
            1 => FindingSeverity.Low,
            2 => FindingSeverity.Medium,
            3 => FindingSeverity.High,
            4 => FindingSeverity.Critical,
            _ => FindingSeverity.Unknown,
        };
        var message = string.Join("\n\n", new[] { entry.Information, classification.Description, classification.Solution }.Where(text => text.Length > 0));
        return new Finding
        {
            Kind = FindingKind.Application,
            Title = PlainText.Line(redact(title), MaxTitle),
            Message = PlainText.Lines(redact(message.Length > 0 ? message : entry.Category), MaxMessage),
            Location = new FindingLocation(redact(entry.Path), 1),

            // An error or a late answer to an attack is a hint and no proof, whatever the level says.
            Severity = isAnomaly && severity > FindingSeverity.Low ? FindingSeverity.Low : severity,
            Weaknesses = classification.Weaknesses.Count > 0 ? classification.Weaknesses : KnownWeakness(entry) is { } known ? [known] : [],
            Evidence =
            [
                new FindingEvidence(Tool, entry.Category)
                {
                    ToolVersion = version,
                    Message = redact($"{entry.Method} {entry.Path}{(entry.Parameter.Length == 0 ? string.Empty : $", parameter {entry.Parameter}")}{(isConfiguration ? $": {entry.Information}" : string.Empty)}"),
                    Help = classification.Help,
                },
            ],
        };
    }

    /// <summary>For categories whose classification names no weakness.</summary>
    private static string? KnownWeakness(Entry entry) => entry.Category switch
    {
        "HTTP Secure Headers" when entry.Information.StartsWith("X-Frame-Options", StringComparison.Ordinal) => "CWE-1021",
        "HTTP Secure Headers" when entry.Information.StartsWith("Strict-Transport-Security", StringComparison.Ordinal) => "CWE-319",
        "HTTP Secure Headers" or "Content Security Policy Configuration" => "CWE-693",
        "HttpOnly Flag cookie" => "CWE-1004",
        "Secure Flag cookie" => "CWE-614",
        "Internal Server Error" => "CWE-703",
        _ => null,
    };

    [GeneratedRegex("^[A-Z]{1,20}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Method { get; }

    [GeneratedRegex("^[A-Z]{1,20} (?<target>[^ ]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex RequestLine { get; }

    [GeneratedRegex("^CWE-(?<number>[0-9]{1,6})\\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex WeaknessTitle { get; }

    private sealed record Entry(string Category, string Method, string Path, string Parameter, string Information, int Level);

    /// <summary>What Wapiti says of a category.</summary>
    private sealed record Classification(string Description, string Solution, IReadOnlyList<string> Weaknesses, Uri? Help)
    {
        private const int MaxReferences = 20;

        public static Classification Of(JsonElement classes, string category)
        {
            if (!classes.TryGetProperty(category, out var element) || element.ValueKind != JsonValueKind.Object)
            {
                return new Classification(string.Empty, string.Empty, [], null);
            }

            var references = element.TryGetProperty("ref", out var named) && named.ValueKind == JsonValueKind.Object
                ? named.EnumerateObject().Take(MaxReferences).ToArray()
                : [];
            var helps = references
                .Select(reference => (reference.Name, Address: reference.Value.ValueKind == JsonValueKind.String ? Web(reference.Value.GetString()) : null))
                .Where(reference => reference.Address is not null)
                .OrderBy(reference => reference.Name.StartsWith("OWASP", StringComparison.OrdinalIgnoreCase) ? 0 : 1)
                .ToArray();
            return new Classification(
                PlainText.Lines(JsonAnswer.FindText(element, "desc") ?? string.Empty, MaxMessage),
                PlainText.Lines(JsonAnswer.FindText(element, "sol") ?? string.Empty, MaxMessage),
                [.. references.Select(reference => WeaknessTitle.Match(reference.Name)).Where(match => match.Success).Select(match => $"CWE-{match.Groups["number"].Value}").Distinct(StringComparer.Ordinal)],
                helps.Length == 0 ? null : helps[0].Address);
        }

        private static Uri? Web(string? address) =>
            Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" ? uri : null;
    }
}

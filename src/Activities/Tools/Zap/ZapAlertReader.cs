using System.Globalization;
using System.Text.Json;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Tools.Http;

namespace AtomicDevOps.Activities.Tools.Zap;

/// <summary>
/// Makes findings of alerts. What ZAP saw or sent (evidence, attack, other information, values of parameters) may be a secret, and is left out.
/// </summary>
internal sealed class ZapAlertReader(ZapScope scope, string version, Func<string, string> redact)
{
    public const string Tool = "OWASP ZAP";
    private const int MaxMessage = 4000;

    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly HashSet<(string Rule, string Method, string Path, string Parameter)> _seen = [];
    private readonly List<Finding> _findings = [];
    private int _elsewhere;
    private int _unread;

    /// <returns>False where none of them is new.</returns>
    public bool Read(JsonElement alerts)
    {
        var isNew = false;
        foreach (var alert in alerts.EnumerateArray())
        {
            if (JsonAnswer.FindText(alert, "id") is not { } id)
            {
                _unread++;
                isNew = true;
            }
            else if (_ids.Add(id))
            {
                isNew = true;
                Add(alert);
            }
        }

        return isNew;
    }

    public ScanReport ToReport(IReadOnlyList<string> leftOut)
    {
        List<string> reasons = [.. leftOut];
        if (_unread > 0)
        {
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{_unread} alerts lack what ZAP's API documents"));
        }

        var outcome = reasons.Count == 0 ? ScanOutcome.Checked : ScanOutcome.PartlyChecked;
        if (_elsewhere > 0)
        {
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{_elsewhere} alerts on addresses outside of {scope.Origin} were dropped"));
        }

        var reason = string.Join("; ", reasons);
        return new ScanReport(Tool, outcome)
        {
            ToolVersion = version,
            Findings = _findings,
            Reason = reason.Length == 0 ? null : $"{char.ToUpperInvariant(reason[0])}{reason[1..]}.",
        };
    }

    private void Add(JsonElement alert)
    {
        if ((JsonAnswer.FindText(alert, "name") ?? JsonAnswer.FindText(alert, "alert")) is not { Length: > 0 } name
            || JsonAnswer.FindText(alert, "pluginId") is not { } rule
            || JsonAnswer.FindText(alert, "risk") is not { } risk
            || !Uri.TryCreate(JsonAnswer.FindText(alert, "url"), UriKind.Absolute, out var url))
        {
            _unread++;
            return;
        }

        if (!scope.Holds(url))
        {
            _elsewhere++;
            return;
        }

        var path = PathOf(url);
        var method = JsonAnswer.FindText(alert, "method") ?? "";
        var parameter = JsonAnswer.FindText(alert, "param") ?? "";
        if (JsonAnswer.FindText(alert, "confidence") is "False Positive" || !_seen.Add((rule, method, path, parameter)))
        {
            return;
        }

        var solution = JsonAnswer.FindText(alert, "solution");
        _findings.Add(new Finding
        {
            Kind = FindingKind.Application,
            Title = redact(OneLine(name)),
            Message = Cut(redact(string.Join("\n\n", new[] { JsonAnswer.FindText(alert, "description"), solution }.Where(text => !string.IsNullOrWhiteSpace(text))) is { Length: > 0 } text ? text : name)),
            Location = new FindingLocation(path, 1),
            Severity = risk switch
            {
                "High" => FindingSeverity.High,
                "Medium" => FindingSeverity.Medium,
                "Low" => FindingSeverity.Low,
                "Informational" => FindingSeverity.None,
                _ => FindingSeverity.Unknown,
            },
            Weaknesses = ReadWeakness(alert) is { } weakness ? [weakness] : [],
            Evidence =
            [
                new FindingEvidence(Tool, rule)
                {
                    ToolVersion = version,
                    Message = redact(OneLine($"{method} {path}{(parameter.Length == 0 ? "" : $", parameter {parameter}")}".Trim())),
                    Help = HelpOf(JsonAnswer.FindText(alert, "reference")),
                },
            ],
        });
    }

    /// <summary><c>/search?page&amp;q</c>: values are left out.</summary>
    private static string PathOf(Uri url)
    {
        var names = url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=')[0])
            .Where(name => name.Length > 0)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        var query = string.Join('&', names);
        return query.Length == 0 ? url.AbsolutePath : $"{url.AbsolutePath}?{query}";
    }

    /// <summary>0 and -1 mean that there is none.</summary>
    private static string? ReadWeakness(JsonElement alert)
    {
        var text = JsonAnswer.Find(alert, "cweid") switch
        {
            { ValueKind: JsonValueKind.String } value => value.GetString(),
            { ValueKind: JsonValueKind.Number } value => value.GetRawText(),
            _ => null,
        };
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number > 0
            ? string.Create(CultureInfo.InvariantCulture, $"CWE-{number}")
            : null;
    }

    private static Uri? HelpOf(string? references) =>
        (references ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(each => Uri.TryCreate(each, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" ? uri : null)
            .FirstOrDefault(uri => uri is not null);

    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private static string Cut(string text) => text.Length > MaxMessage ? string.Concat(text.AsSpan(0, MaxMessage), "…") : text;
}

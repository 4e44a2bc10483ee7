using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Security.Cvss;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Security.Json;

namespace AtomicDevOps.Activities.Security.Sarif;

/// <summary>
/// Reads what tools found from a log in the Static Analysis Results Interchange Format 2.1.0, of any size in bounded memory. Nothing in a log is believed: a
/// place that leads out of the repository is none, and texts are plain. Members that occur twice in an object count the last time, and lists are added up.
/// </summary>
public sealed partial class SarifReader
{
    internal const string FingerprintKey = "atomicDevOps/v1";
    internal const string PropertyKey = "atomicDevOps";

    private const int MostIdCharacters = 200;
    private const int MostListed = 100;

    private readonly SarifReaderOptions _options;
    private readonly JsonCursor _json;
    private readonly List<ScanReport> _reports = [];
    private string? _version;
    private int _runs;
    private int _results;
    private int _rules;
    private long _characters;

    private SarifReader(Stream source, SarifReaderOptions options)
    {
        _options = options;
        _json = new JsonCursor(source, options.MostBytes, options.MostLevels);
    }

    /// <param name="source">Read to its end and left open.</param>
    /// <returns>
    /// A report for each run. A result without a place in the repository counts at the path "", and the report's reason tells how many there are. A run that
    /// lacks results or failed is not checked, or partly where it has findings.
    /// </returns>
    /// <exception cref="FormatException">It is no SARIF 2.1.0, or passes a limit; the message says what and where.</exception>
    public static IReadOnlyList<ScanReport> Read(Stream source, SarifReaderOptions? options = null)
    {
        try
        {
            return new SarifReader(source, options ?? new SarifReaderOptions()).ReadLog();
        }
        catch (JsonException exception)
        {
            throw new FormatException($"This is no SARIF log: {exception.Message}", exception);
        }
        catch (FormatException exception)
        {
            throw new FormatException($"This is no SARIF log that can be read: {exception.Message}", exception);
        }
    }

    private List<ScanReport> ReadLog()
    {
        if (!_json.Read() || _json.Token != JsonTokenType.StartObject)
        {
            throw _json.Wrong("The log", "an object");
        }

        _json.Members("The log", name =>
        {
            switch (name)
            {
                case "version":
                    _version = Text("version", MostIdCharacters);
                    break;
                case "runs":
                    _json.Items("runs", ReadRun);
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        if (_json.Read())
        {
            throw new FormatException("Something follows the log's end.");
        }

        return _version?.StartsWith("2.1.0", StringComparison.Ordinal) == true
            ? _reports
            : throw new FormatException($"Its version is {_version ?? "missing"}; right would be 2.1.0.");
    }

    private void ReadRun()
    {
        if (++_runs > _options.MostRuns)
        {
            throw new FormatException($"It has more than {_options.MostRuns} runs.");
        }

        var run = new SarifRun();
        _json.Members("A run", name =>
        {
            switch (name)
            {
                case "tool":
                    _json.Members("tool", part =>
                    {
                        switch (part)
                        {
                            case "driver":
                                run.Driver = ReadComponent(run);
                                break;
                            case "extensions":
                                Listed("tool.extensions", 1_000, () => run.Extensions.Add(ReadComponent(run)));
                                break;
                            default:
                                _json.Skip();
                                break;
                        }
                    });
                    break;
                case "originalUriBaseIds":
                    _json.Members("originalUriBaseIds", id =>
                    {
                        var place = ReadArtifactLocation("originalUriBaseIds");
                        if (run.Bases.Count < MostListed)
                        {
                            run.Bases[id] = (place.Uri, place.BaseId);
                        }
                    });
                    break;
                case "artifacts":
                    _json.Items("artifacts", () => ReadArtifact(run));
                    break;
                case "invocations":
                    _json.Items("invocations", () => ReadInvocation(run));
                    break;
                case "results":
                    run.HasResults |= _json.Token == JsonTokenType.StartArray;
                    _json.Items("results", () => ReadResult(run));
                    break;
                case "externalPropertyFileReferences":
                    _json.Members("externalPropertyFileReferences", part =>
                    {
                        run.HasExternalResults |= string.Equals(part, "results", StringComparison.Ordinal);
                        _json.Skip();
                    });
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        _reports.Add(Report(run));
    }

    private SarifComponent ReadComponent(SarifRun run)
    {
        var component = new SarifComponent();
        _json.Members("tool", name =>
        {
            switch (name)
            {
                case "name":
                    component.Name = Text("tool.name", MostIdCharacters);
                    break;
                case "version":
                    component.Version = Text("tool.version", MostIdCharacters);
                    break;
                case "semanticVersion":
                    component.SemanticVersion = Text("tool.semanticVersion", MostIdCharacters);
                    break;
                case "globalMessageStrings":
                    ReadMessages(component.Messages);
                    break;
                case "rules":
                    _json.Items("rules", () =>
                    {
                        if (_rules >= _options.MostRules || _characters >= _options.MostCharacters)
                        {
                            run.UnknownRules++;
                            _json.Skip();
                            return;
                        }

                        _rules++;
                        var rule = ReadRule();
                        component.Rules.Add(rule);
                        component.ById.TryAdd(rule.Id, rule);
                    });
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        return component;
    }

    private SarifRule ReadRule()
    {
        var rule = new SarifRule();
        _json.Members("A rule", name =>
        {
            switch (name)
            {
                case "id":
                    rule.Id = Text("A rule's id", MostIdCharacters) ?? string.Empty;
                    break;
                case "name":
                    rule.Name = Text("A rule's name", MostIdCharacters);
                    break;
                case "shortDescription":
                    rule.ShortDescription = ReadMessageText("A rule's shortDescription", MostIdCharacters);
                    break;
                case "helpUri":
                    rule.Help = Text("A rule's helpUri", 2_000);
                    break;
                case "messageStrings":
                    ReadMessages(rule.Messages);
                    break;
                case "defaultConfiguration":
                    _json.Members("A rule's defaultConfiguration", part => Either(string.Equals(part, "level", StringComparison.Ordinal), () => rule.Level = Text("A rule's level", 20)));
                    break;
                case "relationships":
                    Listed("A rule's relationships", MostListed, () => _json.Members(
                        "A relationship", part => Either(string.Equals(part, "target", StringComparison.Ordinal), () => ReadTaxon(rule.Weaknesses))));
                    break;
                case "properties":
                    rule.Score = ReadProperties("A rule's properties", rule.Tags, rule.Weaknesses, own: null) ?? rule.Score;
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        return rule;
    }

    /// <returns>The number for how severe it is in terms of security.</returns>
    private double? ReadProperties(string what, List<string> tags, List<string> weaknesses, Action? own)
    {
        double? score = null;
        _json.Members(what, name =>
        {
            switch (name)
            {
                case "tags" when _json.Token == JsonTokenType.StartArray:
                    Listed("tags", MostListed, () =>
                    {
                        if (_json.Token != JsonTokenType.String)
                        {
                            _json.Skip();
                            return;
                        }

                        var tag = Text("A tag", MostIdCharacters)!;
                        tags.Add(tag);
                        AddWeakness(weaknesses, tag);
                    });
                    break;
                case "cwe" or "CWE" or "cwes" when _json.Token == JsonTokenType.StartArray:
                    Listed(name, MostListed, () => ReadWeakness(weaknesses));
                    break;
                case "cwe" or "CWE" or "cwes":
                    ReadWeakness(weaknesses);
                    break;
                case "security-severity" when _json.Token is JsonTokenType.String or JsonTokenType.Number:
                    score = double.TryParse(_json.Text(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var read) && read <= 10 ? read : null;
                    break;
                case PropertyKey when own is not null:
                    own();
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        return score;
    }

    private void ReadWeakness(List<string> weaknesses)
    {
        if (_json.Token == JsonTokenType.String)
        {
            AddWeakness(weaknesses, Text("A weakness", MostIdCharacters)!);
        }
        else
        {
            _json.Skip();
        }
    }

    /// <summary>A bare number is a weakness only where something else says so.</summary>
    private static void AddWeakness(List<string> weaknesses, string text)
    {
        if (!char.IsAsciiDigit(text.FirstOrDefault()) && Weakness.Normalize(text) is { } weakness && !weaknesses.Contains(weakness, StringComparer.Ordinal))
        {
            weaknesses.Add(weakness);
        }
    }

    private void ReadTaxon(List<string> weaknesses)
    {
        string? id = null;
        var isWeakness = false;
        _json.Members("A taxon", name =>
        {
            switch (name)
            {
                case "id":
                    id = Text("A taxon's id", MostIdCharacters);
                    break;
                case "toolComponent":
                    _json.Members("A taxon's toolComponent", part => Either(
                        string.Equals(part, "name", StringComparison.Ordinal),
                        () => isWeakness = string.Equals(Text("A taxonomy's name", MostIdCharacters), "CWE", StringComparison.OrdinalIgnoreCase)));
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        if (id is not null)
        {
            AddWeakness(weaknesses, isWeakness && char.IsAsciiDigit(id.FirstOrDefault()) ? "CWE-" + id : id);
        }
    }

    private void ReadMessages(Dictionary<string, string> messages) => _json.Members("messageStrings", id =>
    {
        var text = ReadMessageText("messageStrings", _options.MostMessageCharacters);
        if (text is not null && messages.Count < MostListed)
        {
            messages[id] = text;
        }
    });

    private string? ReadMessageText(string what, int mostCharacters)
    {
        string? text = null;
        _json.Members(what, part => Either(string.Equals(part, "text", StringComparison.Ordinal), () => text = Text(what, mostCharacters, lines: true)));
        return text;
    }

    private void ReadArtifact(SarifRun run)
    {
        (string? Uri, string? BaseId, int? Index) place = default;
        _json.Members("An artifact", name => Either(string.Equals(name, "location", StringComparison.Ordinal), () => place = ReadArtifactLocation("An artifact's location")));
        if (_characters < _options.MostCharacters)
        {
            run.Artifacts.Add((place.Uri, place.BaseId));
        }
    }

    private (string? Uri, string? BaseId, int? Index) ReadArtifactLocation(string what)
    {
        (string? Uri, string? BaseId, int? Index) place = default;
        _json.Members(what, name =>
        {
            switch (name)
            {
                case "uri":
                    place.Uri = Raw(what);
                    break;
                case "uriBaseId":
                    place.BaseId = Raw(what);
                    break;
                case "index":
                    place.Index = _json.Integer(what);
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        return place;
    }

    private void ReadInvocation(SarifRun run)
    {
        var failed = false;
        _json.Members("An invocation", name =>
        {
            switch (name)
            {
                case "executionSuccessful":
                    failed = _json.Boolean("executionSuccessful") == false;
                    break;
                case "toolExecutionNotifications" or "toolConfigurationNotifications":
                    _json.Items(name, () => ReadNotification(run));
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        run.Invocations++;
        run.FailedInvocations += failed ? 1 : 0;
    }

    private void ReadNotification(SarifRun run)
    {
        string? level = null;
        string? text = null;
        _json.Members("A notification", name =>
        {
            switch (name)
            {
                case "level":
                    level = Text("A notification's level", 20);
                    break;
                case "message":
                    text = ReadMessageText("A notification's message", 300);
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        if (string.Equals(level, "error", StringComparison.Ordinal) && run.Errors.Count < MostListed)
        {
            run.Errors.Add(PlainText.Line(text ?? "an error without a message", 300));
        }
    }

    private void ReadResult(SarifRun run)
    {
        if (_results >= _options.MostResults || _characters >= _options.MostCharacters)
        {
            run.LeftOut++;
            _json.Skip();
            return;
        }

        var result = new SarifResult();
        _json.Members("A result", name =>
        {
            switch (name)
            {
                case "ruleId":
                    result.RuleId ??= Text("A result's ruleId", MostIdCharacters);
                    break;
                case "ruleIndex":
                    result.RuleIndex ??= Index(_json.Integer("A result's ruleIndex"));
                    break;
                case "rule":
                    ReadRuleReference(result);
                    break;
                case "kind":
                    result.Kind = Text("A result's kind", 20);
                    break;
                case "baselineState":
                    result.BaselineState = Text("A result's baselineState", 20);
                    break;
                case "level":
                    result.Level = Text("A result's level", 20);
                    break;
                case "message":
                    ReadMessage(result);
                    break;
                case "locations":
                    _json.Items("A result's locations", () => ReadLocation(result));
                    break;
                case "suppressions":
                    _json.Items("A result's suppressions", () => ReadSuppression(result));
                    break;
                case "taxa":
                    Listed("A result's taxa", MostListed, () => ReadTaxon(result.Weaknesses));
                    break;
                case "partialFingerprints":
                    _json.Members("A result's partialFingerprints", key => Either(
                        string.Equals(key, FingerprintKey, StringComparison.Ordinal), () => result.Fingerprint = Text("A fingerprint", MostIdCharacters)));
                    break;
                case "properties":
                    result.Score = ReadProperties("A result's properties", [], result.Weaknesses, () => result.Own = ReadOwn()) ?? result.Score;
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        if (result.Kind is "pass" or "notApplicable" or "informational" || string.Equals(result.BaselineState, "absent", StringComparison.Ordinal))
        {
            return;
        }

        if (result.Suppressions > 0 && !result.IsSuppressionOpen && !_options.CountsSuppressed)
        {
            run.Suppressed++;
            return;
        }

        _results++;
        run.Results.Add(result);
    }

    private void ReadRuleReference(SarifResult result) => _json.Members("A result's rule", name =>
    {
        switch (name)
        {
            case "id":
                result.RuleId = Text("A result's rule.id", MostIdCharacters) ?? result.RuleId;
                break;
            case "index":
                result.RuleIndex = Index(_json.Integer("A result's rule.index")) ?? result.RuleIndex;
                break;
            case "toolComponent":
                _json.Members("A result's rule.toolComponent", part =>
                {
                    switch (part)
                    {
                        case "index":
                            result.Component = Index(_json.Integer("A result's rule.toolComponent.index"));
                            break;
                        case "name":
                            result.ComponentName = Text("A result's rule.toolComponent.name", MostIdCharacters);
                            break;
                        default:
                            _json.Skip();
                            break;
                    }
                });
                break;
            default:
                _json.Skip();
                break;
        }
    });

    private void ReadMessage(SarifResult result) => _json.Members("A result's message", name =>
    {
        switch (name)
        {
            case "text":
                result.Message = Text("A result's message", _options.MostMessageCharacters, lines: true);
                break;
            case "id":
                result.MessageId = Text("A result's message.id", MostIdCharacters);
                break;
            case "arguments":
                Listed("A result's message.arguments", MostListed, () => result.Arguments.Add(Text("An argument", _options.MostMessageCharacters) ?? string.Empty));
                break;
            default:
                _json.Skip();
                break;
        }
    });

    /// <summary>The first one in a file counts.</summary>
    private void ReadLocation(SarifResult result)
    {
        if (result.HasPlace)
        {
            _json.Skip();
            return;
        }

        _json.Members("A location", name => Either(string.Equals(name, "physicalLocation", StringComparison.Ordinal), () => _json.Members("A physicalLocation", part =>
        {
            switch (part)
            {
                case "artifactLocation":
                    (result.Uri, result.BaseId, result.Artifact) = ReadArtifactLocation("An artifactLocation");
                    result.HasPlace = result.Uri is not null || result.Artifact is >= 0;
                    break;
                case "region":
                    ReadRegion(result);
                    break;
                default:
                    _json.Skip();
                    break;
            }
        })));
    }

    private void ReadRegion(SarifResult result) => _json.Members("A region", name =>
    {
        switch (name)
        {
            case "startLine":
                result.StartLine = _json.Integer("A region's startLine");
                break;
            case "endLine":
                result.EndLine = _json.Integer("A region's endLine");
                break;
            case "startColumn":
                result.StartColumn = _json.Integer("A region's startColumn");
                break;
            case "endColumn":
                result.EndColumn = _json.Integer("A region's endColumn");
                break;
            default:
                _json.Skip();
                break;
        }
    });

    private void ReadSuppression(SarifResult result)
    {
        result.Suppressions++;
        _json.Members("A suppression", name => Either(
            string.Equals(name, "status", StringComparison.Ordinal),
            () => result.IsSuppressionOpen |= Text("A suppression's status", 20) is "underReview" or "rejected"));
    }

    private SarifFinding ReadOwn()
    {
        var own = new SarifFinding();
        _json.Members(PropertyKey, name =>
        {
            switch (name)
            {
                case "kind":
                    own.Kind = Text(name, 20);
                    break;
                case "title":
                    own.Title = Text(name, _options.MostMessageCharacters);
                    break;
                case "severity":
                    own.Severity = Text(name, 20);
                    break;
                case "vector":
                    own.Vector = Text(name, 512);
                    break;
                case "lineDigest":
                    own.LineDigest = Text(name, MostIdCharacters);
                    break;
                case "knownExploited":
                    own.KnownExploited = _json.Boolean(name) == true;
                    break;
                case "reachable":
                    own.Reachable = _json.Boolean(name);
                    break;
                case "package":
                    own.Package = ReadPackage();
                    break;
                case "evidence":
                    Listed(name, MostListed, () => own.Evidence.Add(ReadEvidence()));
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        return own;
    }

    private VulnerablePackage ReadPackage()
    {
        var package = new VulnerablePackage(string.Empty, string.Empty, string.Empty, string.Empty);
        _json.Members("A package", name =>
        {
            switch (name)
            {
                case "ecosystem":
                    package = package with { Ecosystem = Text(name, MostIdCharacters) ?? string.Empty };
                    break;
                case "name":
                    package = package with { Name = Text(name, MostIdCharacters) ?? string.Empty };
                    break;
                case "version":
                    package = package with { Version = Text(name, MostIdCharacters) ?? string.Empty };
                    break;
                case "advisory":
                    package = package with { Advisory = Text(name, MostIdCharacters) ?? string.Empty };
                    break;
                case "fixedVersion":
                    package = package with { FixedVersion = Text(name, MostIdCharacters) };
                    break;
                case "isDirect":
                    package = package with { IsDirect = _json.Boolean(name) != false };
                    break;
                case "aliases":
                    var aliases = new List<string>();
                    Listed(name, MostListed, () => aliases.Add(Text("An alias", MostIdCharacters) ?? string.Empty));
                    package = package with { Aliases = aliases };
                    break;
                default:
                    _json.Skip();
                    break;
            }
        });
        return package;
    }

    private FindingEvidence ReadEvidence()
    {
        var evidence = new FindingEvidence(string.Empty, string.Empty);
        _json.Members("An evidence", name =>
        {
            evidence = name switch
            {
                "tool" => evidence with { Tool = Text(name, MostIdCharacters) ?? string.Empty },
                "rule" => evidence with { Rule = Text(name, MostIdCharacters) ?? string.Empty },
                "toolVersion" => evidence with { ToolVersion = Text(name, MostIdCharacters) },
                "message" => evidence with { Message = Text(name, _options.MostMessageCharacters, lines: true) },
                "help" => evidence with { Help = Link(Text(name, 2_000)) },
                _ => Skipped(evidence),
            };
        });
        return evidence;
    }

    private FindingEvidence Skipped(FindingEvidence evidence)
    {
        _json.Skip();
        return evidence;
    }

    private ScanReport Report(SarifRun run)
    {
        var tool = _options.Tool ?? run.Driver.Name ?? throw new FormatException($"Run {_runs} does not name its tool; tool.driver.name is missing.");
        var paths = new SarifPath(_options.Roots, run.Bases);
        var without = 0;
        var findings = new List<Finding>(run.Results.Count);
        foreach (var result in run.Results)
        {
            var finding = Find(run, result, tool, paths);
            without += finding.Location.Path.Length == 0 ? 1 : 0;
            findings.Add(finding);
        }

        var failed = run.FailedInvocations > 0 && run.FailedInvocations == run.Invocations;
        var isPartial = run.FailedInvocations > 0 || run.Errors.Count > 0 || run.LeftOut > 0 || run.HasExternalResults || run.UnknownRules > 0;
        var reasons = new List<string>();
        if (run.FailedInvocations > 0)
        {
            reasons.Add("It says that it did not run to its end");
        }

        if (!run.HasResults && !run.HasExternalResults)
        {
            reasons.Add("It gives no list of results, which is what a tool does that did not scan");
        }

        if (run.Errors.Count > 0)
        {
            reasons.Add($"It met {run.Errors.Count} errors, first: {run.Errors[0].TrimEnd('.')}");
        }

        if (run.HasExternalResults)
        {
            reasons.Add("It keeps results in other files, which are not read");
        }

        if (run.LeftOut > 0)
        {
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{run.LeftOut} of its results are past what is read of a log"));
        }

        if (run.UnknownRules > 0)
        {
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{run.UnknownRules} of its rules are past what is read of a log"));
        }

        if (without > 0)
        {
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{without} of its findings have no place in the repository"));
        }

        if (run.Suppressed > 0)
        {
            reasons.Add(string.Create(CultureInfo.InvariantCulture, $"{run.Suppressed} of its results are suppressed where it ran"));
        }

        var outcome = findings.Count == 0 && (failed || !run.HasResults) ? ScanOutcome.NotChecked
            : isPartial || !run.HasResults ? ScanOutcome.PartlyChecked
            : ScanOutcome.Checked;
        return new ScanReport(tool, outcome)
        {
            ToolVersion = run.Driver.SemanticVersion ?? run.Driver.Version,
            Reason = reasons.Count == 0 ? null : string.Join("; ", reasons) + ".",
            Findings = findings,
        };
    }

    private Finding Find(SarifRun run, SarifResult result, string tool, SarifPath paths)
    {
        var (component, rule) = Rule(run, result);
        var id = result.RuleId ?? rule?.Id ?? "unknown";
        var own = result.Own;
        var message = Message(result, rule, component);
        var title = PlainText.Line(own?.Title ?? rule?.ShortDescription ?? rule?.Name ?? id, own?.Title is null ? MostIdCharacters : _options.MostMessageCharacters);
        var score = own is null ? result.Score ?? rule?.Score : result.Score;
        var (uri, baseId) = result.Uri is null && result.Artifact is >= 0 and var index && index < run.Artifacts.Count ? run.Artifacts[index] : (result.Uri, result.BaseId);
        var path = uri is null ? null : paths.Find(uri, baseId);
        var line = Math.Max(1, result.StartLine ?? 1);
        return new Finding
        {
            Kind = Enum.TryParse<FindingKind>(own?.Kind, out var kind) && Enum.IsDefined(kind) ? kind : Kind(rule),
            Title = title,
            Message = message.Length == 0 ? title : message,
            Location = path is null
                ? new FindingLocation(string.Empty, 1)
                : new FindingLocation(path, line)
                {
                    EndLine = result.EndLine > line ? result.EndLine : null,
                    StartColumn = result.StartColumn >= 1 ? result.StartColumn : null,
                    EndColumn = result.EndColumn >= 1 ? result.EndColumn : null,
                    LineDigest = own?.LineDigest,
                },
            Severity = Enum.TryParse<FindingSeverity>(own?.Severity, out var severity) && Enum.IsDefined(severity) ? severity
                : score is { } number ? CvssVector.Rate(CvssVersion.V31, number)
                : (result.Level ?? rule?.Level) switch
                {
                    "error" => FindingSeverity.High,
                    "note" => FindingSeverity.Low,
                    "none" => FindingSeverity.None,
                    _ => FindingSeverity.Medium,
                },
            Score = score,
            Vector = CvssVector.TryParse(own?.Vector, out _) ? own!.Vector : null,
            Weaknesses = Weakness.Order(own is null ? [.. result.Weaknesses, .. rule?.Weaknesses ?? []] : result.Weaknesses),
            Package = own?.Package,
            KnownExploited = own?.KnownExploited == true,
            Reachable = own?.Reachable,
            Evidence = own is { Evidence.Count: > 0 }
                ? own.Evidence
                : [new FindingEvidence(tool, id) { ToolVersion = run.Driver.SemanticVersion ?? run.Driver.Version, Message = message.Length == 0 ? null : message, Help = Link(rule?.Help) }],
            Fingerprint = result.Fingerprint is { Length: 32 } fingerprint && fingerprint.All(char.IsAsciiHexDigit) ? fingerprint : string.Empty,
        };
    }

    private FindingKind Kind(SarifRule? rule) =>
        rule is null ? _options.Kind
        : rule.Tags.Contains("secret", StringComparer.OrdinalIgnoreCase) ? FindingKind.Secret
        : rule.Tags.Contains("misconfiguration", StringComparer.OrdinalIgnoreCase) ? FindingKind.Infrastructure
        : _options.Kind;

    /// <summary>By index where one is given and fits the id, else by id; of a hierarchical id, its beginning.</summary>
    private static (SarifComponent Component, SarifRule? Rule) Rule(SarifRun run, SarifResult result)
    {
        var component = result.Component is { } index && index < run.Extensions.Count ? run.Extensions[index]
            : result.ComponentName is { } name ? run.Extensions.Find(extension => string.Equals(extension.Name, name, StringComparison.Ordinal)) ?? run.Driver
            : run.Driver;
        if (result.RuleIndex is { } at && at < component.Rules.Count && component.Rules[at] is var rule
            && (result.RuleId is null || IsPart(result.RuleId, rule.Id)))
        {
            return (component, rule);
        }

        for (var id = result.RuleId; id is { Length: > 0 }; id = id.LastIndexOf('/') is > 0 and var slash ? id[..slash] : null)
        {
            foreach (var candidate in new[] { component, run.Driver }.Concat(run.Extensions))
            {
                if (candidate.ById.TryGetValue(id, out var found))
                {
                    return (candidate, found);
                }
            }
        }

        return (component, null);
    }

    private static bool IsPart(string id, string whole) =>
        id.StartsWith(whole, StringComparison.Ordinal) && (id.Length == whole.Length || id[whole.Length] == '/');

    private string Message(SarifResult result, SarifRule? rule, SarifComponent component)
    {
        var text = result.Message
            ?? (result.MessageId is { } id && (rule?.Messages.TryGetValue(id, out var found) == true || component.Messages.TryGetValue(id, out found)) ? found : string.Empty);
        if (result.Arguments.Count > 0)
        {
            text = Placeholder().Replace(text, match => match.Value switch
            {
                "{{" => "{",
                "}}" => "}",
                var place => int.TryParse(place.AsSpan(1, place.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < result.Arguments.Count
                    ? result.Arguments[index]
                    : place,
            });
        }

        return PlainText.Lines(EmbeddedLink().Replace(text, "${text}"), _options.MostMessageCharacters);
    }

    private static Uri? Link(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http" ? uri : null;

    private static int? Index(int? index) => index is >= 0 ? index : null;

    private void Either(bool wanted, Action read)
    {
        if (wanted)
        {
            read();
        }
        else
        {
            _json.Skip();
        }
    }

    private void Listed(string what, int most, Action item)
    {
        var count = 0;
        _json.Items(what, () => Either(count++ < most, item));
    }

    private string? Text(string what, int mostCharacters, bool lines = false)
    {
        if (_json.String(what) is not { } text)
        {
            return null;
        }

        var clean = lines ? PlainText.Lines(text, mostCharacters) : PlainText.Line(text, mostCharacters);
        _characters += clean.Length;
        return clean;
    }

    /// <summary>As it stands, since it is judged later: a path.</summary>
    private string? Raw(string what)
    {
        var text = _json.String(what);
        _characters += text?.Length ?? 0;
        return text;
    }

    [GeneratedRegex(@"\{\{|\}\}|\{[0-9]{1,3}\}", RegexOptions.NonBacktracking)]
    private static partial Regex Placeholder();

    /// <summary>Links to the result's other places, as section 3.11.6 has them.</summary>
    [GeneratedRegex(@"\[(?<text>[^\[\]\\]{1,1000})\]\([0-9]{1,9}\)", RegexOptions.NonBacktracking)]
    private static partial Regex EmbeddedLink();
}

using System.Globalization;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools.GitHub;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace AtomicDevOps.Activities.Pipelines;

/// <summary>
/// Reads a <c>.atomicdevops.yml</c>. A pure function of the text, so orchestrators may call it. It reports every problem at once,
/// with its line and the fix, and takes nothing from a file that has one.
/// </summary>
public static partial class PipelineConfigurationReader
{
    /// <summary>The longest text that is read, in characters.</summary>
    public const int MaximumLength = 64 * 1024;

    /// <summary>How many problems are told, so that a hostile file does not fill a history.</summary>
    private const int MaximumProblems = 50;

    /// <summary>How deep mappings and lists may lie in each other; what the file is for needs three.</summary>
    private const int MaximumDepth = 16;

    private const int MaximumItems = 500;
    private const int MaximumPatternLength = 500;
    private const int LongestQuotation = 80;
    private static readonly TimeSpan MaximumTimeout = TimeSpan.FromHours(2);

    public static ConfigurationReading Read(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return new ConfigurationReading(new PipelineConfiguration(), []);
        }

        if (text.Length > MaximumLength)
        {
            return Failed(new ConfigurationProblem(1, 1, $"The file has {text.Length} characters; at most {MaximumLength} are read. Shorten it."));
        }

        YamlNode root;
        try
        {
            if (FindForbidden(text) is { } forbidden)
            {
                return Failed(forbidden);
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 0)
            {
                return new ConfigurationReading(new PipelineConfiguration(), []);
            }

            root = stream.Documents[0].RootNode;
        }
        catch (YamlException exception)
        {
            return Failed(LineIndentedByTab(text) is { } tab
                ? new ConfigurationProblem(tab, 1, "A tab indents this line. Indent it with spaces.")
                : new ConfigurationProblem((int)exception.Start.Line, (int)exception.Start.Column, $"This is not YAML: {Quotation(exception.Message)}"));
        }
        catch (ArgumentException)
        {
            return Failed(new ConfigurationProblem(1, 1, "This is YAML that cannot be read here. Write keys and values as «key: value»."));
        }

        var problems = new List<ConfigurationProblem>();
        var configuration = ReadRoot(root, problems);
        return problems.Count == 0
            ? new ConfigurationReading(configuration, [])
            : new ConfigurationReading(null, [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column).Take(MaximumProblems)]);
    }

    private static ConfigurationReading Failed(ConfigurationProblem problem) => new(null, [problem]);

    // Loading a tree costs stack for its depth, and time without bound for its aliases, so both are looked for in the events, which cost neither.
    private static ConfigurationProblem? FindForbidden(string text)
    {
        var parser = new Parser(new StringReader(text));
        var mappings = new Stack<MappingKeys?>();
        var documents = 0;
        ConfigurationProblem? problem;
        while (TryMoveNext(parser, out problem))
        {
            var current = parser.Current!;
            if (current is NodeEvent && mappings.TryPeek(out var mapping) && mapping?.IsDuplicate(current) == true)
            {
                return At(current, $"«{Quotation(((Scalar)current).Value)}» is there twice. Keep one of the two.");
            }

            switch (current)
            {
                case AnchorAlias:
                    return At(current, "Aliases are not allowed here. Write the value out.");
                case DocumentStart when ++documents > 1:
                    return At(current, "A second document begins here. Put everything into one.");
                case MappingStart or SequenceStart when mappings.Count == MaximumDepth:
                    return At(current, $"Mappings and lists lie more than {MaximumDepth} deep in each other here.");
                case MappingStart:
                    mappings.Push(new MappingKeys());
                    break;
                case SequenceStart:
                    mappings.Push(null);
                    break;
                case MappingEnd or SequenceEnd:
                    mappings.Pop();
                    break;
            }
        }

        return problem;
    }

    // On some malformed texts the parser runs into its own checks instead of saying what is wrong.
    private static bool TryMoveNext(Parser parser, out ConfigurationProblem? problem)
    {
        problem = null;
        var before = parser.Current;
        try
        {
            return parser.MoveNext();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            problem = new ConfigurationProblem((int)(before?.End.Line ?? 1), (int)(before?.End.Column ?? 1), "What follows here is not YAML.");
            return false;
        }
    }

    private static int? LineIndentedByTab(string text)
    {
        var lines = text.Split('\n');
        var line = Array.FindIndex(lines, each => each.AsSpan(0, each.Length - each.AsSpan().TrimStart().Length).Contains('\t'));
        return line < 0 ? null : line + 1;
    }

    private static ConfigurationProblem At(ParsingEvent place, string message) => new((int)place.Start.Line, (int)place.Start.Column, message);

    private static string Quotation(string? text) => text switch
    {
        null => string.Empty,
        { Length: > LongestQuotation } => $"{text[..LongestQuotation]}…",
        _ => text,
    };

    /// <summary>The keys of a mapping, as its nodes come by turns: a key, its value, the next key.</summary>
    private sealed class MappingKeys
    {
        private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
        private bool _isValue;

        public bool IsDuplicate(ParsingEvent node)
        {
            var isKey = !_isValue;
            _isValue = isKey;
            return isKey && node is Scalar { Value: var key } && !_keys.Add(key);
        }
    }

    private static PipelineConfiguration ReadRoot(YamlNode node, List<ConfigurationProblem> problems)
    {
        var root = new Section(node, "the file", problems);
        var defaults = new PipelineConfiguration();
        root.Choice("version", "1", ["1"]);
        var configuration = defaults with
        {
            Build = root.Nested("build", ReadBuild, defaults.Build),
            Test = root.Nested("test", ReadTest, defaults.Test),
            Lint = root.Nested("lint", ReadLint, defaults.Lint),
            Policy = root.Nested("policy", ReadPolicy, defaults.Policy),
            Merge = root.Nested("merge", ReadMerge, defaults.Merge),
            Security = root.Nested("security", ReadSecurity, defaults.Security),
            Limits = root.Nested("limits", ReadLimits, defaults.Limits),
            Branches = root.Texts("branches", defaults.Branches),
        };
        root.RefuseOthers();
        return configuration;
    }

    private static BuildConfiguration ReadBuild(Section section) => new()
    {
        Dockerfile = section.RelativePath("dockerfile", "Dockerfile"),
        Timeout = section.Duration("timeout", TimeSpan.FromMinutes(10), MaximumTimeout),
    };

    private static TestConfiguration ReadTest(Section section) => new()
    {
        Strategy = Enum.Parse<TestStrategyChoice>(section.Choice("strategy", "auto", ["auto", "fast", "thorough", "coverage"]), ignoreCase: true),
        Paths = section.RelativePaths("paths"),
        Command = section.Texts("command", []),
        Coverage = section.OptionalNumber("coverage", 0, 100, "a percentage"),
        Timeout = section.Duration("timeout", TimeSpan.FromMinutes(10), MaximumTimeout),
    };

    private static LintConfiguration ReadLint(Section section)
    {
        var defaults = new LintConfiguration();
        return new LintConfiguration
        {
            Enabled = section.Flag("enabled", defaults.Enabled),
            Command = section.Texts("command", defaults.Command),
            Timeout = section.Duration("timeout", defaults.Timeout, MaximumTimeout),
        };
    }

    private static PolicyConfiguration ReadPolicy(Section section)
    {
        var defaults = new PolicyConfiguration();
        return new PolicyConfiguration
        {
            Branch = section.Pattern("branch"),
            CommitMessage = section.Pattern("commitMessage"),
            Description = section.Flag("description", defaults.Description),
            UpToDate = section.Flag("upToDate", defaults.UpToDate),
            Forks = section.Flag("forks", defaults.Forks),
        };
    }

    private static MergeConfiguration ReadMerge(Section section)
    {
        var defaults = new MergeConfiguration();
        return new MergeConfiguration
        {
            Automatic = section.Flag("automatic", defaults.Automatic),
            Method = Enum.Parse<MergeMethod>(section.Choice("method", "merge", ["merge", "squash", "rebase"]), ignoreCase: true),
            Approval = section.Flag("approval", defaults.Approval),
            ApprovalTimeout = section.Duration("approvalTimeout", defaults.ApprovalTimeout, TimeSpan.FromDays(30)),
        };
    }

    private static SecurityConfiguration ReadSecurity(Section section)
    {
        var defaults = new SecurityConfiguration();
        return new SecurityConfiguration
        {
            Threshold = Enum.Parse<FindingSeverity>(section.Choice("threshold", "high", ["low", "medium", "high", "critical"]), ignoreCase: true),
            NotChecked = Enum.Parse<NotCheckedPolicy>(section.Choice("notChecked", "warn", ["warn", "fail"]), ignoreCase: true),
            Fixes = section.Flag("fixes", defaults.Fixes),
            Upload = section.Flag("upload", defaults.Upload),
            Suppressions = section.Items("suppressions", "a suppression", ReadSuppression),
            Application = section.Nested<ApplicationConfiguration?>("application", ReadApplication, defaults.Application),
        };
    }

    private static ApplicationConfiguration ReadApplication(Section section)
    {
        var defaults = new ApplicationConfiguration();
        return new ApplicationConfiguration
        {
            Port = section.WholeNumber("port", defaults.Port, 1, 65535),
            Path = section.UrlPath("path", defaults.Path),
            Command = section.Texts("command", defaults.Command),
        };
    }

    private static Suppression ReadSuppression(Section section)
    {
        var suppression = new Suppression
        {
            Rule = section.OptionalText("rule"),
            Fingerprint = section.OptionalText("fingerprint"),
            Advisory = section.OptionalText("advisory"),
            Weakness = section.OptionalText("weakness"),
            Path = section.OptionalText("path"),
            Package = section.OptionalText("package"),
            Reason = section.OptionalText("reason"),
            Owner = section.OptionalText("owner"),
            Until = section.OptionalDate("until"),
        };
        var isWrongDay = suppression.Until is null && section.Says("until");
        section.Report((isWrongDay ? suppression with { Until = DateOnly.MaxValue } : suppression).Problems());
        return suppression;
    }

    private static LimitsConfiguration ReadLimits(Section section)
    {
        var defaults = new LimitsConfiguration();
        return new LimitsConfiguration
        {
            Memory = section.Size("memory", defaults.Memory, 16L << 20, 16L << 30),
            Cpus = section.OptionalNumber("cpus", 0.1, 64, "a number of CPUs") ?? defaults.Cpus,
            Processes = section.WholeNumber("processes", defaults.Processes, 8, 4096),
            FileSize = section.Size("fileSize", defaults.FileSize, 1, 2L << 30),
            TreeSize = section.Size("treeSize", defaults.TreeSize, 1, 8L << 30),
        };
    }

    private sealed partial class Section
    {
        private readonly string _name;
        private readonly YamlNode _node;
        private readonly List<ConfigurationProblem> _problems;
        private readonly Dictionary<string, (YamlNode Key, YamlNode Value)> _entries = new(StringComparer.Ordinal);
        private readonly List<string> _known = [];

        public Section(YamlNode node, string name, List<ConfigurationProblem> problems)
        {
            _name = name;
            _node = node;
            _problems = problems;
            if (node is YamlMappingNode mapping)
            {
                foreach (var (key, value) in mapping.Children)
                {
                    _entries[((key as YamlScalarNode)?.Value) ?? key.ToString()] = (key, value);
                }
            }
            else if (!IsNull(node))
            {
                Report(node, $"{Capital(name)} has to be a mapping of keys to values, such as «build:».");
            }
        }

        public T Nested<T>(string key, Func<Section, T> read, T defaultValue)
        {
            if (Find(key) is not { } node)
            {
                return defaultValue;
            }

            var section = new Section(node, $"«{key}»", _problems);
            var value = read(section);
            section.RefuseOthers();
            return value;
        }

        public string Choice(string key, string defaultValue, IReadOnlyList<string> allowed)
        {
            if (Scalar(key) is not { } scalar)
            {
                return defaultValue;
            }

            if (allowed.Contains(scalar.Value, StringComparer.Ordinal))
            {
                return scalar.Value!;
            }

            Report(scalar, $"«{key}» is «{Quotation(scalar.Value)}»; it has to be {string.Join(" or ", allowed)}.");
            return defaultValue;
        }

        public bool Flag(string key, bool defaultValue)
        {
            if (Scalar(key) is not { } scalar)
            {
                return defaultValue;
            }

            switch (scalar.Value)
            {
                case "true":
                    return true;
                case "false":
                    return false;
                default:
                    Report(scalar, $"«{key}» is «{Quotation(scalar.Value)}»; it has to be true or false.");
                    return defaultValue;
            }
        }

        public double? OptionalNumber(string key, double least, double most, string what)
        {
            if (Scalar(key) is not { } scalar)
            {
                return null;
            }

            if (double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            {
                return number;
            }

            Report(scalar, $"«{key}» is «{Quotation(scalar.Value)}»; it has to be {what} from {Invariant(least)} to {Invariant(most)}.");
            return null;
        }

        public int WholeNumber(string key, int defaultValue, int least, int most)
        {
            if (Scalar(key) is not { } scalar)
            {
                return defaultValue;
            }

            if (int.TryParse(scalar.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            {
                return number;
            }

            Report(scalar, $"«{key}» is «{Quotation(scalar.Value)}»; it has to be a whole number from {least} to {most}.");
            return defaultValue;
        }

        public TimeSpan Duration(string key, TimeSpan defaultValue, TimeSpan most)
        {
            if (Scalar(key) is not { } scalar)
            {
                return defaultValue;
            }

            var match = DurationPattern().Match(scalar.Value ?? string.Empty);
            if (match.Success && double.TryParse(match.Groups["amount"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            {
                var seconds = amount * match.Groups["unit"].ValueSpan switch
                {
                    "s" => 1,
                    "m" => 60,
                    "h" => 3600,
                    _ => 86400,
                };
                if (seconds >= 1 && seconds <= most.TotalSeconds)
                {
                    return TimeSpan.FromSeconds(seconds);
                }
            }

            Report(scalar, $"«{key}» is «{Quotation(scalar.Value)}»; it has to be a time such as 90s, 10m, 1h or 7d, at most {Invariant(most.TotalHours)}h.");
            return defaultValue;
        }

        public long Size(string key, long defaultValue, long least, long most)
        {
            if (Scalar(key) is not { } scalar)
            {
                return defaultValue;
            }

            var match = SizePattern().Match(scalar.Value ?? string.Empty);
            if (match.Success && double.TryParse(match.Groups["amount"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var amount))
            {
                var bytes = amount * match.Groups["unit"].ValueSpan switch
                {
                    "KiB" => 1L << 10,
                    "MiB" => 1L << 20,
                    "GiB" => 1L << 30,
                    _ => 1L,
                };
                if (bytes >= least && bytes <= most)
                {
                    return (long)bytes;
                }
            }

            Report(scalar, $"«{key}» is «{Quotation(scalar.Value)}»; it has to be a size such as 512MiB or 2GiB, from {least} to {most} bytes.");
            return defaultValue;
        }

        public string? Pattern(string key)
        {
            if (Scalar(key) is not { Value.Length: > 0 } scalar)
            {
                return null;
            }

            if (scalar.Value.Length > MaximumPatternLength)
            {
                Report(scalar, $"«{key}» has {scalar.Value.Length} characters; a pattern has at most {MaximumPatternLength}.");
                return null;
            }

            try
            {
                _ = NamingRule.Compile(scalar.Value);
                return scalar.Value;
            }
            catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
            {
                Report(scalar, $"«{key}» is no regular expression that can be used here (no look-around, no back-references): {exception.Message}");
                return null;
            }
        }

        public string RelativePath(string key, string defaultValue)
        {
            if (Scalar(key) is not { } scalar)
            {
                return defaultValue;
            }

            return IsInside(scalar, key) ? scalar.Value! : defaultValue;
        }

        public string UrlPath(string key, string defaultValue)
        {
            if (Scalar(key) is not { } scalar)
            {
                return defaultValue;
            }

            var path = scalar.Value ?? string.Empty;
            if (path is ['/', ..] && path is not ['/', '/', ..] && UrlPathPattern().IsMatch(path))
            {
                return path;
            }

            Report(scalar, $"«{key}» is «{Quotation(path)}»; it has to be a URL's path without query, such as /app/.");
            return defaultValue;
        }

        public IReadOnlyList<string> RelativePaths(string key)
        {
            return [.. Scalars(key).Where(scalar => IsInside(scalar, key)).Select(scalar => scalar.Value!)];
        }

        public IReadOnlyList<string> Texts(string key, IReadOnlyList<string> defaultValue)
        {
            var values = Scalars(key).Select(scalar => scalar.Value ?? string.Empty).ToArray();
            return values.Length == 0 ? defaultValue : values;
        }

        /// <summary>A list of mappings.</summary>
        public IReadOnlyList<T> Items<T>(string key, string what, Func<Section, T> read)
        {
            switch (Find(key))
            {
                case null:
                    return [];
                case YamlSequenceNode { Children.Count: <= MaximumItems } sequence:
                    return [.. sequence.Children.Select(child =>
                    {
                        var section = new Section(child, what, _problems);
                        var value = read(section);
                        section.RefuseOthers();
                        return value;
                    })];
                case var other:
                    Report(other, $"«{key}» has to be a list of at most {MaximumItems} mappings, each beginning with a dash.");
                    return [];
            }
        }

        public bool Says(string key) => Find(key) is not null;

        public string? OptionalText(string key) => Scalar(key)?.Value;

        public DateOnly? OptionalDate(string key)
        {
            if (Scalar(key) is not { } scalar)
            {
                return null;
            }

            if (DateOnly.TryParseExact(scalar.Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            {
                return date;
            }

            Report(scalar, $"«{key}» is «{Quotation(scalar.Value)}»; it has to be a day such as 2026-12-31.");
            return null;
        }

        /// <summary>Problems of the section as a whole.</summary>
        public void Report(IEnumerable<string> problems)
        {
            foreach (var problem in problems)
            {
                Report(_node, problem);
            }
        }

        public void RefuseOthers()
        {
            foreach (var (name, (key, _)) in _entries)
            {
                if (_known.Contains(name, StringComparer.Ordinal))
                {
                    continue;
                }

                var near = _known.FirstOrDefault(known => name.Length <= known.Length + 2 && Distance(known, name) <= 2);
                var advice = near is null ? $"Known here: {string.Join(", ", _known)}." : $"Did you mean «{near}»?";
                Report(key, $"«{Quotation(name)}» is not a key of {_name}. {advice}");
            }
        }

        private static bool IsNull(YamlNode node) =>
            node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "null" or "~" };

        private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

        private static string Invariant(double number) => number.ToString(CultureInfo.InvariantCulture);

        private static int Distance(string left, string right)
        {
            var previous = Enumerable.Range(0, right.Length + 1).ToArray();
            for (var i = 1; i <= left.Length; i++)
            {
                var current = new int[right.Length + 1];
                current[0] = i;
                for (var j = 1; j <= right.Length; j++)
                {
                    var cost = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1;
                    current[j] = Math.Min(Math.Min(current[j - 1] + 1, previous[j] + 1), previous[j - 1] + cost);
                }

                previous = current;
            }

            return previous[^1];
        }

        [GeneratedRegex("^(?<amount>[0-9]{1,6})(?<unit>s|m|h|d)$", RegexOptions.NonBacktracking)]
        private static partial Regex DurationPattern();

        [GeneratedRegex("^[A-Za-z0-9/._~%!$&'()*+,;=:@-]{1,500}$", RegexOptions.NonBacktracking)]
        private static partial Regex UrlPathPattern();

        [GeneratedRegex("^(?<amount>[0-9]{1,15})(?<unit>|B|KiB|MiB|GiB)$", RegexOptions.NonBacktracking)]
        private static partial Regex SizePattern();

        private YamlNode? Find(string key)
        {
            _known.Add(key);
            return _entries.TryGetValue(key, out var entry) && !IsNull(entry.Value) ? entry.Value : null;
        }

        private YamlScalarNode? Scalar(string key)
        {
            switch (Find(key))
            {
                case null:
                    return null;
                case YamlScalarNode scalar:
                    return scalar;
                case var other:
                    Report(other, $"«{key}» has to be a single value.");
                    return null;
            }
        }

        private IEnumerable<YamlScalarNode> Scalars(string key)
        {
            switch (Find(key))
            {
                case null:
                    return [];
                case YamlSequenceNode sequence when sequence.Children.All(child => child is YamlScalarNode):
                    return sequence.Children.Cast<YamlScalarNode>();
                case var other:
                    Report(other, $"«{key}» has to be a list of texts, such as [\"a\", \"b\"].");
                    return [];
            }
        }

        private bool IsInside(YamlScalarNode scalar, string key)
        {
            var path = scalar.Value ?? string.Empty;
            var valid = path.Length > 0
                && path[0] is not ('/' or '-')
                && !path.Contains('\\', StringComparison.Ordinal)
                && !path.Any(char.IsControl)
                && !path.Split('/').Contains("..", StringComparer.Ordinal);
            if (!valid)
            {
                Report(scalar, $"«{key}» is «{Quotation(path)}»; it has to be a path inside the repository, relative to its root, such as src/tests.");
            }

            return valid;
        }

        private void Report(YamlNode node, string message) =>
            _problems.Add(new ConfigurationProblem((int)node.Start.Line, (int)node.Start.Column, message));
    }
}

using System.Globalization;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Tools.GitHub;
using YamlDotNet.Core;
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

    private const int MaximumPatternLength = 500;
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

        YamlDocument document;
        try
        {
            if (HasAlias(text, out var alias))
            {
                return Failed(new ConfigurationProblem((int)alias.Line, (int)alias.Column, "Aliases are not allowed here. Write the value out."));
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            if (stream.Documents.Count == 0)
            {
                return new ConfigurationReading(new PipelineConfiguration(), []);
            }

            document = stream.Documents[0];
        }
        catch (YamlException exception)
        {
            return Failed(new ConfigurationProblem((int)exception.Start.Line, (int)exception.Start.Column, $"This is not YAML: {exception.Message}"));
        }

        var problems = new List<ConfigurationProblem>();
        var configuration = ReadRoot(document.RootNode, problems);
        return problems.Count == 0
            ? new ConfigurationReading(configuration, [])
            : new ConfigurationReading(null, [.. problems.OrderBy(problem => problem.Line).ThenBy(problem => problem.Column)]);
    }

    private static ConfigurationReading Failed(ConfigurationProblem problem) => new(null, [problem]);

    // An alias can make a short file expand without bound, and the representation model expands while it loads.
    private static bool HasAlias(string text, out Mark position)
    {
        var parser = new Parser(new StringReader(text));
        while (parser.MoveNext())
        {
            if (parser.Current is YamlDotNet.Core.Events.AnchorAlias alias)
            {
                position = alias.Start;
                return true;
            }
        }

        position = Mark.Empty;
        return false;
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

    private static LimitsConfiguration ReadLimits(Section section)
    {
        var defaults = new LimitsConfiguration();
        return new LimitsConfiguration
        {
            Memory = section.Size("memory", defaults.Memory, 16L << 20, 16L << 30),
            Cpus = section.OptionalNumber("cpus", 0.1, 64, "a number of CPUs") ?? defaults.Cpus,
            Processes = (int)(section.OptionalNumber("processes", 8, 4096, "a number of processes") ?? defaults.Processes),
            FileSize = section.Size("fileSize", defaults.FileSize, 1, 2L << 30),
            TreeSize = section.Size("treeSize", defaults.TreeSize, 1, 8L << 30),
        };
    }

    private sealed partial class Section
    {
        private readonly string _name;
        private readonly List<ConfigurationProblem> _problems;
        private readonly Dictionary<string, (YamlNode Key, YamlNode Value)> _entries = new(StringComparer.Ordinal);
        private readonly List<string> _known = [];

        public Section(YamlNode node, string name, List<ConfigurationProblem> problems)
        {
            _name = name;
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

            Report(scalar, $"«{key}» is «{scalar.Value}»; it has to be {string.Join(" or ", allowed)}.");
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
                    Report(scalar, $"«{key}» is «{scalar.Value}»; it has to be true or false.");
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

            Report(scalar, $"«{key}» is «{scalar.Value}»; it has to be {what} from {Invariant(least)} to {Invariant(most)}.");
            return null;
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

            Report(scalar, $"«{key}» is «{scalar.Value}»; it has to be a time such as 90s, 10m, 1h or 7d, at most {Invariant(most.TotalHours)}h.");
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

            Report(scalar, $"«{key}» is «{scalar.Value}»; it has to be a size such as 512MiB or 2GiB, from {least} to {most} bytes.");
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
                // Without backtracking no pattern can be made to run for ever on a name that somebody chose.
                _ = new Regex(scalar.Value, RegexOptions.NonBacktracking, Regex.InfiniteMatchTimeout);
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

        public IReadOnlyList<string> RelativePaths(string key)
        {
            return [.. Scalars(key).Where(scalar => IsInside(scalar, key)).Select(scalar => scalar.Value!)];
        }

        public IReadOnlyList<string> Texts(string key, IReadOnlyList<string> defaultValue)
        {
            var values = Scalars(key).Select(scalar => scalar.Value ?? string.Empty).ToArray();
            return values.Length == 0 ? defaultValue : values;
        }

        public void RefuseOthers()
        {
            foreach (var (name, (key, _)) in _entries)
            {
                if (_known.Contains(name, StringComparer.Ordinal))
                {
                    continue;
                }

                var near = _known.FirstOrDefault(known => Distance(known, name) <= 2);
                var advice = near is null ? $"Known here: {string.Join(", ", _known)}." : $"Did you mean «{near}»?";
                Report(key, $"«{name}» is not a key of {_name}. {advice}");
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
                Report(scalar, $"«{key}» is «{path}»; it has to be a path inside the repository, relative to its root, such as src/tests.");
            }

            return valid;
        }

        private void Report(YamlNode node, string message) =>
            _problems.Add(new ConfigurationProblem((int)node.Start.Line, (int)node.Start.Column, message));
    }
}

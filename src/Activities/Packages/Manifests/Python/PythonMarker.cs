using AtomicDevOps.Activities.Packages.Manifests.Text;
using AtomicDevOps.Activities.Packages.Versions;

namespace AtomicDevOps.Activities.Packages.Manifests.Python;

/// <summary>
/// The condition under which a Python package is required: https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers.
/// </summary>
public sealed class PythonMarker
{
    private const int MostLevels = 64;
    private const int MostCharacters = 64 * 1024;
    private const string Example = "right would be such as python_version >= \"3.9\" and sys_platform == \"linux\"";

    private static readonly HashSet<string> Variables = new(StringComparer.Ordinal)
    {
        "os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release", "platform_system", "platform_version",
        "python_version", "python_full_version", "implementation_name", "implementation_version", "extra", "extras", "dependency_groups",
    };

    private static readonly Dictionary<string, string> OldNames = new(StringComparer.Ordinal)
    {
        ["os.name"] = "os_name",
        ["sys.platform"] = "sys_platform",
        ["platform.version"] = "platform_version",
        ["platform.machine"] = "platform_machine",
        ["platform.python_implementation"] = "platform_python_implementation",
        ["python_implementation"] = "platform_python_implementation",
    };

    private static readonly string[] Operators = ["===", "==", "!=", "~=", "<=", ">=", "<", ">"];

    /// <summary>What holds in all environments that count: Linux, of any kind and with any Python.</summary>
    private static readonly Dictionary<string, string> Linux = new(StringComparer.Ordinal) { ["os_name"] = "posix", ["sys_platform"] = "linux", ["platform_system"] = "Linux" };

    private static readonly Dictionary<string, string> LinuxWithoutExtras = new(Linux, StringComparer.Ordinal) { ["extra"] = string.Empty };

    private readonly string _text;
    private readonly Condition _condition;

    private PythonMarker(string text, Condition condition)
    {
        _text = text;
        _condition = condition;
    }

    /// <exception cref="FormatException">It is no marker; the message says why, and what would be right.</exception>
    public static PythonMarker Parse(string text)
    {
        if (text.Length > MostCharacters)
        {
            throw new FormatException($"A marker has {text.Length} characters; at most {MostCharacters} are read.");
        }

        var scanner = new PythonScanner(text);
        var condition = ReadAny(scanner, text, level: 1);
        scanner.SkipSpace();
        return scanner.Rest.IsEmpty ? new PythonMarker(text, condition) : throw Wrong(text, $"'{ManifestText.Shortened(scanner.Rest.ToString())}' has no place there");
    }

    /// <summary>Whether the condition holds where the variables have these values; null where it hangs on one that has none.</summary>
    /// <param name="environment">The values by the variables' names, such as <c>python_version</c>: <c>3.12</c>.</param>
    public bool? Evaluate(IReadOnlyDictionary<string, string> environment) => _condition.Evaluate(environment);

    /// <summary>
    /// Whether no environment that counts meets the condition: those are all on Linux, and anything else that a marker asks about may be the case. A text that is
    /// no marker is never that.
    /// </summary>
    /// <param name="hasExtras">Whether an extra that the marker names may be asked for.</param>
    public static bool IsNeverMet(string text, bool hasExtras)
    {
        try
        {
            return Parse(text).Evaluate(hasExtras ? Linux : LinuxWithoutExtras) is false;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>As written.</summary>
    public override string ToString() => _text;

    private static Condition ReadAny(PythonScanner scanner, string text, int level)
    {
        var conditions = new List<Condition> { ReadAll(scanner, text, level) };
        while (TakeWord(scanner, "or"))
        {
            conditions.Add(ReadAll(scanner, text, level));
        }

        return conditions is [var only] ? only : new Any(conditions);
    }

    private static Condition ReadAll(PythonScanner scanner, string text, int level)
    {
        var conditions = new List<Condition> { ReadOne(scanner, text, level) };
        while (TakeWord(scanner, "and"))
        {
            conditions.Add(ReadOne(scanner, text, level));
        }

        return conditions is [var only] ? only : new All(conditions);
    }

    private static Condition ReadOne(PythonScanner scanner, string text, int level)
    {
        if (level > MostLevels)
        {
            throw new FormatException($"A marker has more than {MostLevels} parentheses in one another.");
        }

        scanner.SkipSpace();
        if (scanner.Take("("))
        {
            var inner = ReadAny(scanner, text, level + 1);
            scanner.SkipSpace();
            return scanner.Take(")") ? inner : throw Wrong(text, "a parenthesis is not closed");
        }

        var left = ReadOperand(scanner, text);
        scanner.SkipSpace();
        var sign = Array.Find(Operators, scanner.Take);
        if (sign is null)
        {
            sign = TakeWord(scanner, "in") ? "in" : TakeWord(scanner, "not") && TakeWord(scanner, "in") ? "not in" : throw Wrong(text, "there is no comparison");
        }

        scanner.SkipSpace();
        var right = ReadOperand(scanner, text);
        return left.IsVariable || right.IsVariable ? new Comparison(left, sign, right) : throw Wrong(text, "a comparison is of two texts");
    }

    private static Operand ReadOperand(PythonScanner scanner, string text)
    {
        var quote = scanner.Take("\"") ? '"' : scanner.Take("'") ? '\'' : default;
        if (quote != default)
        {
            var length = scanner.Rest.IndexOf(quote);
            if (length < 0)
            {
                throw Wrong(text, "a quote is not closed");
            }

            var value = scanner.Rest[..length].ToString();
            scanner.At += length + 1;
            return new Operand(value, IsVariable: false);
        }

        var start = scanner.At;
        while (!scanner.Rest.IsEmpty && (char.IsAsciiLetter(scanner.Rest[0]) || scanner.Rest[0] is '_' or '.'))
        {
            scanner.At++;
        }

        var name = text[start..scanner.At];
        name = OldNames.GetValueOrDefault(name, name);
        return Variables.Contains(name) ? new Operand(name, IsVariable: true) : throw Wrong(text, $"'{ManifestText.Shortened(name)}' is no variable of the environment");
    }

    private static bool TakeWord(PythonScanner scanner, string word)
    {
        scanner.SkipSpace();
        var rest = scanner.Rest;
        return rest.StartsWith(word, StringComparison.Ordinal)
            && (rest.Length == word.Length || !(char.IsAsciiLetterOrDigit(rest[word.Length]) || rest[word.Length] is '_' or '.'))
            && scanner.Take(word);
    }

    private static FormatException Wrong(string text, string reason) => new($"'{ManifestText.Shortened(text)}' is no marker: {reason}; {Example}.");

    private readonly record struct Operand(string Text, bool IsVariable)
    {
        public string? Value(IReadOnlyDictionary<string, string> environment) => IsVariable ? environment.GetValueOrDefault(Text) : Text;
    }

    private abstract record Condition
    {
        public abstract bool? Evaluate(IReadOnlyDictionary<string, string> environment);
    }

    private sealed record Any(IReadOnlyList<Condition> Conditions) : Condition
    {
        public override bool? Evaluate(IReadOnlyDictionary<string, string> environment)
        {
            var each = Conditions.Select(condition => condition.Evaluate(environment)).ToArray();
            return each.Contains(true) ? true : each.Contains(null) ? null : false;
        }
    }

    private sealed record All(IReadOnlyList<Condition> Conditions) : Condition
    {
        public override bool? Evaluate(IReadOnlyDictionary<string, string> environment)
        {
            var each = Conditions.Select(condition => condition.Evaluate(environment)).ToArray();
            return each.Contains(false) ? false : each.Contains(null) ? null : true;
        }
    }

    private sealed record Comparison(Operand Left, string Sign, Operand Right) : Condition
    {
        public override bool? Evaluate(IReadOnlyDictionary<string, string> environment)
        {
            if (Left.Value(environment) is not { } left || Right.Value(environment) is not { } right)
            {
                return null;
            }

            if (Left is { IsVariable: true, Text: "extra" } || Right is { IsVariable: true, Text: "extra" })
            {
                (left, right) = (PythonName.Normalize(left), PythonName.Normalize(right));
            }

            if (Sign is "in" or "not in")
            {
                return right.Contains(left, StringComparison.Ordinal) == Sign is "in";
            }

            if (PythonVersionSpecifier.TryParse(Sign + right, out var specifier) && specifier.Clauses.Count == 1 && PythonVersion.TryParse(left, out var version))
            {
                return specifier.Admits(version, withPrereleases: true);
            }

            var order = string.CompareOrdinal(left, right);
            return Sign switch
            {
                "==" or "===" => order == 0,
                "!=" => order != 0,
                "<" => order < 0,
                "<=" => order <= 0,
                ">" => order > 0,
                ">=" => order >= 0,
                _ => null,
            };
        }
    }
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>Makes of a problem in the report what its author needs: where it is, of what kind, and what is likely to help.</summary>
internal static partial class FailureAnalysis
{
    private const int MaxMessageLength = 4_000;

    /// <param name="root">The directory that the tests ran in, so that its absolute paths become relative.</param>
    public static PyTestFailure Analyze(JUnitProblem problem, string root)
    {
        var kind = KindOf(problem);
        var (file, line) = Locate(problem, kind, root);
        return new PyTestFailure(TestId(problem, file), file, line, MessageOf(problem), kind, HintFor(kind, problem));
    }

    private static PyTestFailureKind KindOf(JUnitProblem problem)
    {
        var text = problem.Message + "\n" + problem.Text;
        if (TimeoutText().IsMatch(problem.Message))
        {
            return PyTestFailureKind.Timeout;
        }

        if (problem.IsError)
        {
            return SyntaxErrorText().IsMatch(text) ? PyTestFailureKind.SyntaxError
                : problem.Message.StartsWith("failed on ", StringComparison.Ordinal) || FixtureMissing().IsMatch(text) ? PyTestFailureKind.Fixture
                : ImportErrorText().IsMatch(text) ? PyTestFailureKind.ImportError
                : PyTestFailureKind.Exception;
        }

        return AssertionText().IsMatch(problem.Message) ? PyTestFailureKind.Assertion
            : ImportErrorText().IsMatch(problem.Message) ? PyTestFailureKind.ImportError
            : SyntaxErrorText().IsMatch(problem.Message) ? PyTestFailureKind.SyntaxError
            : PyTestFailureKind.Exception;
    }

    private static (string? File, int? Line) Locate(JUnitProblem problem, PyTestFailureKind kind, string root)
    {
        var pattern = kind == PyTestFailureKind.SyntaxError ? PythonLocation() : PyTestLocation();
        foreach (var match in pattern.Matches(problem.Text).Reverse())
        {
            if (Relative(match.Groups["file"].Value, root) is { } file
                && int.TryParse(match.Groups["line"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var line)
                && line > 0)
            {
                return (file, line);
            }
        }

        return problem.File is not null && Relative(problem.File, root) is { } own
            ? (own, problem.Line < int.MaxValue ? problem.Line + 1 : null)
            : (null, null);
    }

    private static string? Relative(string path, string root)
    {
        var prefix = root.TrimEnd('/') + "/";
        if (path.StartsWith(prefix, StringComparison.Ordinal))
        {
            path = path[prefix.Length..];
        }

        while (path.StartsWith("./", StringComparison.Ordinal))
        {
            path = path[2..];
        }

        var inside = path.Length > 0 && path[0] is not ('/' or '<') && !path.Split('/').Contains("..", StringComparer.Ordinal);
        return inside && !path.Contains("site-packages/", StringComparison.Ordinal) ? path : null;
    }

    private static string TestId(JUnitProblem problem, string? located)
    {
        if (problem.ClassName.Length == 0)
        {
            // A file that could not be collected: its dotted name stands where a test's would.
            return located ?? problem.Name;
        }

        var file = problem.File;
        if (file is null || !file.EndsWith(".py", StringComparison.Ordinal))
        {
            return $"{problem.ClassName}::{problem.Name}";
        }

        var module = file[..^".py".Length].Replace('/', '.');
        var classes = problem.ClassName.StartsWith(module + ".", StringComparison.Ordinal)
            ? problem.ClassName[(module.Length + 1)..].Replace(".", "::", StringComparison.Ordinal) + "::"
            : "";
        return $"{file}::{classes}{problem.Name}";
    }

    private static string MessageOf(JUnitProblem problem)
    {
        var message = problem.Message.Trim();
        if (message.Length == 0 || message is "collection failure")
        {
            var lines = problem.Text.Split('\n').Where(line => line.StartsWith("E ", StringComparison.Ordinal)).Select(line => line[1..].Trim()).ToList();
            message = lines.Count > 0 ? string.Join('\n', lines) : problem.Text.Trim();
        }

        return message.Length > MaxMessageLength ? message[..MaxMessageLength] + "…" : message;
    }

    private static string? HintFor(PyTestFailureKind kind, JUnitProblem problem)
    {
        var text = problem.Message + "\n" + problem.Text;
        return kind switch
        {
            PyTestFailureKind.ImportError when ModuleMissing().Match(text) is { Success: true } match =>
                $"Python cannot find the module '{match.Groups["module"].Value}'. If it is a dependency, install it in the image; if it is your own, check its name and that the tests run from the repository's root.",
            PyTestFailureKind.ImportError => "An import failed. Check that the name exists in the imported module and that there is no circular import.",
            PyTestFailureKind.SyntaxError => "The file is not valid Python for the version that runs the tests.",
            PyTestFailureKind.Fixture when FixtureMissing().Match(text) is { Success: true } match =>
                $"There is no fixture '{match.Groups["fixture"].Value}'. Check its spelling, its conftest.py, and that the plugin that brings it is installed.",
            PyTestFailureKind.Fixture => "The fixture failed, not the test: look at the fixture's own code.",
            PyTestFailureKind.Timeout => "The test took too long. Look for a wait that nothing ends, or for network access: there is no network.",
            PyTestFailureKind.Exception when NoNetwork().IsMatch(text) => "The tests run without a network. Replace the remote service by one of your own.",
            PyTestFailureKind.Exception when text.Contains("Read-only file system", StringComparison.Ordinal) =>
                "Only the workspace and /tmp are writable. Write to pytest's tmp_path.",
            PyTestFailureKind.Exception when text.Contains("Resource temporarily unavailable", StringComparison.Ordinal) =>
                "The limit on processes was reached.",
            _ => null,
        };
    }

    [GeneratedRegex(@"\bTimeout\s*[>(]|\bTimeoutExpired\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex TimeoutText();

    [GeneratedRegex(@"^(?:AssertionError\b|assert\b|Failed: )", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex AssertionText();

    [GeneratedRegex(@"\b(?:ImportError|ModuleNotFoundError)\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ImportErrorText();

    [GeneratedRegex(@"\b(?:SyntaxError|IndentationError|TabError)\b", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SyntaxErrorText();

    [GeneratedRegex(@"fixture '(?<fixture>[^'\n]{1,200})' not found", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex FixtureMissing();

    [GeneratedRegex(@"No module named '(?<module>[^'\n]{1,200})'", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ModuleMissing();

    [GeneratedRegex(@"Name or service not known|Temporary failure in name resolution|Network is unreachable", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NoNetwork();

    [GeneratedRegex(@"^(?<file>[^\s:][^:\n]{0,500}):(?<line>\d{1,9}): ?", RegexOptions.Multiline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PyTestLocation();

    [GeneratedRegex(@"File ""(?<file>[^""\n]{1,500})"", line (?<line>\d{1,9})", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PythonLocation();
}

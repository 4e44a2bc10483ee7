using AtomicDevOps.Activities.Tools.PyTest;

namespace AtomicDevOps.Activities.Experts.PyTest;

/// <summary>What to run for a request, and where its reports will lie.</summary>
/// <param name="Command">The program and its first arguments; null means pytest itself, which each runner finds in its own way.</param>
/// <param name="Arguments">What follows.</param>
/// <param name="JUnitPath">Relative to the tree's root.</param>
/// <param name="CoveragePath">Relative to the tree's root; null where coverage is not measured.</param>
internal sealed record PyTestCommandLine(
    IReadOnlyList<string>? Command,
    IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Environment,
    string JUnitPath,
    string? CoveragePath)
{
    /// <param name="mark">Makes the paths of the reports ones that no file of the tree can have.</param>
    public static PyTestCommandLine ForRun(PyTestRequest request, string mark)
    {
        var directory = $".atomicdevops-{mark}";
        var junit = $"{directory}/junit.xml";
        var coverage = request.Strategy == PyTestStrategy.Coverage || request.CoverageThreshold is not null ? $"{directory}/coverage.xml" : null;

        // The family xunit1 is the one that tells files and lines.
        List<string> options = ["-p", "no:cacheprovider", "--color=no", $"--junitxml={junit}", "-o", "junit_family=xunit1"];
        if (request.Strategy == PyTestStrategy.Fast)
        {
            options.AddRange(["-x", "-q"]);
        }

        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PYTHONDONTWRITEBYTECODE"] = "1" };
        if (coverage is not null)
        {
            options.AddRange(["--cov=.", $"--cov-report=xml:{coverage}"]);
            environment["COVERAGE_FILE"] = $"{directory}/.coverage";
        }

        if (request.Command is { Count: > 0 } command)
        {
            environment["PYTEST_ADDOPTS"] = string.Join(' ', options);
            return new PyTestCommandLine(command, [.. request.ExtraArguments, .. request.Paths], environment, junit, coverage);
        }

        return new PyTestCommandLine(null, [.. options, .. request.ExtraArguments, .. request.Paths], environment, junit, coverage);
    }

    public static PyTestCommandLine ForCollection(PyTestRequest request, string mark)
    {
        var junit = $".atomicdevops-{mark}/junit.xml";
        List<string> options = ["-p", "no:cacheprovider", "--color=no", "--collect-only", "-q", $"--junitxml={junit}", "-o", "junit_family=xunit1"];
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PYTHONDONTWRITEBYTECODE"] = "1" };
        return new PyTestCommandLine(null, [.. options, .. request.ExtraArguments, .. request.Paths], environment, junit, CoveragePath: null);
    }

    /// <summary>What is wrong with the request's own parts, for their author to read; null where nothing is.</summary>
    public static string? FindProblem(PyTestRequest request)
    {
        var path = request.Paths.FirstOrDefault(path =>
            path.Length is 0 or > 1_000
            || path[0] is '-' or '/' or '@'
            || path.Any(char.IsControl)
            || path.Split("::", 2)[0].Split('/').Contains("..", StringComparer.Ordinal));
        if (path is not null)
        {
            return $"The test path '{new string([.. path.Take(100).Where(character => !char.IsControl(character))])}' is not valid. Use a file or directory of the repository, relative to its root, for example tests/unit.";
        }

        if (request.CoverageThreshold is { } threshold && threshold is not (>= 0 and <= 1))
        {
            return "The coverage threshold must be from 0 to 1 (0 to 100 percent).";
        }

        return (request.Command ?? []).Concat(request.ExtraArguments).Any(argument => argument.Contains('\0', StringComparison.Ordinal))
            ? "The test command holds a NUL character."
            : null;
    }
}

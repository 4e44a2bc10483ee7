using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>What a patch must leave alone because it would otherwise pass by changing its own judges.</summary>
internal static class ProtectedPaths
{
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private static readonly Regex Test = new(
        @"(?:^|/)(?:tests?|__tests__|specs?|testing|testdata|e2e|[^/]*[.\-_]tests?)/|(?:^|/)(?:test[_\-][^/]*|[^/]*[_\-]tests?\.[a-z]+|[^/]*[_\-.](?:spec|test)s?\.[^/]+|conftest\.py|tests?\.[a-z]+)$|(?:^|/)(?-i:[^/]*[a-z0-9](?:Test|Tests|IT|Spec)\.[a-z]+)$",
        Linear | RegexOptions.IgnoreCase,
        Limit);

    private static readonly Regex Configuration = new(
        @"(?:^|/)(?:\.git[a-z]*|\.github|\.gitlab|\.circleci|\.ci|\.buildkite|\.husky|\.semgrep|\.atomicdevops|\.snyk|\.codeql|\.config|\.vscode)(?:/|$)"
        + @"|(?:^|/)(?:\.[^/]*ignore|\.[^/]*rc(?:\.[a-z]+)?|\.(?:atomicdevops|gitlab-ci|travis|pre-commit-config|codecov|bandit|flake8|pylintrc|coveragerc|editorconfig|globalconfig|hadolint|checkov|trivy|gitleaks|semgrep|golangci|rubocop|yamllint|ast-grep)[^/]*|\.secrets\.baseline)$"
        + @"|(?:^|/)(?:jenkinsfile[^/]*|azure-pipelines[^/]*|bitbucket-pipelines\.ya?ml|codecov\.ya?ml|appveyor\.ya?ml|cloudbuild\.ya?ml|buildspec\.ya?ml|pytest\.ini|tox\.ini|noxfile\.py|setup\.cfg|mypy\.ini|ruff\.toml|bandit\.ya?ml|trivy\.ya?ml|sgconfig\.ya?ml|gitleaks\.toml|sonar-project\.properties|codeowners|makefile|pyproject\.toml|package\.json|[^/]*\.lock|directory\.build\.[^/]+|[^/]*\.ruleset|[^/]*\.suppressions?|suppressions?\.[^/]+|globalsuppressions\.cs|(?:eslint|jest|vitest|karma|playwright|cypress|babel|stylelint|prettier)\.config\.[^/]+)$",
        Linear | RegexOptions.IgnoreCase,
        Limit);

    private static readonly Regex Suppression = new(
        @"\b(?:nosec|noqa|nosemgrep|nosonar|nolint|noinspection|suppresswarnings|suppressmessage|skipcq|deepcode\s+ignore)\b|(?:eslint|tslint|jshint|stylelint|secretlint|markdownlint|pylint|rubocop|bandit|semgrep|gitleaks|trivy|tfsec|checkov|hadolint|snyk|ast-grep|codeql|lgtm|istanbul|c8|coverage|phpcs|pragma)\s*[-:\[\s]\s*(?:disable|ignore|skip|allow|allowlist|whitelist|off|no\s+cover|warning\s+disable|suppress)|@?ts-(?:ignore|nocheck|expect-error)|type:\s*ignore|(?:lgtm|codeql)\s*\[|pytest\.mark\.(?:skip|xfail)|unittest\.skip",
        Linear | RegexOptions.IgnoreCase,
        Limit);

    private static readonly Regex TestDeclaration = new(
        @"^\s*(?:async\s+)?def\s+test_|^\s*class\s+Test[A-Z]|^\s*@(?:Test|ParameterizedTest|pytest\.)|^\s*\[(?:Fact|Theory|Test|TestCase|TestMethod|InlineData)\b|^\s*#\[(?:tokio::)?test\]|^\s*#\[cfg\(test\)\]|^\s*func\s+Test[A-Z]|^\s*(?:it|test|describe)\s*\(\s*[""'`]|^\s*self\.assert[A-Z]",
        Linear,
        Limit);

    public static bool IsTest(string path) => Test.IsMatch(path);

    /// <summary>CI, scanners, linters, test runners and their lists of exceptions, and manifests, which also configure these.</summary>
    public static bool IsCheckConfiguration(string path) => Configuration.IsMatch(path);

    /// <summary>Whether a line tells a checker to look away.</summary>
    public static bool Suppresses(string line) => Suppression.IsMatch(line);

    /// <summary>Whether a line declares a test, or says what one demands: tests also stand in files of the code that they test.</summary>
    public static bool DeclaresTest(string line) => TestDeclaration.IsMatch(line);
}

using System.Diagnostics;

namespace AtomicDevOps.Activities.Tests.Support;

/// <summary>A test that needs a program is skipped where the program is missing, but fails there in CI.</summary>
internal static class Guard
{
    private static readonly Lazy<bool> HasPyTest = new(() => Runs("/usr/bin/python3", "-c", "import pytest, pytest_cov"));

    private static readonly Lazy<bool> HasPackaging = new(() => Runs("/usr/bin/python3", "-c", "import packaging"));

    private static readonly Lazy<bool> HasBandit = new(() => Runs("bandit", "--version"));

    private static readonly Lazy<bool> HasNode = new(() => Runs("node", "--version"));

    public static void NeedsLinux() => Needs(OperatingSystem.IsLinux(), "Linux");

    public static void NeedsPyTest() => Needs(HasPyTest.Value, "/usr/bin/python3 with pytest and pytest-cov");

    public static void NeedsOsvCorpus() =>
        Needs(Directory.Exists(Environment.GetEnvironmentVariable("ATOMIC_OSV_DIR")) && HasPackaging.Value, "a directory of OSV records for PyPI in ATOMIC_OSV_DIR, and /usr/bin/python3 with packaging");

    public static void NeedsAzurite(string program) => Needs(File.Exists(program) && HasNode.Value, "node, and Azurite: run `npm ci` in tests/Activities.Tests/azurite");

    public static void NeedsSarifSchema(string schema) => Needs(File.Exists(schema) && HasNode.Value, "node, and SARIF's schema: run `npm ci` in tests/Activities.Tests/sarif-schema");

    public static void NeedsCycloneDxSchema(string schema) => Needs(File.Exists(schema) && HasNode.Value, "node, and CycloneDX's schema: run `npm ci` in tests/Activities.Tests/cyclonedx-schema");

    public static void NeedsBandit() => Needs(HasBandit.Value, "bandit: on Debian the package of that name");

    /// <returns>The program.</returns>
    public static string NeedsTrivy() => NeedsNamed("ATOMIC_TRIVY");

    /// <returns>The program.</returns>
    public static string NeedsAstGrep() => NeedsNamed("ATOMIC_AST_GREP");

    public static void NeedsProgram(string path) => Needs(File.Exists(path), path);

    private static string NeedsNamed(string variable)
    {
        var program = Environment.GetEnvironmentVariable(variable);
        Needs(File.Exists(program), $"a program in {variable}: eng/setup/test-tools.sh brings it");
        return program!;
    }

    private static bool Runs(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static void Needs(bool available, string what)
    {
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.True(available, $"CI needs {what}.");
        }

        Assert.SkipUnless(available, $"{what} is not here.");
    }
}

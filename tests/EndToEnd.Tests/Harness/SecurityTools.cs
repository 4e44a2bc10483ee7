namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>The scanners and the advisories that tests use; they are named by the environment.</summary>
public static class SecurityTools
{
    private static readonly (string Variable, string Setting)[] Named =
        [("ATOMIC_TRIVY", "Trivy__Program"), ("ATOMIC_AST_GREP", "AstGrep__Program"), ("ATOMIC_OSV_DIR", "Osv__Directory")];

    /// <summary>What the platform needs to be told. Skips the test where a tool is missing, but fails it there in CI.</summary>
    public static IReadOnlyList<(string Name, string Value)> Settings()
    {
        var settings = new List<(string, string)>
        {
            ("Agents__SecurityOrchestrator__Enabled", "true"),
            ("Bandit__Program", "bandit"),

            // The hourly round would sweep what a test has made, if the hour comes while it runs.
            ("AzureWebJobs__WatchFindings__Disabled", "true"),
        };
        foreach (var (variable, setting) in Named)
        {
            var path = Environment.GetEnvironmentVariable(variable);
            if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
            {
                path.ShouldNotBeNullOrEmpty($"CI needs {variable}; eng/setup/test-tools.sh tells it.");
            }

            Assert.SkipWhen(string.IsNullOrEmpty(path), $"{variable} is not set; eng/setup/test-tools.sh tells it.");
            settings.Add((setting, path!));
        }

        return settings;
    }
}

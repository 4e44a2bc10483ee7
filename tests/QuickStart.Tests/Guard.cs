using AtomicDevOps.Activities.Platform;

namespace AtomicDevOps.QuickStart.Tests;

/// <summary>A test that needs a tool is skipped where the tool is missing, but fails there in CI.</summary>
internal static class Guard
{
    public static async Task NeedsEngineAsync(string directory)
    {
        var missing = "";
        try
        {
            await using var machinery = await TestMachinery.FindAsync(directory, TestContext.Current.CancellationToken);
            missing = machinery.Runner == PipelineRunner.Container ? "" : machinery.Description;
        }
        catch (QuickStartException exception)
        {
            missing = exception.Message;
        }

        Needs(missing.Length == 0, $"a container engine with the Python base image; eng/setup/test-tools.sh sees to it. {missing}");
    }

    public static async Task NeedsPyTestAsync()
    {
        await using var python = SampleProcess.Start("/bin/sh", ["-c", "/usr/bin/python3 -c 'import pytest, pytest_cov'"]);
        Needs(await python.WaitForExitAsync() == 0, "/usr/bin/python3 with pytest and pytest-cov");
    }

    private static void Needs(bool available, string what)
    {
        if (string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase))
        {
            Assert.True(available, $"CI needs {what}");
        }

        Assert.SkipUnless(available, $"Needs {what}");
    }
}

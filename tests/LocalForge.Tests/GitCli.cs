using System.Diagnostics;

namespace AtomicDevOps.LocalForge.Tests;

/// <summary>The git that people have, run in a work tree.</summary>
internal static class GitCli
{
    public static async Task<string> RunAsync(string directory, params string[] arguments)
    {
        var (exitCode, output, error) = await TryRunAsync(directory, arguments);
        exitCode.ShouldBe(0, $"git {string.Join(' ', arguments)}: {error}");
        return output.TrimEnd('\n');
    }

    public static async Task<(int ExitCode, string Output, string Error)> TryRunAsync(string directory, params string[] arguments)
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        foreach (var role in new[] { "AUTHOR", "COMMITTER" })
        {
            start.Environment[$"GIT_{role}_NAME"] = "Mona";
            start.Environment[$"GIT_{role}_EMAIL"] = "mona@example.com";
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}

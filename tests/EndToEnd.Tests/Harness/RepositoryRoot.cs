using System.Diagnostics;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

internal static class RepositoryRoot
{
    public static string Path { get; } = Find();

    /// <summary>The files that git knows of, as they are on disk.</summary>
    public static async Task<IReadOnlyList<(string Path, string? Content)>> TrackedFilesAsync()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-C", Path, "ls-files", "-z"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var paths = await git.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await git.WaitForExitAsync(TestContext.Current.CancellationToken);
        git.ExitCode.ShouldBe(0);
        return
        [
            .. paths.Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Where(path => File.Exists(System.IO.Path.Combine(Path, path)))
                .Select(path => (path, (string?)File.ReadAllText(System.IO.Path.Combine(Path, path)))),
        ];
    }

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(System.IO.Path.Combine(directory!.FullName, "AtomicDevOps.slnx")))
        {
            directory = directory.Parent;
        }

        return directory.FullName;
    }
}

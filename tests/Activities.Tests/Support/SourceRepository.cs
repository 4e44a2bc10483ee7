using System.Diagnostics;
using System.Globalization;

namespace AtomicDevOps.Activities.Tests.Support;

/// <summary>A real repository with a work tree, to be a remote.</summary>
internal sealed class SourceRepository
{
    private int _clock;

    public SourceRepository(TemporaryDirectory directory, string name = "source")
    {
        Path = directory.Combine(name);
        Directory.CreateDirectory(Path);
        Git("init", "--quiet", "--initial-branch=main");
        Git("config", "uploadpack.allowFilter", "true");
        Git("config", "user.name", "Ada");
        Git("config", "user.email", "ada@example.org");
    }

    public string Path { get; }

    public string Url => "file://" + Path;

    public string Write(string file, string content)
    {
        var path = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public string Commit(string message, params (string File, string Content)[] files)
    {
        foreach (var (file, content) in files)
        {
            Write(file, content);
        }

        Git("add", "--all");
        Git("commit", "--quiet", "--allow-empty", "-m", message);
        return Head();
    }

    public string Head() => Git("rev-parse", "HEAD").Trim();

    public string Git(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { WorkingDirectory = Path, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        var time = string.Create(CultureInfo.InvariantCulture, $"{1_700_000_000 + 60 * _clock++} +0000");
        start.Environment["GIT_AUTHOR_DATE"] = time;
        start.Environment["GIT_COMMITTER_DATE"] = time;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, error.Result);
        return output;
    }
}

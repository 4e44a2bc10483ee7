using System.Diagnostics;
using System.Text;

namespace AtomicDevOps.LocalForge.Git;

/// <summary>Runs the git CLI on one bare repository, deaf to the user's and the machine's own configuration.</summary>
internal static class GitCommand
{
    /// <summary>Runs git and gives what it wrote, whatever its exit code.</summary>
    public static async Task<GitResult> TryRunAsync(
        string directory,
        IReadOnlyList<string> arguments,
        CancellationToken cancellationToken,
        ReadOnlyMemory<byte> input = default,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        using var output = new MemoryStream();
        using var source = new MemoryStream(input.ToArray(), writable: false);
        var (exitCode, error) = await StreamAsync(directory, arguments, source, output, environment, cancellationToken);
        return new GitResult(exitCode, output.ToArray(), error);
    }

    /// <summary>Runs git and gives its standard output.</summary>
    /// <exception cref="GitException">git ended with another exit code than 0.</exception>
    public static async Task<GitResult> RunAsync(
        string directory,
        IReadOnlyList<string> arguments,
        CancellationToken cancellationToken,
        ReadOnlyMemory<byte> input = default,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        var result = await TryRunAsync(directory, arguments, cancellationToken, input, environment);
        return result.ExitCode == 0 ? result : throw new GitException(arguments, result.ExitCode, result.Error);
    }

    /// <summary>Runs git between two streams; gives the exit code and what it wrote to standard error.</summary>
    public static async Task<(int ExitCode, string Error)> StreamAsync(
        string directory,
        IReadOnlyList<string> arguments,
        Stream input,
        Stream output,
        IReadOnlyDictionary<string, string>? environment,
        CancellationToken cancellationToken)
    {
        using var process = Start(directory, arguments, environment);
        try
        {
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            var feeding = FeedAsync(process, input, cancellationToken);
            await process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            await feeding;
            return (process.ExitCode, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static Process Start(string directory, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = OperatingSystem.IsWindows() ? "NUL" : "/dev/null";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException("git could not be started; install git and put it on the PATH.");
    }

    private static async Task FeedAsync(Process process, Stream input, CancellationToken cancellationToken)
    {
        try
        {
            await input.CopyToAsync(process.StandardInput.BaseStream, cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // git may end before it has read everything; its exit code says whether that was right.
        }
    }
}

internal sealed record GitResult(int ExitCode, byte[] Output, string Error)
{
    public string Text => Encoding.UTF8.GetString(Output);

    /// <summary>The output without its last line end.</summary>
    public string Line => Text.TrimEnd('\n');

    public IEnumerable<string> Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>git refused what the forge asked of it.</summary>
internal sealed class GitException(IReadOnlyList<string> arguments, int exitCode, string error)
    : Exception($"git {string.Join(' ', arguments)} ended with {exitCode}: {error.Trim()}");

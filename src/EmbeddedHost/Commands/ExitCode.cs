namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>What a command tells the shell.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>It could not be done; the message says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>There is no such instance.</summary>
    public const int NotFound = 3;
}

/// <summary>Ends a command with a message and an exit code.</summary>
internal sealed class CommandException(string message, int exitCode = ExitCode.Failure) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

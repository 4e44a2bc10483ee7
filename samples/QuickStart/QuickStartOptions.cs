namespace AtomicDevOps.QuickStart;

/// <param name="Directory">Where every run's own directory is made; relative to the current directory.</param>
/// <param name="Keep">Leaves all running after the verdict.</param>
/// <param name="Failing">Opens the pull request whose tests fail.</param>
internal sealed record QuickStartOptions(string Directory, bool Keep, bool Failing);

/// <summary>What the process ends with; 0 only for a merged pull request. The others follow <c>sysexits.h</c> and the shell.</summary>
internal static class ExitCodes
{
    public const int Merged = 0;
    public const int NotMerged = 1;

    /// <summary>Something that the sample needs is not there.</summary>
    public const int Unavailable = 69;

    /// <summary>The platform or the forge did not do what it has to.</summary>
    public const int Broken = 70;

    public const int Interrupted = 130;
}

/// <summary>The run cannot go on; the message says what to do about it.</summary>
internal sealed class QuickStartException(string message, int exitCode) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}

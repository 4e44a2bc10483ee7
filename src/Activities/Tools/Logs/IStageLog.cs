namespace AtomicDevOps.Activities.Tools.Logs;

/// <summary>
/// The output of a stage as it comes, for people to follow. It is bounded: past the limit the middle is dropped and said to be.
/// It is no part of a result, and losing it loses no decision. Known secrets are redacted before they are written.
/// </summary>
public interface IStageLog
{
    ValueTask AppendAsync(string runId, string stage, string text, CancellationToken cancellationToken);

    /// <summary>The text from <paramref name="offset"/> (bytes) on; empty where there is none yet.</summary>
    Task<string> ReadAsync(string runId, string stage, long offset, CancellationToken cancellationToken);

    Task DeleteAsync(string runId, CancellationToken cancellationToken);

    /// <summary>Finds out whether logs can be reached.</summary>
    /// <exception cref="ToolException">They cannot; the message names the setting.</exception>
    Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>What stands for the middle that was dropped.</summary>
    internal static ReadOnlySpan<byte> LeftOut => "[… output left out here …]\n"u8;
}

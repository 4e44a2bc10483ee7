using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Sarif;

namespace AtomicDevOps.Activities.Tools.CodeScanning;

/// <summary>Reads the SARIF log of a scan that the platform itself has run.</summary>
internal static class SarifLog
{
    /// <param name="directory">The tree that was scanned.</param>
    /// <returns>One report of all runs; a log that cannot be read has not checked.</returns>
    public static async Task<ScanReport> ReadAsync(string file, string tool, string directory, CancellationToken cancellationToken)
    {
        await using var log = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            // Only the platform's own suppressions count, so what comments and ignore files of the repository suppress is found all the same.
            var options = new SarifReaderOptions { Tool = tool, Roots = [directory], CountsSuppressed = true };
            return ScanReports.Join(tool, [.. SarifReader.Read(log, options).Select(static run => (string.Empty, run))]);
        }
        catch (FormatException exception)
        {
            return new ScanReport(tool, ScanOutcome.NotChecked) { Reason = exception.Message };
        }
    }
}

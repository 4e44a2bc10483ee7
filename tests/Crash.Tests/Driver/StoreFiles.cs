using Microsoft.Data.Sqlite;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>The engine's files in a data directory, read past the engine.</summary>
internal sealed class StoreFiles(string directory)
{
    private const int SectorLength = 512;

    public string Database => Path.Combine(directory, "durable.db");

    public string Log => $"{Database}-wal";

    /// <summary>UTC; the year 1601 where there is no log.</summary>
    public DateTime LogWrittenAt => File.GetLastWriteTimeUtc(Log);

    public WriteAheadLog ReadLog() => File.Exists(Log) ? WriteAheadLog.Parse(File.ReadAllBytes(Log)) : WriteAheadLog.Empty;

    /// <summary>What a backup of the files would hold: the database and its log byte for byte, without the shared memory between processes.</summary>
    public void CopyTo(StoreFiles target)
    {
        target.Create();
        foreach (var (from, to) in new[] { (Database, target.Database), (Log, target.Log) })
        {
            if (File.Exists(from))
            {
                File.Copy(from, to);
            }
        }
    }

    /// <summary>Checks a copy, so that the recovery of the log that comes with opening it is left to the worker.</summary>
    public void CheckIntegrity(string scratchDirectory)
    {
        var copy = new StoreFiles(scratchDirectory);
        CopyTo(copy);
        try
        {
            copy.CheckIntegrity();
        }
        finally
        {
            Directory.Delete(scratchDirectory, recursive: true);
        }
    }

    /// <summary>
    /// Does to a copy what a power cut can do. The log up to the last commit but one is synchronized, for the writer waits for each commit's
    /// before it begins the next: what follows may be lost, in part and in any order. A page that this log holds may be torn in the database,
    /// where a checkpoint was about to put it.
    /// </summary>
    /// <returns>Whether a whole commit was there to be lost.</returns>
    /// <param name="known">The log at a time up to which nothing that was acknowledged may be lost.</param>
    public bool CutPower(WriteAheadLog known, Random random)
    {
        var log = ReadLog();
        if (log.Commits.Count == 0)
        {
            return false;
        }

        var hasCommitted = log.Salts != known.Salts || log.Commits.Count > known.Commits.Count;
        var safe = !hasCommitted ? log.Commits[^1] : log.Commits.Count > 1 ? log.Commits[^2] : WriteAheadLog.HeaderLength;
        LoseEnd(safe, random);
        TearPages(log, safe, random);
        return hasCommitted;
    }

    private void LoseEnd(int safe, Random random)
    {
        using var file = File.Open(Log, FileMode.Open, FileAccess.ReadWrite);
        var length = (int)file.Length - safe;
        if (length <= 0)
        {
            return;
        }

        var from = safe + random.Next(length);
        switch (random.Next(3))
        {
            case 0:
                file.SetLength(from);
                break;
            case 1:
                Zero(file, from, (int)file.Length - from);
                break;
            default:
                Zero(file, from, Math.Min(SectorLength, (int)file.Length - from));
                break;
        }
    }

    private void TearPages(WriteAheadLog log, int safe, Random random)
    {
        using var file = File.Open(Database, FileMode.Open, FileAccess.ReadWrite);
        foreach (var (page, _) in log.Pages.Where(page => page.End <= safe && random.Next(4) == 0))
        {
            // The first sector of the first page says what file it is: a sector is written whole or not at all.
            var offset = ((page - 1L) * log.PageSize) + (SectorLength * random.Next(1, log.PageSize / SectorLength));
            if (offset + SectorLength <= file.Length)
            {
                Zero(file, offset, SectorLength);
            }
        }
    }

    private static void Zero(FileStream file, long offset, int length)
    {
        file.Position = offset;
        file.Write(new byte[length]);
    }

    private void Create() => Directory.CreateDirectory(directory);

    private void CheckIntegrity()
    {
        if (!File.Exists(Database))
        {
            return;
        }

        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Database, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        command.ExecuteScalar().ShouldBe("ok", Database);
    }
}

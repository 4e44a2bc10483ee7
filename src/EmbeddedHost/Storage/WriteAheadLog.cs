using System.Globalization;
using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The file beside the database that commits go to.</summary>
internal static class WriteAheadLog
{
    /// <summary>What SQLite lets it grow to before it begins again at the front: 1,000 pages of 4,096 bytes, each with a header.</summary>
    internal const int Bytes = 1_000 * (4_096 + 24);

    /// <summary>
    /// Gives it its full length. While a file grows, an fsync writes its length and its blocks too, which takes a commit about twice as long.
    /// </summary>
    public static void Reserve(Database database)
    {
        if (new FileInfo(database.Path + "-wal") is { Exists: true, Length: >= Bytes })
        {
            return;
        }

        try
        {
            // A change larger than the cache goes to the log before its end. Taken back, it leaves the log its length, and nothing else.
            database.Execute("PRAGMA cache_size = 10; BEGIN IMMEDIATE; CREATE TABLE reserve (data BLOB)");
            database.Execute(string.Create(CultureInfo.InvariantCulture, $"INSERT INTO reserve VALUES (zeroblob({Bytes}))"));
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is SQLitePCL.raw.SQLITE_FULL or SQLitePCL.raw.SQLITE_IOERR)
        {
            // Commits tell of a full disk, with what helps; what is left of it may do for them.
        }
        finally
        {
            // On a full disk SQLite may have taken it back by itself.
            database.Execute(database.IsInTransaction ? "ROLLBACK; PRAGMA cache_size = -2000" : "PRAGMA cache_size = -2000");
        }
    }
}

using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage.Maintenance;

/// <summary>Sizes in bytes, with the write-ahead log.</summary>
internal sealed record CompactionResult(long Before, long After);

/// <summary>Gives the space of purged instances back to the file system.</summary>
internal static class DatabaseCompaction
{
    /// <param name="dataDirectory">A directory with a database that no process uses.</param>
    /// <exception cref="DataDirectoryException">A process uses the directory, or it cannot be written.</exception>
    public static CompactionResult Run(string dataDirectory)
    {
        using var directory = DataDirectory.Acquire(dataDirectory);
        using var database = DatabaseFile.OpenForWriting(directory.DatabasePath);
        var before = Size(directory.DatabasePath);
        try
        {
            database.Execute("VACUUM");
            database.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (Exception exception) when (exception is SqliteException or DurableStoreException)
        {
            throw new DataDirectoryException(
                $"'{directory.DatabasePath}' could not be compacted ({exception.Message}) and is as it was. It needs free space of up to twice its size.",
                exception);
        }

        return new CompactionResult(before, Size(directory.DatabasePath));
    }

    private static long Size(string path) =>
        new[] { path, path + "-wal" }.Select(file => new FileInfo(file)).Where(file => file.Exists).Sum(file => file.Length);
}

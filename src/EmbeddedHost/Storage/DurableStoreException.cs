using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The database cannot be used now: its disk is full, it cannot be written, or it is damaged. Nothing of the call was stored.</summary>
public sealed class DurableStoreException : IOException
{
    private DurableStoreException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <returns>Null if the fault is in the change and not in the file.</returns>
    internal static DurableStoreException? From(SqliteException exception, string path) => CureOf(exception.SqliteErrorCode) is { } cure
        ? new DurableStoreException($"The durable store '{path}' cannot be {(IsDamage(exception) ? "used" : "written")}: {exception.Message.TrimEnd('.')}. {cure}", exception)
        : null;

    private static bool IsDamage(SqliteException exception) => exception.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    private static string? CureOf(int code) => code switch
    {
        raw.SQLITE_FULL => "Free space on its volume: what waits then goes on by itself.",
        raw.SQLITE_IOERR or raw.SQLITE_NOMEM or raw.SQLITE_BUSY or raw.SQLITE_LOCKED
            => "Check its volume and the free memory: what waits goes on by itself once it can be written.",
        raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_PERM or raw.SQLITE_AUTH
            => "Give this process write access to the file and its directory: what waits then goes on by itself.",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB
            => "The file is damaged: stop the host, see with 'instances check' how far, and put the last file of 'instances backup' in its place.",
        _ => null,
    };
}

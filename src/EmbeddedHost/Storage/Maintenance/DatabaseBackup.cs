using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage.Maintenance;

/// <summary>Copies the database as it is at one moment, while the host goes on.</summary>
internal static class DatabaseBackup
{
    /// <param name="source">The database.</param>
    /// <param name="destination">A file that must not exist yet. It appears whole and checked, or not at all; only its owner can read it.</param>
    /// <returns>The copy's size in bytes.</returns>
    /// <exception cref="DataDirectoryException">The source cannot be read, the destination exists or cannot be written, or the copy is damaged.</exception>
    public static long Write(string source, string destination)
    {
        destination = Path.GetFullPath(destination);
        RefuseToOverwrite(destination);
        using var database = DatabaseFile.OpenForReading(source);
        var temporary = $"{destination}.{Guid.NewGuid():N}.tmp";
        try
        {
            CreateForOwner(temporary);
            Copy(database, temporary);
            Check(temporary);
            using (var file = new FileStream(temporary, FileMode.Open, FileAccess.ReadWrite))
            {
                file.Flush(flushToDisk: true);
            }

            Publish(temporary, destination);
            return new FileInfo(destination).Length;
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or (IOException and not DataDirectoryException))
        {
            throw new DataDirectoryException(
                $"The backup '{destination}' cannot be written ({exception.Message}). Name a file in a directory that exists and is writable.", exception);
        }
        finally
        {
            Remove(temporary);
        }
    }

    private static void RefuseToOverwrite(string destination)
    {
        if (Directory.Exists(destination))
        {
            throw new DataDirectoryException($"'{destination}' is a directory. Name the file that the backup is written to.");
        }

        if (File.Exists(destination))
        {
            throw new DataDirectoryException($"'{destination}' exists, and a backup overwrites nothing. Name another file, or remove that one.");
        }
    }

    private static void CreateForOwner(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        new FileStream(path, options).Dispose();
    }

    // Unlike SQLite's page by page backup, it does not start over each time that the host writes.
    private static void Copy(Database database, string path)
    {
        try
        {
            using var statement = database.PrepareOnce("VACUUM INTO ?");
            statement.With(path).Execute();
        }
        catch (Exception exception) when (exception is SqliteException or DurableStoreException)
        {
            throw new DataDirectoryException(
                $"The backup could not be written ({exception.Message}). Make room, or if the database is damaged, run 'instances check'.", exception);
        }
    }

    private static void Check(string path)
    {
        using var copy = DatabaseFile.OpenForReading(path);
        if (DatabaseFile.Damage(copy) is [{ } first, ..])
        {
            throw new DataDirectoryException($"The copy is damaged ({first}) and was removed. Try another disk.");
        }
    }

    private static void Publish(string temporary, string destination)
    {
        try
        {
            File.Move(temporary, destination, overwrite: false);
        }
        catch (IOException) when (File.Exists(destination))
        {
            RefuseToOverwrite(destination);
        }
    }

    private static void Remove(string temporary)
    {
        foreach (var file in (ReadOnlySpan<string>)[temporary, temporary + "-journal"])
        {
            if (File.Exists(file))
            {
                File.Delete(file);
            }
        }
    }
}

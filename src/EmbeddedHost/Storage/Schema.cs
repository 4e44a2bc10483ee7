using System.Globalization;
using AtomicDevOps.EmbeddedHost.Storage.Migrations;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The version of the tables (<c>PRAGMA user_version</c>), and the way from older ones to it.</summary>
internal static class Schema
{
    private static readonly Migration[] Migrations = [new InitialSchema(), new TurnsAsRows()];

    /// <summary>The version that this program writes.</summary>
    public static int Version => Migrations.Length;

    /// <exception cref="DataDirectoryException">The file was made by a newer program.</exception>
    public static void Migrate(Database database)
    {
        var version = CurrentVersion(database);
        if (version > Version)
        {
            throw new DataDirectoryException(
                $"'{database.Path}' has schema version {version}; this program knows versions up to {Version}. Use the newer program that wrote it.");
        }

        foreach (var (step, migration) in Migrations.Index().Skip(version))
        {
            database.Execute("BEGIN IMMEDIATE");
            try
            {
                migration.Apply(database);
                database.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {step + 1}"));
                database.Execute("COMMIT");
            }
            catch
            {
                database.Execute("ROLLBACK");
                throw;
            }
        }
    }

    private static int CurrentVersion(Database database)
    {
        using var statement = database.PrepareOnce("PRAGMA user_version");
        using var rows = statement.Query();
        return rows.Read() ? rows.Int32(0) : 0;
    }
}

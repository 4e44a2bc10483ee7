using System.Globalization;
using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The tables, and the steps from each version to the next (<c>PRAGMA user_version</c>).</summary>
internal static class Schema
{
    private static readonly string[] Migrations =
    [
        """
        CREATE TABLE instances (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            status INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            start_at INTEGER,
            history_length INTEGER NOT NULL DEFAULT 0,
            output TEXT,
            custom_status TEXT,
            failure TEXT,
            tags TEXT,
            parent_seq INTEGER,
            parent_task_id INTEGER,
            parent_id TEXT,
            parent_name TEXT
        ) STRICT;
        CREATE INDEX instances_by_parent ON instances (parent_seq) WHERE parent_seq IS NOT NULL;
        CREATE INDEX instances_by_status ON instances (status, seq);
        CREATE INDEX instances_unstarted ON instances (seq) WHERE history_length = 0 AND status IN (0, 6, 7);
        CREATE TABLE inputs (seq INTEGER PRIMARY KEY, data TEXT) STRICT;
        CREATE TABLE history (
            seq INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            type INTEGER NOT NULL,
            task_id INTEGER,
            name TEXT,
            version TEXT,
            target TEXT,
            data TEXT,
            details TEXT,
            number INTEGER,
            PRIMARY KEY (seq, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE inbox (
            message INTEGER PRIMARY KEY AUTOINCREMENT,
            seq INTEGER NOT NULL,
            type INTEGER NOT NULL,
            task_id INTEGER,
            name TEXT,
            version TEXT,
            target TEXT,
            data TEXT,
            details TEXT,
            number INTEGER
        ) STRICT;
        CREATE INDEX inbox_by_instance ON inbox (seq);
        CREATE TABLE activities (seq INTEGER NOT NULL, task_id INTEGER NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (seq, task_id)) STRICT, WITHOUT ROWID;
        CREATE TABLE timers (seq INTEGER NOT NULL, task_id INTEGER NOT NULL, due INTEGER NOT NULL, PRIMARY KEY (seq, task_id)) STRICT, WITHOUT ROWID;
        """,
    ];

    /// <summary>The version that this program writes.</summary>
    public static int Version => Migrations.Length;

    /// <exception cref="DataDirectoryException">The file was made by a newer program.</exception>
    public static void Migrate(SqliteConnection connection)
    {
        var version = Convert.ToInt32(Scalar(connection, "PRAGMA user_version"), CultureInfo.InvariantCulture);
        if (version > Version)
        {
            throw new DataDirectoryException(
                $"'{connection.DataSource}' has schema version {version}; this program knows versions up to {Version}. Use the newer program that wrote it.");
        }

        foreach (var (step, sql) in Migrations.Index().Skip(version))
        {
            using var transaction = connection.BeginTransaction();
            Execute(connection, transaction, sql);
            Execute(connection, transaction, string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {step + 1}"));
            transaction.Commit();
        }
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var statement = new Statement(connection, sql, 0);
        return statement.Scalar(null);
    }

    private static void Execute(SqliteConnection connection, SqliteTransaction transaction, string sql)
    {
        using var statement = new Statement(connection, sql, 0);
        statement.Execute(transaction);
    }
}

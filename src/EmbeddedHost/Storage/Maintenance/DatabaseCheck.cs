using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage.Maintenance;

/// <summary>One rule that the database has to keep.</summary>
/// <param name="Name">The rule.</param>
/// <param name="Violations">How often it is broken; at most 100 for the integrity of the file.</param>
/// <param name="Examples">The first few of them.</param>
internal sealed record CheckResult(string Name, long Violations, IReadOnlyList<string> Examples)
{
    public bool IsKept => Violations == 0;
}

/// <summary>Reads one state of the whole database, beside a running host, and says which rules it breaks.</summary>
internal static class DatabaseCheck
{
    private const int LargestExamples = 5;

    /// <summary>Each query gives a line of text for each row that breaks the rule.</summary>
    private static readonly (string Name, string Violations)[] Rules =
    [
        (
            "Every instance has a status that there is",
            "SELECT 'instance ' || id || ' has status ' || status FROM instances WHERE status NOT IN (0, 1, 3, 5, 6, 7)"),
        (
            "Every instance has an input",
            "SELECT 'instance ' || id FROM instances WHERE seq NOT IN (SELECT seq FROM inputs)"),
        (
            "Every input belongs to an instance",
            "SELECT 'input of number ' || seq FROM inputs WHERE seq NOT IN (SELECT seq FROM instances)"),
        (
            "Every turn belongs to an instance",
            "SELECT 'turn ' || turn || ' of number ' || seq FROM history WHERE seq NOT IN (SELECT seq FROM instances)"),
        (
            "Turns follow each other without a gap",
            "SELECT 'number ' || seq || ' has ' || count(*) || ' turns up to ' || max(turn) FROM history GROUP BY seq HAVING min(turn) <> 0 OR max(turn) <> count(*) - 1"),
        (
            "Every timer belongs to an instance that has not ended",
            "SELECT 'timer ' || task_id || ' of number ' || seq FROM timers WHERE seq NOT IN (SELECT seq FROM instances WHERE status IN (0, 6, 7))"),
        (
            "Every message is for an entity or for an instance that has not ended",
            """
            SELECT 'message ' || message || ' for number ' || seq FROM inbox
            WHERE seq NOT IN (SELECT seq FROM instances WHERE status IN (0, 6, 7) UNION ALL SELECT -seq FROM entities)
            """),
    ];

    /// <exception cref="DataDirectoryException">The file cannot be opened, or its schema is not this program's.</exception>
    public static IReadOnlyList<CheckResult> Run(string path)
    {
        using var database = DatabaseFile.OpenForReading(path);
        try
        {
            // A read-only connection: the transaction holds one state of the file, and nobody up.
            database.Execute("BEGIN");
            RequireVersion(database, path);
            var damage = DatabaseFile.Damage(database);
            var results = new List<CheckResult> { new("The file is whole (integrity_check)", damage.Count, [.. damage.Take(LargestExamples)]) };
            if (damage.Count == 0)
            {
                results.AddRange(Rules.Select(rule => Check(database, rule.Name, rule.Violations)));
                results.Add(CheckEvents(database));
            }

            return results;
        }
        catch (Exception exception) when (exception is SqliteException or DurableStoreException)
        {
            throw new DataDirectoryException($"'{path}' could not be read to its end ({exception.Message}). Try again; if it stays so, restore a backup.", exception);
        }
    }

    private static void RequireVersion(Database database, string path)
    {
        var version = DatabaseFile.Number(database, "PRAGMA user_version");
        if (version != Schema.Version)
        {
            throw new DataDirectoryException(
                $"'{path}' has schema version {version}; this program checks version {Schema.Version}. "
                + (version > Schema.Version ? "Use the newer program that wrote it." : "Start the host once: it brings the file up to date."));
        }
    }

    private static CheckResult Check(Database database, string name, string violations)
    {
        using var statement = database.PrepareOnce(violations);
        using var rows = statement.Query();
        var broken = 0L;
        var examples = new List<string>();
        while (rows.Read())
        {
            if (broken++ < LargestExamples)
            {
                examples.Add(rows.Text(0));
            }
        }

        return new CheckResult(name, broken, examples);
    }

    private static CheckResult CheckEvents(Database database)
    {
        var broken = 0L;
        var examples = new List<string>();
        using (var statement = database.PrepareOnce("SELECT seq, turn, data FROM history"))
        {
            using var rows = statement.Query();
            while (rows.Read())
            {
                try
                {
                    HistoryCodec.ReadTurn(DateTime.MinValue, rows.Blob(2));
                }
                catch (InvalidDataException exception)
                {
                    Add($"turn {rows.Int64(1)} of number {rows.Int64(0)}: {exception.Message}");
                }
            }
        }

        using (var statement = database.PrepareOnce("SELECT seq, message, data FROM inbox"))
        {
            using var rows = statement.Query();
            while (rows.Read())
            {
                try
                {
                    HistoryCodec.ReadArrival(rows.Blob(2));
                }
                catch (InvalidDataException exception)
                {
                    Add($"message {rows.Int64(1)} for number {rows.Int64(0)}: {exception.Message}");
                }
            }
        }

        return new CheckResult("Every event can be read", broken, examples);

        void Add(string example)
        {
            if (broken++ < LargestExamples)
            {
                examples.Add(example);
            }
        }
    }
}

using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage.Maintenance;

/// <summary>One rule that the database has to keep.</summary>
/// <param name="Name">The rule.</param>
/// <param name="Violations">How many rows break it; at most 100 for the integrity of the file.</param>
/// <param name="Examples">The first of them.</param>
internal sealed record CheckResult(string Name, long Violations, IReadOnlyList<string> Examples)
{
    public bool IsKept => Violations == 0;
}

/// <summary>Reads one state of the whole database, beside a running host, and says which rules it breaks.</summary>
internal static class DatabaseCheck
{
    private const int Examples = 5;

    /// <exception cref="DataDirectoryException">The file cannot be opened, or its schema is not this program's.</exception>
    public static IReadOnlyList<CheckResult> Run(string path)
    {
        using var connection = DatabaseFile.OpenForReading(path);
        using var snapshot = connection.BeginTransaction(deferred: true);
        var version = DatabaseFile.SchemaVersion(connection);
        if (version != Schema.Version)
        {
            throw new DataDirectoryException(
                $"'{path}' has schema version {version}; this program checks version {Schema.Version}. "
                + (version > Schema.Version ? "Use the newer program that wrote it." : "Start the host once: it brings the file up to date."));
        }

        var damage = DatabaseFile.Damage(connection, snapshot);
        var results = new List<CheckResult> { new("The file is whole (integrity_check)", damage.Count, [.. damage.Take(Examples)]) };
        if (damage.Count == 0)
        {
            results.AddRange(Rules.Select(rule => Check(connection, snapshot, rule.Name, rule.Violations)));
        }

        return results;
    }

    /// <summary>Each query gives a line of text for each row that breaks the rule.</summary>
    private static (string Name, string Violations)[] Rules => [];

    private static CheckResult Check(SqliteConnection connection, SqliteTransaction snapshot, string name, string violations)
    {
        using var count = new Statement(connection, $"SELECT count(*) FROM ({violations})", 0);
        var broken = (long)count.Scalar(snapshot)!;
        if (broken == 0)
        {
            return new CheckResult(name, 0, []);
        }

        using var first = new Statement(connection, $"{violations} LIMIT $0", 1);
        using var reader = first.Query(snapshot, Examples);
        var examples = new List<string>();
        while (reader.Read())
        {
            examples.Add(reader.GetString(0));
        }

        return new CheckResult(name, broken, examples);
    }
}

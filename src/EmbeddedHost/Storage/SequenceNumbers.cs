namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>Gives each start of an instance its number, which no other start ever gets: from the last one that the database knows of.</summary>
internal sealed class SequenceNumbers
{
    private long _last;

    public SequenceNumbers(Database database)
    {
        using var statement = database.PrepareOnce(
            "SELECT MAX(IFNULL((SELECT seq FROM sqlite_sequence WHERE name = 'instances'), 0), IFNULL((SELECT MAX(seq) FROM instances), 0))");
        using var rows = statement.Query();
        rows.Read();
        _last = rows.Int64(0);
    }

    public long Next() => Interlocked.Increment(ref _last);
}

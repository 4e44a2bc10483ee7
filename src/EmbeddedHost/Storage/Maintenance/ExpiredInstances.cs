using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Storage.Maintenance;

/// <summary>The finished instances that have been kept long enough.</summary>
internal static class ExpiredInstances
{
    private const int LargestBatch = 100;

    /// <summary>A batch has one instance, or several that have no more turns than this together: so it is written in little time.</summary>
    private const int LargestBatchTurns = 1000;

    /// <summary>Sequence numbers, in batches that are read as they are asked for.</summary>
    /// <param name="path">The database.</param>
    /// <param name="endedBefore">The latest end, UTC.</param>
    public static IEnumerable<IReadOnlyList<long>> Find(string path, OrchestrationRuntimeStatus status, DateTime endedBefore)
    {
        using var database = DatabaseFile.OpenForReading(path);
        var batch = new List<long>();
        var turns = 0L;
        for (var after = 0L; ;)
        {
            var page = ReadPage(database, status, endedBefore, after);
            foreach (var (sequence, length) in page)
            {
                if (batch.Count > 0 && (batch.Count == LargestBatch || turns + length > LargestBatchTurns))
                {
                    yield return batch;
                    (batch, turns) = ([], 0);
                }

                batch.Add(sequence);
                turns += length;
                after = sequence;
            }

            if (page.Count < LargestBatch)
            {
                break;
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private static List<(long Sequence, long Turns)> ReadPage(
        Database database, OrchestrationRuntimeStatus status, DateTime endedBefore, long after)
    {
        using var rows = database.Prepare(
            """
            SELECT i.seq, (SELECT turn + 1 FROM history WHERE seq = i.seq ORDER BY turn DESC LIMIT 1)
            FROM instances i WHERE i.status = ? AND i.seq > ? AND i.updated_at <= ? ORDER BY i.seq LIMIT ?
            """).With((int)status).With(after).With(endedBefore.Ticks).With(LargestBatch).Query();
        var page = new List<(long Sequence, long Turns)>();
        while (rows.Read())
        {
            page.Add((rows.Int64(0), rows.Int64OrNull(1) ?? 0));
        }

        return page;
    }
}

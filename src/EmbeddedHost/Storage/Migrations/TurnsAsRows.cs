using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Storage.Migrations;

/// <summary>
/// Version 2: a history row a turn, with the number of activities that are owed after it, which had a table of their own; entities, the count
/// of executions, and trace context.
/// </summary>
internal sealed class TurnsAsRows : Migration
{
    private const int TurnStarted = 1;

    private const string EventColumns = "type, task_id, name, version, target, data, details, number";

    public override void Apply(Database database)
    {
        database.Execute(
            """
            ALTER TABLE history RENAME TO history_1;
            ALTER TABLE inbox RENAME TO inbox_1;
            DROP INDEX inbox_by_instance;
            DROP INDEX instances_unstarted;
            DROP TABLE activities;
            ALTER TABLE instances DROP COLUMN history_length;
            ALTER TABLE instances ADD COLUMN executions INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE instances ADD COLUMN trace_parent TEXT;
            ALTER TABLE instances ADD COLUMN trace_state TEXT;
            ALTER TABLE instances ADD COLUMN span_id TEXT;
            CREATE TABLE history (
                pos INTEGER PRIMARY KEY,
                seq INTEGER NOT NULL,
                turn INTEGER NOT NULL,
                at INTEGER NOT NULL,
                owed INTEGER NOT NULL,
                data BLOB NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX history_by_instance ON history (seq, turn);
            CREATE TABLE inbox (message INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL, data BLOB NOT NULL) STRICT;
            CREATE INDEX inbox_by_instance ON inbox (seq);
            CREATE TABLE entities (
                seq INTEGER PRIMARY KEY AUTOINCREMENT,
                id TEXT NOT NULL UNIQUE,
                modified_at INTEGER NOT NULL,
                state TEXT,
                lock_owner TEXT,
                lock_request TEXT
            ) STRICT;
            """);
        PackHistory(database);
        PackInbox(database);
        database.Execute("DROP TABLE history_1; DROP TABLE inbox_1;");
    }

    private static void PackHistory(Database database)
    {
        using var events = database.PrepareOnce($"SELECT {EventColumns}, seq FROM history_1 ORDER BY seq, idx");
        using var insert = database.PrepareOnce("INSERT INTO history (seq, turn, at, owed, data) VALUES (?, ?, ?, ?, ?)");
        using var rows = events.Query();
        (long Sequence, int Number, DateTime At)? turn = null;
        var owed = 0;
        var arrivals = new List<Arrival>();
        var decisions = new List<Decision>();
        while (rows.Read())
        {
            if (rows.Int32(0) != TurnStarted)
            {
                Add(Read(rows));
                continue;
            }

            Flush();
            var sequence = rows.Int64(8);
            var isSame = turn is { } previous && previous.Sequence == sequence;
            owed = isSame ? owed : 0;
            turn = (sequence, isSame ? turn!.Value.Number + 1 : 0, Utc(rows.Int64(7)));
        }

        Flush();

        void Add(HistoryEvent e)
        {
            switch (e)
            {
                case Arrival arrival:
                    owed -= arrival is TaskCompleted or TaskFailed ? 1 : 0;
                    arrivals.Add(arrival);
                    break;
                case Decision decision:
                    owed += decision is TaskScheduled ? 1 : 0;
                    decisions.Add(decision);
                    break;
            }
        }

        void Flush()
        {
            if (turn is { } full)
            {
                insert.With(full.Sequence).With(full.Number).With(full.At.Ticks).With(owed).With(HistoryCodec.Write(arrivals, decisions)).Execute();
                arrivals.Clear();
                decisions.Clear();
            }
        }
    }

    private static void PackInbox(Database database)
    {
        using var messages = database.PrepareOnce($"SELECT {EventColumns}, seq, message FROM inbox_1 ORDER BY message");
        using var insert = database.PrepareOnce("INSERT INTO inbox (message, seq, data) VALUES (?, ?, ?)");
        using var rows = messages.Query();
        while (rows.Read())
        {
            insert.With(rows.Int64(9)).With(rows.Int64(8)).With(HistoryCodec.Write((Arrival)Read(rows))).Execute();
        }
    }

    private static HistoryEvent Read(Statement.Rows row)
    {
        var task = row.Int32(1);
        var data = row.TextOrNull(5);
        return row.Int32(0) switch
        {
            2 => new ExecutionStarted(),
            3 => new TaskCompleted(task, data),
            4 => new TaskFailed(task, HistoryCodec.ReadFailure(row.Text(6)), row.Int64(7) == 1),
            5 => new SubOrchestrationCompleted(task, data),
            6 => new SubOrchestrationFailed(task, HistoryCodec.ReadFailure(row.Text(6))),
            7 => new TimerFired(task),
            8 => new EventRaised(row.Text(2), data),
            9 => new ExecutionSuspended(data),
            10 => new ExecutionResumed(data),
            11 => new ExecutionTerminated(data, row.Int64(7) == 1),
            12 => new TaskScheduled(task, row.Text(2), row.Text(3), data),
            13 => new SubOrchestrationScheduled(
                task, row.Text(2), row.Text(3), row.Text(4), data, HistoryCodec.ReadTags(row.TextOrNull(6))),
            14 => new TimerCreated(task, Utc(row.Int64(7))),
            15 => new TimerCanceled(task),
            16 => new EventSent(task, row.Text(4), row.Text(2), data),
            17 => new ExecutionCompleted(
                (OrchestrationRuntimeStatus)row.Int32(7),
                data,
                row.TextOrNull(6) is { } failure ? HistoryCodec.ReadFailure(failure) : null),
            var type => throw new InvalidDataException($"The history holds an event of unknown type {type}."),
        };
    }

    private static DateTime Utc(long ticks) => new(ticks, DateTimeKind.Utc);
}

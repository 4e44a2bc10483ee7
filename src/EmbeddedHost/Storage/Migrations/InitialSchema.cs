namespace AtomicDevOps.EmbeddedHost.Storage.Migrations;

/// <summary>Version 1: a history row an event.</summary>
internal sealed class InitialSchema : Migration
{
    public override void Apply(Database database) => database.Execute(
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
        """);
}

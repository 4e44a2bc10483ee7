using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace AtomicDevOps.LocalForge.Store;

/// <summary>
/// What the forge knows besides git: read from memory, written through to one SQLite file. Writers take turns, and each writer's
/// changes become visible on disk all together or not at all.
/// </summary>
internal sealed class ForgeStore : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly Dictionary<string, Action<string>> _loaders = new(StringComparer.Ordinal);
    private long _lastId;

    private ForgeStore(string path)
    {
        Users = Table<User>();
        Tokens = Table<AccessToken>();
        Apps = Table<App>();
        Installations = Table<Installation>();
        Repositories = Table<Repository>();
        Collaborators = Table<Collaborator>();
        Labels = Table<Label>();
        Issues = Table<Issue>();
        Comments = Table<IssueComment>();
        Reviews = Table<Review>();
        Statuses = Table<CommitStatus>();
        CheckSuites = Table<CheckSuite>();
        CheckRuns = Table<CheckRun>();
        Releases = Table<Release>();
        SarifUploads = Table<SarifUpload>();
        Hooks = Table<Hook>();
        Deliveries = Table<Delivery>();
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
    }

    public EntityTable<User> Users { get; }

    public EntityTable<AccessToken> Tokens { get; }

    public EntityTable<App> Apps { get; }

    public EntityTable<Installation> Installations { get; }

    public EntityTable<Repository> Repositories { get; }

    public EntityTable<Collaborator> Collaborators { get; }

    public EntityTable<Label> Labels { get; }

    public EntityTable<Issue> Issues { get; }

    public EntityTable<IssueComment> Comments { get; }

    public EntityTable<Review> Reviews { get; }

    public EntityTable<CommitStatus> Statuses { get; }

    public EntityTable<CheckSuite> CheckSuites { get; }

    public EntityTable<CheckRun> CheckRuns { get; }

    public EntityTable<Release> Releases { get; }

    public EntityTable<SarifUpload> SarifUploads { get; }

    public EntityTable<Hook> Hooks { get; }

    public EntityTable<Delivery> Deliveries { get; }

    /// <summary>Opens the file, or makes it, and reads everything in it.</summary>
    public static ForgeStore Open(string path)
    {
        var store = new ForgeStore(path);
        try
        {
            store.Load();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Waits for its turn to change things. Nothing is kept unless <see cref="ForgeWrite.Commit"/> is called.</summary>
    public async Task<ForgeWrite> BeginWriteAsync(CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        return new ForgeWrite(this);
    }

    public void Dispose()
    {
        _connection.Dispose();
        _writer.Dispose();
    }

    internal long NextId() => ++_lastId;

    internal void EndWrite() => _writer.Release();

    internal void Save(IReadOnlyCollection<DocumentChange> changes)
    {
        using var transaction = _connection.BeginTransaction();
        using var save = _connection.CreateCommand();
        save.CommandText = "INSERT INTO document (kind, id, body) VALUES ($kind, $id, $body) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body";
        using var delete = _connection.CreateCommand();
        delete.CommandText = "DELETE FROM document WHERE kind = $kind AND id = $id";
        foreach (var change in changes)
        {
            var command = change.Body is null ? delete : save;
            command.Parameters.Clear();
            command.Parameters.AddWithValue("$kind", change.Kind);
            command.Parameters.AddWithValue("$id", change.Id);
            if (change.Body is not null)
            {
                command.Parameters.AddWithValue("$body", change.Body);
            }

            command.ExecuteNonQuery();
        }

        using var sequence = _connection.CreateCommand();
        sequence.CommandText = "UPDATE sequence SET last_id = $last";
        sequence.Parameters.AddWithValue("$last", _lastId);
        sequence.ExecuteNonQuery();
        transaction.Commit();
    }

    private EntityTable<T> Table<T>()
        where T : class, IEntity
    {
        var table = new EntityTable<T>();
        _loaders.Add(typeof(T).Name, body => table.Set(JsonSerializer.Deserialize<T>(body)!));
        return table;
    }

    private void Load()
    {
        _connection.Open();
        using (var schema = _connection.CreateCommand())
        {
            schema.CommandText = """
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = NORMAL;
                CREATE TABLE IF NOT EXISTS document (kind TEXT NOT NULL, id INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
                CREATE TABLE IF NOT EXISTS sequence (last_id INTEGER NOT NULL);
                INSERT INTO sequence (last_id) SELECT 1000 WHERE NOT EXISTS (SELECT 1 FROM sequence);
                """;
            schema.ExecuteNonQuery();
        }

        using (var sequence = _connection.CreateCommand())
        {
            sequence.CommandText = "SELECT last_id FROM sequence";
            _lastId = (long)sequence.ExecuteScalar()!;
        }

        using var documents = _connection.CreateCommand();
        documents.CommandText = "SELECT kind, body FROM document";
        using var reader = documents.ExecuteReader();
        while (reader.Read())
        {
            _loaders[reader.GetString(0)](reader.GetString(1));
        }
    }
}

/// <summary>One document to write, or to delete where <see cref="Body"/> is null.</summary>
internal sealed record DocumentChange(string Kind, long Id, string? Body);

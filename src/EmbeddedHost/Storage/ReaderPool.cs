using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>Reading connections, which keep their prepared statements between uses.</summary>
internal sealed class ReaderPool(string path) : IDisposable
{
    private readonly ConcurrentBag<Database> _idle = [];
    private volatile bool _isClosed;

    public Lease Rent() => new(this, _idle.TryTake(out var database) ? database : Database.Open(path, SqliteOpenMode.ReadOnly));

    public void Dispose()
    {
        _isClosed = true;
        while (_idle.TryTake(out var database))
        {
            database.Dispose();
        }
    }

    private void Return(Database database)
    {
        _idle.Add(database);
        if (_isClosed)
        {
            Dispose();
        }
    }

    internal readonly struct Lease(ReaderPool pool, Database database) : IDisposable
    {
        public Database Database => database;

        public void Dispose() => pool.Return(database);
    }
}

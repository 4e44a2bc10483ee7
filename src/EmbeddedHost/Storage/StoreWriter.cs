using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>One atomic change of the store.</summary>
internal abstract class StoreWrite
{
    /// <summary>Runs on the writer's thread inside of a transaction; may run twice, so it starts from nothing each time.</summary>
    public abstract void Apply(StoreSession session);

    /// <summary>The change is on disk. Runs on the writer's thread: hands work on, does none.</summary>
    public abstract void Committed();

    /// <summary>Nothing of the change was stored.</summary>
    public abstract void Failed(Exception exception);
}

/// <summary>
/// One writer at a time. Everything that is waiting when it comes round shares one transaction, hence one fsync; if that fails, each
/// change is tried alone, so that a bad one takes no other with it. A thread of the engine that finds nobody writing writes by itself, which
/// saves a change of threads a commit; what has come meanwhile is left to the writer's own thread.
/// </summary>
internal sealed class StoreWriter : IDisposable
{
    private readonly StoreSession _session;
    private readonly StoreOutage _outage;
    private readonly EngineMetrics? _metrics;
    private readonly IStoreFaults? _faults;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly Lock _writing = new();
    private readonly AutoResetEvent _wake = new(false);
    private List<StoreWrite> _waiting = [];
    private List<StoreWrite> _batch = [];
    private bool _isWriting;
    private volatile bool _isClosed;

    public StoreWriter(StoreSession session, StoreOutage outage, EngineMetrics? metrics, IStoreFaults? faults)
    {
        _session = session;
        _outage = outage;
        _metrics = metrics;
        _faults = faults;
        _thread = new Thread(Run) { IsBackground = true, Name = "Durable store writer" };
        _thread.Start();
    }

    /// <param name="mayWriteHere">Whether the calling thread can be held for a commit.</param>
    /// <exception cref="ObjectDisposedException">The store is closed.</exception>
    public void Enqueue(StoreWrite write, bool mayWriteHere)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _waiting.Add(write);
            if (_isWriting)
            {
                return;
            }

            _isWriting = true;
        }

        if (mayWriteHere)
        {
            WriteBatch();
            if (TryRelease())
            {
                return;
            }
        }

        _wake.Set();
    }

    /// <summary>Writes what is waiting, then closes.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
        }

        _wake.Set();
        _thread.Join();
        _wake.Dispose();
        lock (_writing)
        {
            _session.Dispose();
        }
    }

    private void Run()
    {
        while (!_isClosed)
        {
            _wake.WaitOne();
            WriteWaiting();
        }

        WriteWaiting();
    }

    private void WriteWaiting()
    {
        while (!TryRelease())
        {
            WriteBatch();
        }
    }

    /// <returns>False if something is waiting: then the caller goes on, or leaves it to the writer's thread.</returns>
    private bool TryRelease()
    {
        lock (_gate)
        {
            if (_waiting.Count > 0)
            {
                return false;
            }

            _isWriting = false;
            return true;
        }
    }

    private void WriteBatch()
    {
        lock (_writing)
        {
            lock (_gate)
            {
                (_batch, _waiting) = (_waiting, _batch);
            }

            Write(_batch);
            _batch.Clear();
        }
    }

    private void Write(List<StoreWrite> batch)
    {
        if (TryWrite(batch) is not { } failure)
        {
            return;
        }

        if (batch.Count == 1 || failure is SimulatedCrashException)
        {
            batch.ForEach(write => Report(write, failure));
            return;
        }

        foreach (var write in batch)
        {
            if (TryWrite([write]) is { } ownFailure)
            {
                Report(write, ownFailure);
            }
        }
    }

    private Exception? TryWrite(List<StoreWrite> batch)
    {
        var began = _metrics?.BeginCommit() ?? 0;
        try
        {
            _session.Begin();
            foreach (var write in batch)
            {
                write.Apply(_session);
            }

            _faults?.BeforeCommit();
            _session.Commit();
            _faults?.AfterCommit();
        }
        catch (Exception exception)
        {
            _session.Rollback();
            return exception;
        }

        _metrics?.EndCommit(began, batch.Count);
        _outage.End();
        foreach (var write in batch)
        {
            write.Committed();
        }

        return null;
    }

    private void Report(StoreWrite write, Exception exception)
    {
        if (exception is DurableStoreException outage)
        {
            _outage.Begin(outage);
        }

        write.Failed(exception);
    }
}

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Runs items on the thread pool in order of arrival, at most so many at once. Idle, it holds no thread.</summary>
/// <param name="run">Must not throw.</param>
internal sealed class BoundedQueue<T>(int maxConcurrency, Func<T, Task> run)
{
    private readonly Lock _gate = new();
    private readonly Queue<T> _items = new();
    private int _maxConcurrency = maxConcurrency;
    private int _workers;

    /// <summary>How many items wait for a free place.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _items.Count;
            }
        }
    }

    /// <summary>Whether an item that comes now need not wait for others.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                return _items.Count == 0 && _workers < _maxConcurrency;
            }
        }
    }

    public void Enqueue(T item)
    {
        lock (_gate)
        {
            _items.Enqueue(item);
            if (_workers >= _maxConcurrency)
            {
                return;
            }

            _workers++;
        }

        StartWorker();
    }

    /// <summary>Lets one more item run at once, until <see cref="Narrow"/>.</summary>
    public void Widen()
    {
        lock (_gate)
        {
            _maxConcurrency++;
            if (_items.Count == 0)
            {
                return;
            }

            _workers++;
        }

        StartWorker();
    }

    public void Narrow()
    {
        lock (_gate)
        {
            _maxConcurrency--;
        }
    }

    private void StartWorker() => ThreadPool.UnsafeQueueUserWorkItem(static queue => queue.Work(), this, preferLocal: false);

    private async void Work()
    {
        while (TryTake(out var item))
        {
            await run(item);
        }
    }

    private bool TryTake(out T item)
    {
        lock (_gate)
        {
            if (_workers <= _maxConcurrency && _items.TryDequeue(out item!))
            {
                return true;
            }

            _workers--;
            item = default!;
            return false;
        }
    }
}

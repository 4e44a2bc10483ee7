using System.Collections.Concurrent;
using AtomicDevOps.EmbeddedHost.Engine.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// The instances and entities in memory. Idle ones stay until their number, or the bytes that they stand for, pass the limits; then those used least
/// recently go, except for the one used last.
/// </summary>
internal sealed class InstanceCache : IDisposable
{
    private readonly int _maxCount;
    private readonly long _maxBytes;
    private readonly TimeSpan? _idleTime;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<long, Mailbox> _instances = new();
    private readonly Lock _gate = new();
    private readonly LinkedList<Mailbox> _idle = new();
    private readonly ITimer? _timer;
    private bool _isArmed;
    private long _bytes;

    public InstanceCache(EmbeddedDurableTaskOptions options, TimeProvider time)
    {
        _maxCount = options.MaxInstancesInMemory;
        _maxBytes = options.MaxMemoryBytes;
        _idleTime = options.IdleTimeInMemory;
        _time = time;
        _timer = _idleTime is null
            ? null
            : time.CreateTimer(static cache => ((InstanceCache)cache!).DropIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public int Count => _instances.Count;

    /// <summary>What the instances that have been idle since they came stand for.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public Mailbox GetOrAdd(long sequence, DurableTaskEngine engine)
        => _instances.GetOrAdd(sequence, static (key, engine) => key < 0 ? new LiveEntity(key, engine) : new LiveInstance(key, engine), engine);

    public void Add(Mailbox instance) => _instances[instance.Sequence] = instance;

    /// <summary>An instance has become idle.</summary>
    public void Keep(Mailbox instance)
    {
        lock (_gate)
        {
            if (!_instances.TryGetValue(instance.Sequence, out var current) || current != instance)
            {
                return;
            }

            MakeNewest(instance);
            while ((_instances.Count > _maxCount || _bytes > _maxBytes) && _idle.First is { } oldest && oldest != _idle.Last)
            {
                Drop(oldest.Value);
            }

            Arm();
        }
    }

    public void Remove(Mailbox instance)
    {
        lock (_gate)
        {
            RemoveNow(instance);
        }
    }

    public void Dispose() => _timer?.Dispose();

    private void MakeNewest(Mailbox instance)
    {
        var cached = instance.Cached;
        if (cached.Place.List is not null)
        {
            _idle.Remove(cached.Place);
        }

        _idle.AddLast(cached.Place);
        cached.IdleSince = _idleTime is null ? 0 : _time.GetTimestamp();
        _bytes += instance.Bytes - cached.Bytes;
        cached.Bytes = instance.Bytes;
    }

    /// <summary>One that is busy only leaves the list: it comes back as the newest once it is idle again.</summary>
    private void Drop(Mailbox instance)
    {
        _idle.Remove(instance.Cached.Place);
        if (instance.TryEvict())
        {
            RemoveNow(instance);
        }
    }

    private void RemoveNow(Mailbox instance)
    {
        _instances.TryRemove(KeyValuePair.Create(instance.Sequence, instance));
        _bytes -= instance.Cached.Bytes;
        instance.Cached.Bytes = 0;
        if (instance.Cached.Place.List is not null)
        {
            _idle.Remove(instance.Cached.Place);
        }
    }

    private void DropIdle()
    {
        lock (_gate)
        {
            _isArmed = false;
            while (_idle.First is { } oldest && _time.GetElapsedTime(oldest.Value.Cached.IdleSince) >= _idleTime)
            {
                Drop(oldest.Value);
            }

            Arm();
        }
    }

    private void Arm()
    {
        if (_idleTime is { } idleTime && !_isArmed && _idle.First is { } oldest)
        {
            _isArmed = true;
            var wait = idleTime - _time.GetElapsedTime(oldest.Value.Cached.IdleSince);
            _timer!.Change(TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(wait.TotalMilliseconds))), Timeout.InfiniteTimeSpan);
        }
    }
}

/// <summary>What the cache knows of an instance; read and written by it alone.</summary>
internal sealed class CacheEntry(Mailbox instance)
{
    public LinkedListNode<Mailbox> Place { get; } = new(instance);

    public long IdleSince { get; set; }

    public long Bytes { get; set; }
}

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>
/// The answers that were used last, up to a number of bytes. GitHub is asked every time whether they still hold; a "304 Not Modified" does
/// not count against the rate limit.
/// </summary>
internal sealed class EntityTagCache(long capacity)
{
    /// <summary>What an entry costs beside its content.</summary>
    private const int Overhead = 512;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, CachedAnswer Answer)>> _nodes = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, CachedAnswer Answer)> _byUse = new();
    private long _bytes;

    public CachedAnswer? Find(string key)
    {
        lock (_lock)
        {
            if (!_nodes.TryGetValue(key, out var node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value.Answer;
        }
    }

    public void Put(string key, CachedAnswer answer)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(key, out var old))
            {
                Remove(old);
            }

            if (Cost(key, answer) > capacity / 8)
            {
                return;
            }

            _nodes[key] = _byUse.AddFirst((key, answer));
            _bytes += Cost(key, answer);
            while (_bytes > capacity)
            {
                Remove(_byUse.Last!);
            }
        }
    }

    private void Remove(LinkedListNode<(string Key, CachedAnswer Answer)> node)
    {
        _byUse.Remove(node);
        _nodes.Remove(node.Value.Key);
        _bytes -= Cost(node.Value.Key, node.Value.Answer);
    }

    private static long Cost(string key, CachedAnswer answer) => answer.Body.Length + (2L * key.Length) + Overhead;
}

internal sealed record CachedAnswer(string EntityTag, byte[] Body, Uri? Next);

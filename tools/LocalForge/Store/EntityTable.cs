using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace AtomicDevOps.LocalForge.Store;

/// <summary>All entities of one kind, in memory; <see cref="ForgeStore"/> keeps them on disk.</summary>
internal sealed class EntityTable<T>
    where T : class, IEntity
{
    private readonly ConcurrentDictionary<long, T> _byId = new();

    /// <summary>Every entity, oldest first.</summary>
    public IEnumerable<T> All => _byId.Values.OrderBy(entity => entity.Id);

    public T this[long id] => _byId[id];

    public T? Find(long id) => _byId.GetValueOrDefault(id);

    public T? FirstOrDefault(Func<T, bool> predicate) => _byId.Values.FirstOrDefault(predicate);

    public bool TryGet(long id, [NotNullWhen(true)] out T? entity) => _byId.TryGetValue(id, out entity);

    internal void Set(T entity) => _byId[entity.Id] = entity;

    internal void Remove(long id) => _byId.TryRemove(id, out _);
}

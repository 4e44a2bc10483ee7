using System.Collections;
using System.Collections.Immutable;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>
/// The entities of one critical section, each once, in the order in which they are locked. The order is the same for all, so two critical
/// sections never wait for each other.
/// </summary>
internal sealed class EntityLockSet : IReadOnlyList<EntityInstanceId>, IEquatable<EntityLockSet>
{
    private readonly ImmutableArray<EntityInstanceId> _entities;

    private EntityLockSet(ImmutableArray<EntityInstanceId> entities) => _entities = entities;

    public static EntityLockSet Empty { get; } = new([]);

    public int Count => _entities.Length;

    public EntityInstanceId this[int index] => _entities[index];

    public static EntityLockSet Of(IEnumerable<EntityInstanceId> entities) => new(
    [
        .. entities.Distinct()
            .OrderBy(entity => entity.Name, StringComparer.Ordinal)
            .ThenBy(entity => entity.Key, StringComparer.Ordinal),
    ]);

    /// <summary>Those that are locked after the first <paramref name="count"/>.</summary>
    public EntityLockSet From(int count) => new(_entities[count..]);

    public bool Equals(EntityLockSet? other) => other is not null && _entities.AsSpan().SequenceEqual(other._entities.AsSpan());

    public override bool Equals(object? obj) => Equals(obj as EntityLockSet);

    public override int GetHashCode() => _entities.Aggregate(0, HashCode.Combine);

    public override string ToString() => $"[{string.Join(", ", _entities)}]";

    public IEnumerator<EntityInstanceId> GetEnumerator() => _entities.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

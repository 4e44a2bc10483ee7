namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>A version of an ecosystem: equal to another one where neither comes before the other.</summary>
internal abstract class OrderedVersion<TSelf> : IComparable, IComparable<TSelf>, IEquatable<TSelf>
    where TSelf : OrderedVersion<TSelf>
{
    /// <summary>What has more characters is no version in any ecosystem.</summary>
    public const int MostCharacters = 256;

    public static bool operator ==(OrderedVersion<TSelf>? left, OrderedVersion<TSelf>? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(OrderedVersion<TSelf>? left, OrderedVersion<TSelf>? right) => !(left == right);

    public static bool operator <(OrderedVersion<TSelf> left, OrderedVersion<TSelf> right) => left.CompareTo(right) < 0;

    public static bool operator >(OrderedVersion<TSelf> left, OrderedVersion<TSelf> right) => left.CompareTo(right) > 0;

    public static bool operator <=(OrderedVersion<TSelf> left, OrderedVersion<TSelf> right) => left.CompareTo(right) <= 0;

    public static bool operator >=(OrderedVersion<TSelf> left, OrderedVersion<TSelf> right) => left.CompareTo(right) >= 0;

    public int CompareTo(TSelf? other) => other is null ? 1 : Compare(other);

    public int CompareTo(object? obj) => obj is null or TSelf
        ? CompareTo(obj as TSelf)
        : throw new ArgumentException($"A {typeof(TSelf).Name} cannot be compared with a {obj.GetType().Name}.", nameof(obj));

    public bool Equals(TSelf? other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is TSelf other && Equals(other);

    public override int GetHashCode() => Hash();

    protected abstract int Compare(TSelf other);

    protected abstract int Hash();

    /// <summary>Item by item; where all that both have are the same, the one that ends is compared by <paramref name="absent"/>.</summary>
    protected static int Compare<T>(IReadOnlyList<T> one, IReadOnlyList<T> other, T absent, Comparison<T> compare)
    {
        for (var index = 0; index < Math.Max(one.Count, other.Count); index++)
        {
            var order = compare(index < one.Count ? one[index] : absent, index < other.Count ? other[index] : absent);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }
}

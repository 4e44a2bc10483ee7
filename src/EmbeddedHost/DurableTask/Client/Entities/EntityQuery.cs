namespace Microsoft.DurableTask.Client.Entities;

/// <summary>Which entities to list.</summary>
public record EntityQuery
{
    public const int DefaultPageSize = 100;

    /// <summary>
    /// The start of the id <c>@name@key</c>; the first '@' may be left out. <c>counter</c> finds all entities whose name starts so,
    /// <c>counter@</c> those of that name, <c>counter@a</c> those whose key starts with "a". The name's case does not count.
    /// </summary>
    public string? InstanceIdStartsWith
    {
        get;
        init => field = value is null ? null : Normalize(value);
    }

    public DateTimeOffset? LastModifiedFrom { get; init; }

    public DateTimeOffset? LastModifiedTo { get; init; }

    public bool IncludeState { get; init; } = true;

    /// <summary>Whether to list entities without state, too: those that only have a lock or messages.</summary>
    public bool IncludeTransient { get; init; }

    /// <summary>Null: <see cref="DefaultPageSize"/>.</summary>
    public int? PageSize { get; init; }

    public string? ContinuationToken { get; init; }

    private static string Normalize(string prefix)
    {
        var full = prefix.StartsWith('@') ? prefix : "@" + prefix;
        var separator = full.IndexOf('@', 1);
        return separator < 0 ? full.ToLowerInvariant() : full[..separator].ToLowerInvariant() + full[separator..];
    }
}

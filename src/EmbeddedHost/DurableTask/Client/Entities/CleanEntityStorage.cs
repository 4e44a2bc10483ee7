namespace Microsoft.DurableTask.Client.Entities;

/// <summary>What to clean, and where to go on.</summary>
public readonly record struct CleanEntityStorageRequest
{
    /// <summary>All that can be cleaned safely at any time.</summary>
    public static CleanEntityStorageRequest Default => new() { RemoveEmptyEntities = true, ReleaseOrphanedLocks = true };

    /// <summary>Whether to remove entities that have no state, no lock and no messages.</summary>
    public bool RemoveEmptyEntities { get; init; }

    /// <summary>Whether to release locks whose owner is neither running nor suspended.</summary>
    public bool ReleaseOrphanedLocks { get; init; }

    public string? ContinuationToken { get; init; }
}

/// <summary>What was cleaned.</summary>
public readonly record struct CleanEntityStorageResult
{
    public int EmptyEntitiesRemoved { get; init; }

    public int OrphanedLocksReleased { get; init; }

    /// <summary>Null when nothing is left to look at.</summary>
    public string? ContinuationToken { get; init; }
}

namespace Microsoft.DurableTask.Entities;

/// <summary>How an entity is called; there is nothing to choose.</summary>
public record CallEntityOptions
{
}

/// <summary>How an entity is signaled.</summary>
public record SignalEntityOptions
{
    /// <summary>When the entity gets the signal; null or past: at once. Signals with a time keep no order among them.</summary>
    public DateTimeOffset? SignalTime { get; init; }

    public static implicit operator SignalEntityOptions?(bool? value) => value == true ? new SignalEntityOptions() : null;

    public static implicit operator SignalEntityOptions(DateTimeOffset value) => new() { SignalTime = value };
}

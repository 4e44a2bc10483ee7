namespace AtomicDevOps.Primitives.Observable;

/// <summary>How an operation shows.</summary>
/// <param name="Operation">Its name in spans, metrics and audit records; one of a few, never made from an input.</param>
public sealed record ObservableOptions<TIn>(string Operation)
{
    public string Operation { get; } = string.IsNullOrWhiteSpace(Operation)
        ? throw new ArgumentException("An observed operation needs a name.", nameof(Operation))
        : Operation;

    /// <summary>Names what the operation is done to, such as a pull request; no secret, as it ends up in spans and audit records.</summary>
    public Func<TIn, string>? Subject { get; init; }

    /// <summary>Whether an audit record is written.</summary>
    public bool Audit { get; init; } = true;
}

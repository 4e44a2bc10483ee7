using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Fallback;

/// <summary>When to go on to the next alternative.</summary>
public sealed record FallbackOptions
{
    /// <summary>Which failures lead to the next alternative; all of them unless set. Cancellation never does.</summary>
    public Func<Failure, bool> ShouldHandle
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
        }
    } = static _ => true;
}

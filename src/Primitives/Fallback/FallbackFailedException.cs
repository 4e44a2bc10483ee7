using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Fallback;

/// <summary>Every alternative failed. The inner exception is the last one's.</summary>
public sealed class FallbackFailedException : Exception
{
    internal FallbackFailedException(IReadOnlyList<Failure> failures, Exception last)
        : base($"All {failures.Count} alternatives failed: {string.Join("; ", failures)}", last)
    {
        Failures = failures;
    }

    /// <summary>One an alternative, in the order of trying.</summary>
    public IReadOnlyList<Failure> Failures { get; }
}

using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Parallel;

/// <summary>A branch of an all-or-nothing fan-out failed. The inner exception is the failure that came first.</summary>
public sealed class ParallelFailedException : Exception
{
    internal ParallelFailedException(IReadOnlyList<BranchFailure> failures, int branches, Exception first)
        : base(
            $"{failures.Count} of {branches} parallel branches failed: {string.Join("; ", failures.Select(failure => $"#{failure.Branch} {failure.Failure}"))}",
            first)
    {
        Failures = failures;
    }

    /// <summary>Every branch that failed, in the branches' order. Those that were cancelled because of it are not among them.</summary>
    public IReadOnlyList<BranchFailure> Failures { get; }
}

/// <param name="Branch">The branch's place, from 0.</param>
/// <param name="Failure">What went wrong in it.</param>
public sealed record BranchFailure(int Branch, Failure Failure);

using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Compensation;

/// <summary>A saga failed, and so did undoing some of what it had done: someone has to look. The inner exception is the saga's failure.</summary>
public sealed class CompensationFailedException : Exception
{
    internal CompensationFailedException(Exception cause, IReadOnlyList<UndoFailure> undoFailures)
        : base(
            $"The saga failed ({Failure.From(cause)}), and these steps could not be undone: {string.Join("; ", undoFailures.Select(undo => $"{undo.Step} ({undo.Failure})"))}",
            cause)
    {
        Cause = Failure.From(cause);
        UndoFailures = undoFailures;
    }

    /// <summary>Why the saga failed.</summary>
    public Failure Cause { get; }

    /// <summary>The undos that failed, in the order they were tried: the last completed step first.</summary>
    public IReadOnlyList<UndoFailure> UndoFailures { get; }
}

/// <param name="Step">The step that is still done.</param>
/// <param name="Failure">Why its undo failed.</param>
public sealed record UndoFailure(string Step, Failure Failure);

using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Compensation;

/// <summary>
/// A saga around any composition whose steps may bring their undo (<see cref="UndoablePrimitive{TIn, TOut, TUndoIn, TUndoOut}"/>).
/// <b>Failure</b>: undoes exactly what was completed, last completed first, and then fails as the composition did; where an undo fails too,
/// the others still run and a <see cref="CompensationFailedException"/> tells both causes.
/// <b>Cancellation</b>: undoes as after a failure; the undos themselves are not cancelled.
/// <b>Replay</b>: the same undos in the same order.
/// A saga inside of another one hands its undos over when it succeeds, so that the outer one can still undo it.
/// </summary>
public sealed class CompensationPrimitive<TIn, TOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly WorkflowPrimitive<TIn, TOut> _primitive;

    public CompensationPrimitive(WorkflowPrimitive<TIn, TOut> primitive)
    {
        ArgumentNullException.ThrowIfNull(primitive);
        _primitive = primitive;
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        var scope = new CompensationScope();
        TOut output;
        try
        {
            output = await _primitive.ExecuteAsync(input, context.WithCompensation(scope));
        }
        catch (Exception exception)
        {
            var failures = await scope.UndoAllAsync(context);
            if (failures.Count > 0)
            {
                throw new CompensationFailedException(exception, failures);
            }

            throw;
        }

        if (context.Compensation is { } outer)
        {
            scope.HandOverTo(outer);
        }

        return output;
    }
}

public static class CompensationComposition
{
    /// <summary>Gives a step its undo; the composition that it belongs to needs <see cref="WithCompensation"/>.</summary>
    /// <param name="primitive">Does it.</param>
    /// <param name="step">What reports and logs call the step.</param>
    /// <param name="undo">Undoes it; idempotent.</param>
    /// <param name="undoInput">Makes the undo's input from the step's input and output.</param>
    public static WorkflowPrimitive<TIn, TOut> WithUndo<TIn, TOut, TUndoIn, TUndoOut>(
        this WorkflowPrimitive<TIn, TOut> primitive, string step, WorkflowPrimitive<TUndoIn, TUndoOut> undo, Func<TIn, TOut, TUndoIn> undoInput) =>
        new UndoablePrimitive<TIn, TOut, TUndoIn, TUndoOut>(step, primitive, undo, undoInput);

    /// <summary>Makes the composition a saga.</summary>
    public static WorkflowPrimitive<TIn, TOut> WithCompensation<TIn, TOut>(this WorkflowPrimitive<TIn, TOut> primitive) =>
        new CompensationPrimitive<TIn, TOut>(primitive);
}

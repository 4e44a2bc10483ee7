using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Compensation;

/// <summary>
/// A step of a saga that brings its undo. Once begun it is waited for, whatever happens around it, because only then it is known whether there
/// is something to undo.
/// <b>Failure</b>: the step's; then there is nothing to undo. <b>Cancellation</b>: not begun once the token is cancelled; after that not told of it.
/// <b>Replay</b>: as the step.
/// </summary>
public sealed class UndoablePrimitive<TIn, TOut, TUndoIn, TUndoOut> : WorkflowPrimitive<TIn, TOut>
{
    private readonly string _step;
    private readonly WorkflowPrimitive<TIn, TOut> _primitive;
    private readonly WorkflowPrimitive<TUndoIn, TUndoOut> _undo;
    private readonly Func<TIn, TOut, TUndoIn> _undoInput;

    /// <param name="step">What reports and logs call the step.</param>
    /// <param name="primitive">Does it.</param>
    /// <param name="undo">Undoes it. It may run more than once and has to be idempotent.</param>
    /// <param name="undoInput">Makes the undo's input from the step's input and output.</param>
    public UndoablePrimitive(
        string step, WorkflowPrimitive<TIn, TOut> primitive, WorkflowPrimitive<TUndoIn, TUndoOut> undo, Func<TIn, TOut, TUndoIn> undoInput)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(step);
        ArgumentNullException.ThrowIfNull(primitive);
        ArgumentNullException.ThrowIfNull(undo);
        ArgumentNullException.ThrowIfNull(undoInput);
        (_step, _primitive, _undo, _undoInput) = (step, primitive, undo, undoInput);
    }

    /// <exception cref="InvalidOperationException">The step runs outside of a saga, where nothing would ever undo it.</exception>
    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        var scope = context.Compensation ?? throw new InvalidOperationException(
            $"Step '{_step}' has an undo but runs outside of a saga. Put {nameof(CompensationComposition.WithCompensation)}() around the composition that it belongs to.");
        context.CancellationToken.ThrowIfCancellationRequested();
        var shielded = context.WithCancellation(CancellationToken.None);
        var output = await _primitive.ExecuteAsync(input, shielded);
        var outside = shielded.WithCompensation(scope: null);
        scope.Add(new(_step, async () => await _undo.ExecuteAsync(_undoInput(input, output), outside)));
        return output;
    }
}

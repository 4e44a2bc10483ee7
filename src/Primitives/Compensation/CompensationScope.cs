using AtomicDevOps.Primitives.Workflow;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Compensation;

/// <summary>The undos of what a running saga has completed, in the order of completion.</summary>
internal sealed class CompensationScope
{
    private readonly Lock _gate = new();
    private readonly List<Undo> _undos = [];

    public void Add(Undo undo)
    {
        lock (_gate)
        {
            _undos.Add(undo);
        }
    }

    public void HandOverTo(CompensationScope outer)
    {
        foreach (var undo in _undos)
        {
            outer.Add(undo);
        }
    }

    /// <summary>Runs every undo, last completed first, and gives those that failed.</summary>
    public async Task<IReadOnlyList<UndoFailure>> UndoAllAsync(WorkflowContext context)
    {
        var logger = context.CreateLogger("AtomicDevOps.Primitives.Compensation");
        var failures = new List<UndoFailure>();
        foreach (var undo in Enumerable.Reverse(_undos))
        {
            try
            {
                await undo.RunAsync();
                logger.LogInformation("Undid {Step} in {Path}", undo.Step, context.Path);
            }
            catch (Exception exception)
            {
                failures.Add(new(undo.Step, Failure.From(exception)));
                logger.LogError(exception, "Could not undo {Step} in {Path}", undo.Step, context.Path);
            }
        }

        return failures;
    }
}

internal sealed record Undo(string Step, Func<Task> RunAsync);

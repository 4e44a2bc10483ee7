using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Parallel;

internal static class FanOut
{
    public static async Task<IReadOnlyList<T>> AllOrNothingAsync<T>(
        IReadOnlyList<Func<WorkflowContext, Task<T>>> branches, FanOutOptions options, WorkflowContext context)
    {
        var outcomes = await RunAsync(branches, options, stopOnFailure: true, context);
        return [.. outcomes.Select(outcome => outcome.Value!)];
    }

    public static async Task<FanOutResult<T>> CollectAsync<T>(
        IReadOnlyList<Func<WorkflowContext, Task<T>>> branches, FanOutOptions options, WorkflowContext context) =>
        new(await RunAsync(branches, options, stopOnFailure: false, context));

    private static async Task<IReadOnlyList<Outcome<T>>> RunAsync<T>(
        IReadOnlyList<Func<WorkflowContext, Task<T>>> branches, FanOutOptions options, bool stopOnFailure, WorkflowContext context)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        using var siblings = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var branchContext = context.WithCancellation(siblings.Token);
        var outcomes = new Outcome<T>?[branches.Count];
        Exception? first = null;
        var last = -1;

        var lanes = new Task[Math.Min(options.MaxConcurrency ?? branches.Count, branches.Count)];
        for (var lane = 0; lane < lanes.Length; lane++)
        {
            lanes[lane] = RunLaneAsync();
        }

        await Task.WhenAll(lanes);

        if (first is not null)
        {
            var failures = outcomes.Index()
                .Where(entry => entry.Item is { Succeeded: false })
                .Select(entry => new BranchFailure(entry.Index, entry.Item!.Failure!));
            throw new ParallelFailedException([.. failures], branches.Count, first);
        }

        return [.. outcomes.Select(outcome => outcome ?? throw new OperationCanceledException(context.CancellationToken))];

        async Task RunLaneAsync()
        {
            for (var branch = Interlocked.Increment(ref last);
                branch < branches.Count && !siblings.IsCancellationRequested;
                branch = Interlocked.Increment(ref last))
            {
                try
                {
                    outcomes[branch] = new(await branches[branch](branchContext), Failure: null);
                }
                catch (OperationCanceledException) when (siblings.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception exception)
                {
                    outcomes[branch] = new(default, Failure.From(exception));
                    if (stopOnFailure)
                    {
                        Interlocked.CompareExchange(ref first, exception, null);
                        siblings.Cancel();
                    }
                }
            }
        }
    }
}

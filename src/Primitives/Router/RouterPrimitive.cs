using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Router;

/// <summary>
/// A selector's key picks one of many, with a default. <b>Failure</b>: the picked step's, or a <see cref="RouteNotFoundException"/> where no
/// route has the key and there is no default. <b>Cancellation</b>: nothing is picked once the token is cancelled.
/// <b>Replay</b>: the selector is asked again, so it has to be a pure function of the input.
/// </summary>
public sealed class RouterPrimitive<TIn, TKey, TOut> : WorkflowPrimitive<TIn, TOut>
    where TKey : notnull
{
    private readonly Func<TIn, TKey> _selector;
    private readonly Dictionary<TKey, WorkflowPrimitive<TIn, TOut>> _routes;
    private readonly WorkflowPrimitive<TIn, TOut>? _default;

    /// <param name="selector">Reads the key off the input.</param>
    /// <param name="routes">The step for each key.</param>
    /// <param name="default">The step for every other key.</param>
    /// <param name="comparer">Tells which keys are the same.</param>
    public RouterPrimitive(
        Func<TIn, TKey> selector,
        IEnumerable<KeyValuePair<TKey, WorkflowPrimitive<TIn, TOut>>> routes,
        WorkflowPrimitive<TIn, TOut>? @default = null,
        IEqualityComparer<TKey>? comparer = null)
    {
        ArgumentNullException.ThrowIfNull(selector);
        ArgumentNullException.ThrowIfNull(routes);
        (_selector, _routes, _default) = (selector, new(routes, comparer), @default);
    }

    public override async Task<TOut> ExecuteAsync(TIn input, WorkflowContext context)
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        var key = _selector(input);
        var picked = _routes.GetValueOrDefault(key) ?? _default
            ?? throw new RouteNotFoundException(key.ToString(), [.. _routes.Keys.Select(known => known.ToString())]);
        return await picked.ExecuteAsync(input, context);
    }
}

using Microsoft.Azure.Functions.Worker.Middleware;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>The layers around every invocation, the first added outermost.</summary>
internal sealed class MiddlewarePipeline
{
    private readonly List<Func<FunctionExecutionDelegate, FunctionExecutionDelegate>> _layers = [];

    public void Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> layer) => _layers.Add(layer);

    public FunctionExecutionDelegate Build(FunctionExecutionDelegate innermost) =>
        Enumerable.Reverse(_layers).Aggregate(innermost, (next, layer) => layer(next));
}

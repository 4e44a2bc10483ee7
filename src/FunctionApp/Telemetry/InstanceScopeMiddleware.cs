using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;

namespace AtomicDevOps.FunctionApp.Telemetry;

/// <summary>Puts the id of the instance into a scope around what is logged by orchestrators, activities and entities.</summary>
internal sealed class InstanceScopeMiddleware(ILogger<InstanceScopeMiddleware> logger) : IFunctionsWorkerMiddleware
{
    private static readonly Func<ILogger, string, IDisposable?> BeginScope = LoggerMessage.DefineScope<string>("InstanceId:{InstanceId}");

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        using var scope = InstanceOf(context) is { } instanceId ? BeginScope(logger, instanceId) : null;
        await next(context);
    }

    /// <summary>Requests have binding data too, of whatever name their callers choose.</summary>
    private static string? InstanceOf(FunctionContext context) =>
        context.BindingContext.BindingData.TryGetValue("instanceId", out var id)
        && id is string instanceId
        && !context.FunctionDefinition.InputBindings.Values.Any(static binding => string.Equals(binding.Type, "httpTrigger", StringComparison.OrdinalIgnoreCase))
            ? instanceId
            : null;
}

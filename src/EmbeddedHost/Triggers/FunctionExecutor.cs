using System.Diagnostics;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Takes every invocation through the middleware to its function.</summary>
internal sealed class FunctionExecutor
{
    /// <summary>The name that tracing subscribes to, as in the real worker.</summary>
    internal const string ActivitySourceName = "Microsoft.Azure.Functions.Worker";

    private static readonly ActivitySource Source = new(ActivitySourceName);
    private static readonly Dictionary<string, object?> NoBindingData = [];
    private static readonly Func<ILogger, string, string, IDisposable?> BeginScope =
        LoggerMessage.DefineScope<string, string>("FunctionName:{FunctionName}, InvocationId:{InvocationId}");

    private readonly FunctionExecutionDelegate _pipeline;
    private readonly IServiceScopeFactory _scopes;
    private readonly ILogger<FunctionExecutor> _logger;

    public FunctionExecutor(MiddlewarePipeline pipeline, IServiceScopeFactory scopes, ILogger<FunctionExecutor> logger)
    {
        _pipeline = pipeline.Build(CallAsync);
        _scopes = scopes;
        _logger = logger;
    }

    /// <summary>Runs in the request's own scope and leaves the response to the caller.</summary>
    public async Task<object?> RunHttpAsync(FunctionDescriptor function, HttpContext request)
    {
        using var activity = StartActivity(function, "http");
        var context = new InvocationContext(
            function, request, request.RequestServices, NewInvocationId(), request.Request.RouteValues.AsReadOnly(), request.RequestAborted);
        context.Items[InvocationContext.HttpContextKey] = request;
        return await RunAsync(context, activity);
    }

    public async Task RunTimerAsync(FunctionDescriptor function, TimerInfo timer, CancellationToken cancellationToken)
    {
        using var activity = StartActivity(function, "timer");
        await using var scope = _scopes.CreateAsyncScope();
        await RunAsync(
            new InvocationContext(function, timer, scope.ServiceProvider, NewInvocationId(), NoBindingData, cancellationToken), activity);
    }

    /// <summary>Runs in the scope that the engine opened for the activity.</summary>
    public async Task<object?> RunActivityAsync(FunctionDescriptor function, ActivityInvocation invocation)
    {
        using var activity = StartActivity(function, "other");
        activity?.SetTag("durabletask.task.instance_id", invocation.InstanceId);
        var bindingData = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = invocation.InstanceId };
        return await RunAsync(
            new InvocationContext(function, invocation, invocation.Services, NewInvocationId(), bindingData, invocation.CancellationToken),
            activity);
    }

    /// <summary>Runs a batch of operations, in the scope that the engine opened for it.</summary>
    public async Task RunEntityAsync(FunctionDescriptor function, EntityInvocation invocation)
    {
        using var activity = StartActivity(function, "other");
        var instanceId = invocation.Id.ToString();
        activity?.SetTag("durabletask.task.instance_id", instanceId);
        var dispatcher = new TaskEntityDispatcher(invocation, invocation.Services);
        var bindingData = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = instanceId };
        await RunAsync(
            new InvocationContext(function, dispatcher, invocation.Services, NewInvocationId(), bindingData, invocation.CancellationToken),
            activity);
    }

    /// <summary>Runs on the orchestrator's own scheduler, once for every replay: hence no span, and an id that replays alike.</summary>
    public async Task<object?> RunOrchestratorAsync(FunctionDescriptor function, TaskOrchestrationContext orchestration)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var bindingData = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = orchestration.InstanceId };
        var context = new InvocationContext(
            function, orchestration, scope.ServiceProvider, orchestration.InstanceId, bindingData, CancellationToken.None);
        await _pipeline(context);
        return context.Result;
    }

    private static async Task CallAsync(FunctionContext context)
    {
        var invocation = (InvocationContext)context;
        invocation.Result = await invocation.Function.InvokeAsync(invocation);
    }

    private static string NewInvocationId() => Guid.NewGuid().ToString();

    private static Activity? StartActivity(FunctionDescriptor function, string trigger)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var activity = Source.StartActivity($"function {function.Name}", ActivityKind.Internal);
        activity?.SetTag("faas.name", function.Name);
        activity?.SetTag("faas.trigger", trigger);
        return activity;
    }

    private async Task<object?> RunAsync(InvocationContext context, Activity? activity)
    {
        activity?.SetTag("faas.invocation_id", context.InvocationId);
        using var scope = BeginScope(_logger, context.Function.Name, context.InvocationId);
        try
        {
            await _pipeline(context);
            return context.Result;
        }
        catch (Exception exception)
        {
            activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().FullName);
            throw;
        }
    }
}

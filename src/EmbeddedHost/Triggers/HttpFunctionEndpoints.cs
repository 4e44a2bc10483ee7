using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Serves the HTTP functions under the route prefix.</summary>
internal sealed class HttpFunctionEndpoints(
    FunctionCatalog catalog,
    FunctionExecutor executor,
    AuthorizationGate gate,
    ShutdownGrace grace,
    FunctionHostOptions options,
    ILogger<HttpFunctionEndpoints> logger)
{
    /// <exception cref="FunctionSetupException">Two functions would answer the same requests.</exception>
    public void Map(IEndpointRouteBuilder endpoints)
    {
        foreach (var (function, trigger) in catalog.With<HttpTriggerAttribute>())
        {
            var pattern = $"{options.RoutePrefix}/{(trigger.Route ?? function.Name).TrimStart('/')}".TrimStart('/');
            RequestDelegate handler = context => HandleAsync(context, function, trigger.AuthLevel);
            var endpoint = trigger.Methods is { Length: > 0 } methods
                ? endpoints.MapMethods(pattern, methods, handler)
                : endpoints.Map(pattern, handler);
            endpoint.WithDisplayName(function.Name).WithMetadata(function);
        }
    }

    /// <exception cref="FunctionSetupException">Two functions would answer the same requests.</exception>
    public static void Check(FunctionCatalog catalog)
    {
        var problems = new List<string>();
        var routes = catalog.With<HttpTriggerAttribute>().Select(pair => (
            pair.Function,
            Shape: Shape(RoutePatternFactory.Parse(pair.Trigger.Route ?? pair.Function.Name)),
            Methods: (pair.Trigger.Methods ?? []).ToHashSet(StringComparer.OrdinalIgnoreCase)));
        foreach (var group in routes.GroupBy(route => route.Shape, StringComparer.OrdinalIgnoreCase))
        {
            var members = group.ToList();
            for (var first = 0; first < members.Count; first++)
            {
                for (var second = first + 1; second < members.Count; second++)
                {
                    if (members[first].Methods.Count == 0
                        || members[second].Methods.Count == 0
                        || members[first].Methods.Overlaps(members[second].Methods))
                    {
                        problems.Add(
                            $"{members[first].Function.EntryPoint} and {members[second].Function.EntryPoint} answer the same route "
                            + $"'{group.Key}' and method. Give one of them another Route, or disjoint methods.");
                    }
                }
            }
        }

        if (problems.Count > 0)
        {
            throw FunctionSetupException.From(problems);
        }
    }

    /// <summary>A template without its parameters' names, which make no difference to what it matches.</summary>
    private static string Shape(RoutePattern pattern) => string.Join('/', pattern.PathSegments.Select(segment => string.Concat(
        segment.Parts.Select(part => part switch
        {
            RoutePatternParameterPart parameter =>
                $"{{{(parameter.IsCatchAll ? "*" : "")}{string.Join(':', parameter.ParameterPolicies.Select(policy => policy.Content))}}}",
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternSeparatorPart separator => separator.Content,
            _ => "",
        }))));

    private async Task HandleAsync(HttpContext context, FunctionDescriptor function, AuthorizationLevel level)
    {
        if (!gate.MayCall(context, level, function.Name))
        {
            await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized);
            return;
        }

        if (context.Request.ContentLength > options.RequestBodyLimit)
        {
            await Problem.WriteAsync(context, StatusCodes.Status413PayloadTooLarge, TooLarge());
            return;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, grace.Over);
        context.RequestAborted = ending.Token;
        try
        {
            await WriteResultAsync(context, await executor.RunHttpAsync(function, context));
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            if (context.Response.HasStarted || !grace.Over.IsCancellationRequested)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The host is stopping. Try again.");
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await Problem.WriteAsync(
                context,
                exception.StatusCode,
                exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge() : exception.Message);
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "Function '{FunctionName}' failed", function.Name);
            Activity.Current?.SetStatus(ActivityStatusCode.Error);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return;
            }

            context.Response.Clear();
            await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError);
        }
    }

    private string TooLarge() => $"The body may have at most {options.RequestBodyLimit} bytes.";

    private static Task WriteResultAsync(HttpContext context, object? result) => result switch
    {
        null => Task.CompletedTask,
        IResult response => response.ExecuteAsync(context),
        IActionResult response => response.ExecuteResultAsync(new ActionContext(context, context.GetRouteData(), new ActionDescriptor())),
        string text => Results.Text(text).ExecuteAsync(context),
        _ => Results.Json(result).ExecuteAsync(context),
    };
}

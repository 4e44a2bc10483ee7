using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.EmbeddedHost.Engine;
using DurableTask.Core.Exceptions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Triggers.Management;

/// <summary>The Durable Functions HTTP API (Microsoft Learn, "HTTP APIs in Durable Functions"), opened by the durable system key.</summary>
internal sealed class ManagementApi(
    FunctionsDurableTaskClient client,
    FunctionRegistry registry,
    DurableTaskEngine engine,
    AuthorizationGate gate,
    FunctionHostOptions options,
    TimeProvider clock,
    ILogger<ManagementApi> logger)
{
    public const string BasePath = "/runtime/webhooks/durabletask";

    public const string ContinuationHeader = "x-ms-continuation-token";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public void Map(IEndpointRouteBuilder endpoints)
    {
        var api = endpoints.MapGroup(BasePath);
        Handle(HttpMethods.Post, "/orchestrators/{name}/{id?}", StartAsync);
        Handle(HttpMethods.Get, "/instances", ListAsync);
        Handle(HttpMethods.Delete, "/instances", PurgeManyAsync);
        Handle(HttpMethods.Get, "/instances/{id}", GetAsync);
        Handle(HttpMethods.Delete, "/instances/{id}", PurgeAsync);
        Handle(HttpMethods.Post, "/instances/{id}/raiseEvent/{eventName}", RaiseEventAsync);
        Handle(HttpMethods.Post, "/instances/{id}/terminate", request => SteerAsync(request, client.TerminateInstanceAsync));
        Handle(HttpMethods.Post, "/instances/{id}/suspend", request => SteerAsync(request, client.SuspendInstanceAsync));
        Handle(HttpMethods.Post, "/instances/{id}/resume", request => SteerAsync(request, client.ResumeInstanceAsync));
        Handle(HttpMethods.Post, "/instances/{id}/rewind", RewindAsync);
        Handle(HttpMethods.Post, "/instances/{id}/restart", RestartAsync);
        new EntityApi(client.Entities, registry).Map(Handle);

        void Handle(string method, string pattern, Func<HttpRequest, Task<IResult>> handler) =>
            api.MapMethods(pattern, [method], context => AnswerAsync(context, handler));
    }

    private static IResult Bad(string detail) => Results.Problem(statusCode: StatusCodes.Status400BadRequest, detail: detail);

    private static string Id(HttpRequest request) => RouteText(request, "id")!;

    /// <summary>Routing decodes all of a segment but its slashes.</summary>
    private static string? RouteText(HttpRequest request, string name) =>
        (request.RouteValues[name] as string)?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private async Task AnswerAsync(HttpContext context, Func<HttpRequest, Task<IResult>> handler)
    {
        if (!gate.MayManage(context))
        {
            await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized);
            return;
        }

        IResult result;
        try
        {
            var hub = context.Request.Query["taskHub"].ToString();
            result = hub.Length == 0 || string.Equals(hub, options.TaskHub, StringComparison.OrdinalIgnoreCase)
                ? await handler(context.Request)
                : Bad($"This host has only the task hub '{options.TaskHub}', not '{hub}'.");
        }
        catch (QueryException exception)
        {
            result = Bad(exception.Message);
        }
        catch (BadHttpRequestException exception)
        {
            result = Results.Problem(statusCode: exception.StatusCode, detail: exception.Message);
        }
        catch (JsonException exception)
        {
            result = Bad($"The body is not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.");
        }
        catch (ArgumentException exception)
        {
            result = Bad(exception.Message);
        }
        catch (Exception exception) when (exception is InvalidOperationException or OrchestrationAlreadyExistsException)
        {
            result = Results.Problem(statusCode: StatusCodes.Status409Conflict, detail: exception.Message);
        }
        catch (NotSupportedException exception)
        {
            result = Results.Problem(statusCode: StatusCodes.Status501NotImplemented, detail: exception.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
            return;
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "{Method} {Path} failed", context.Request.Method, context.Request.Path);
            result = Results.Problem(statusCode: StatusCodes.Status500InternalServerError);
        }

        await result.ExecuteAsync(context);
    }

    private async Task<IResult> StartAsync(HttpRequest request)
    {
        var name = (string)request.RouteValues["name"]!;
        if (!registry.OrchestratorNames.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return Bad($"There is no orchestrator '{name}'. Known: {string.Join(", ", registry.OrchestratorNames.Order(StringComparer.OrdinalIgnoreCase))}.");
        }

        var timeout = Query.Seconds(request, "timeout");
        var input = await ReadJsonAsync(request);
        var id = await client.ScheduleNewOrchestrationInstanceAsync(
            name, input, new StartOrchestrationOptions(RouteText(request, "id")), request.HttpContext.RequestAborted);
        return timeout is { } limit ? await WaitAsync(request, id, limit) : Accepted(request, id);
    }

    /// <summary>200 and the output if the instance ends in time, otherwise as without waiting.</summary>
    private async Task<IResult> WaitAsync(HttpRequest request, string id, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, request.HttpContext.RequestAborted);
        try
        {
            var instance = await client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, either.Token);
            return instance.RuntimeStatus == OrchestrationRuntimeStatus.Completed
                ? Results.Json(InstanceStatusResponse.Payload(instance.SerializedOutput), Json)
                : await GetAsync(request, id);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            return Accepted(request, id);
        }
    }

    private WithLocation Accepted(HttpRequest request, string id)
    {
        var links = client.CreateHttpManagementPayload(id);
        request.HttpContext.Response.Headers.RetryAfter = "10";
        return new WithLocation(Results.Json(links, Json, statusCode: StatusCodes.Status202Accepted), links.StatusQueryGetUri!);
    }

    private Task<IResult> GetAsync(HttpRequest request) => GetAsync(request, Id(request));

    private async Task<IResult> GetAsync(HttpRequest request, string id)
    {
        var showInput = Query.Flag(request, "showInput") ?? true;
        var failureIsError = Query.Flag(request, "returnInternalServerErrorOnFailure") ?? false;
        if (await client.GetInstanceAsync(id, getInputsAndOutputs: true, request.HttpContext.RequestAborted) is not { } instance)
        {
            return Results.NotFound();
        }

        var response = InstanceStatusResponse.From(instance, showInput) with
        {
            HistoryEvents = HistoryOf(request, instance),
            Details = Query.Flag(request, "showDetails") ?? false ? InstanceDetails.Find(engine.Store.Path, instance) : null,
        };
        if (!instance.IsCompleted)
        {
            request.HttpContext.Response.Headers.RetryAfter = "5";
            return new WithLocation(
                Results.Json(response, Json, statusCode: StatusCodes.Status202Accepted),
                $"{request.Scheme}://{request.Host}{request.Path}{request.QueryString}");
        }

        return Results.Json(response, Json, statusCode: failureIsError && instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed
            ? StatusCodes.Status500InternalServerError
            : StatusCodes.Status200OK);
    }

    private List<JsonObject>? HistoryOf(HttpRequest request, OrchestrationMetadata instance)
    {
        var showOutput = Query.Flag(request, "showHistoryOutput") ?? false;
        return (Query.Flag(request, "showHistory") ?? false) && engine.Store.Find(instance.InstanceId) is { } state
            ? HistoryView.Of(instance, engine.Store.History(state.Sequence), showOutput)
            : null;
    }

    private async Task<IResult> ListAsync(HttpRequest request)
    {
        var showInput = Query.Flag(request, "showInput") ?? true;
        var query = new OrchestrationQuery(
            Query.Time(request, "createdTimeFrom"),
            Query.Time(request, "createdTimeTo"),
            Query.Statuses(request, "runtimeStatus"),
            InstanceIdPrefix: Query.Text(request, "instanceIdPrefix"),
            PageSize: Query.Number(request, "top", 1, 1000) ?? OrchestrationQuery.DefaultPageSize,
            FetchInputsAndOutputs: true);
        var token = request.Headers[ContinuationHeader].ToString();
        var (instances, next) = await ReadAsync(
            query, token.Length == 0 ? null : token, Query.Text(request, "name"), request.HttpContext.RequestAborted);
        if (next is not null)
        {
            request.HttpContext.Response.Headers[ContinuationHeader] = next;
        }

        return Results.Json(instances.Select(instance => InstanceStatusResponse.From(instance, showInput)), Json);
    }

    /// <summary>As many as fit a page, and where the next one begins.</summary>
    /// <param name="name">Leaves out the instances of other orchestrators; null for none. The real API has no such filter.</param>
    private async Task<(List<OrchestrationMetadata> Instances, string? Next)> ReadAsync(
        OrchestrationQuery query, string? token, string? name, CancellationToken cancellation)
    {
        var found = new List<OrchestrationMetadata>();
        do
        {
            await using var pages = client.GetAllInstancesAsync(query).AsPages(token, query.PageSize - found.Count).GetAsyncEnumerator(cancellation);
            if (!await pages.MoveNextAsync())
            {
                return (found, null);
            }

            token = pages.Current.ContinuationToken;
            found.AddRange(pages.Current.Values.Where(
                instance => name is null || string.Equals(instance.Name, name, StringComparison.OrdinalIgnoreCase)));
        }
        while (token is not null && found.Count < query.PageSize);

        return (found, token);
    }

    private async Task<IResult> PurgeAsync(HttpRequest request)
    {
        var result = await client.PurgeInstanceAsync(Id(request), request.HttpContext.RequestAborted);
        return Purged(result);
    }

    private async Task<IResult> PurgeManyAsync(HttpRequest request)
    {
        if (Query.Time(request, "createdTimeFrom") is not { } from)
        {
            return Bad("'createdTimeFrom' is required, such as 2026-01-31T00:00:00Z.");
        }

        var filter = new PurgeInstancesFilter(from, Query.Time(request, "createdTimeTo") ?? clock.GetUtcNow(), Query.Statuses(request, "runtimeStatus"));
        return Purged(await client.PurgeAllInstancesAsync(filter, request.HttpContext.RequestAborted));
    }

    private static IResult Purged(PurgeResult result) => result.PurgedInstanceCount == 0
        ? Results.NotFound()
        : Results.Json(new { instancesDeleted = result.PurgedInstanceCount }, Json);

    private async Task<IResult> RaiseEventAsync(HttpRequest request)
    {
        if (!request.HasJsonContentType())
        {
            return Bad("Send the event's payload as JSON, with Content-Type: application/json.");
        }

        var payload = await ReadJsonAsync(request);
        var eventName = RouteText(request, "eventName")!;
        return await WhileUnfinishedAsync(request, id => client.RaiseEventAsync(id, eventName, payload, request.HttpContext.RequestAborted));
    }

    private Task<IResult> SteerAsync(HttpRequest request, Func<string, string?, CancellationToken, Task> action) =>
        WhileUnfinishedAsync(request, id => action(id, Query.Text(request, "reason"), request.HttpContext.RequestAborted));

    private async Task<IResult> WhileUnfinishedAsync(HttpRequest request, Func<string, Task> action)
    {
        var id = Id(request);
        switch (await client.GetInstanceAsync(id, request.HttpContext.RequestAborted))
        {
            case null:
                return Results.NotFound();
            case { IsCompleted: true }:
                return Results.StatusCode(StatusCodes.Status410Gone);
            default:
                await action(id);
                return Results.StatusCode(StatusCodes.Status202Accepted);
        }
    }

    private async Task<IResult> RewindAsync(HttpRequest request)
    {
        var id = Id(request);
        switch (await client.GetInstanceAsync(id, request.HttpContext.RequestAborted))
        {
            case null:
                return Results.NotFound();
            case { IsCompleted: true, RuntimeStatus: not OrchestrationRuntimeStatus.Failed }:
                return Results.StatusCode(StatusCodes.Status410Gone);
            default:
                await client.RewindInstanceAsync(id, Query.Text(request, "reason") ?? "", request.HttpContext.RequestAborted);
                return Results.StatusCode(StatusCodes.Status202Accepted);
        }
    }

    private async Task<IResult> RestartAsync(HttpRequest request)
    {
        var id = Id(request);
        if (await client.GetInstanceAsync(id, request.HttpContext.RequestAborted) is null)
        {
            return Results.NotFound();
        }

        var asNew = Query.Flag(request, "restartWithNewInstanceId") ?? true;
        return Accepted(request, await client.RestartAsync(id, asNew, request.HttpContext.RequestAborted));
    }

    /// <returns>Null for an empty body.</returns>
    private static async Task<JsonElement?> ReadJsonAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        if (body.Length == 0)
        {
            return null;
        }

        using var document = JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
        return document.RootElement.Clone();
    }

    private sealed class WithLocation(IResult inner, string location) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.Location = location;
            return inner.ExecuteAsync(httpContext);
        }
    }

    private sealed class QueryException(string message) : Exception(message);

    internal static class Query
    {
        public static string? Text(HttpRequest request, string name) =>
            request.Query[name].ToString() is { Length: > 0 } text ? text : null;

        public static bool? Flag(HttpRequest request, string name) => Text(request, name) switch
        {
            null => null,
            var text when bool.TryParse(text, out var flag) => flag,
            var text => throw new QueryException($"'{name}' is '{text}'. Use true or false."),
        };

        public static int? Number(HttpRequest request, string name, int minimum, int maximum) => Text(request, name) switch
        {
            null => null,
            var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= minimum
                && number <= maximum => number,
            var text => throw new QueryException($"'{name}' is '{text}'. Use a whole number from {minimum} to {maximum}."),
        };

        public static TimeSpan? Seconds(HttpRequest request, string name) => Text(request, name) switch
        {
            null => null,
            var text when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
                && seconds <= 3600 => TimeSpan.FromSeconds(seconds),
            var text => throw new QueryException($"'{name}' is '{text}'. Use seconds, at most 3600."),
        };

        public static DateTimeOffset? Time(HttpRequest request, string name) => Text(request, name) switch
        {
            null => null,
            var text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time,
            var text => throw new QueryException($"'{name}' is '{text}'. Use ISO 8601, such as 2026-01-31T00:00:00Z."),
        };

        /// <summary>Several values, or one with commas.</summary>
        public static List<OrchestrationRuntimeStatus>? Statuses(HttpRequest request, string name)
        {
            var names = request.Query[name]
                .SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                .ToList();
            return names.Count == 0 ? null : names.ConvertAll(status =>
                Enum.TryParse<OrchestrationRuntimeStatus>(status, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) && !char.IsAsciiDigit(status[0])
                    ? parsed
                    : throw new QueryException(
                        $"'{name}' has '{status}'. Use {string.Join(", ", Enum.GetNames<OrchestrationRuntimeStatus>())}."));
        }
    }
}

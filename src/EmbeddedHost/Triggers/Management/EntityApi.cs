using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Triggers.Management;

/// <summary>The part of the Durable Functions HTTP API that lists, reads and signals entities.</summary>
internal sealed class EntityApi(DurableEntityClient client, FunctionRegistry registry)
{
    /// <summary>Stands for the empty key in the path of a read.</summary>
    private const string EmptyKey = "$";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <param name="handle">Takes a method, a path below the API's base, and what answers it.</param>
    public void Map(Action<string, string, Func<HttpRequest, Task<IResult>>> handle)
    {
        handle(HttpMethods.Get, "/entities/{name?}", ListAsync);
        handle(HttpMethods.Get, "/entities/{name}/{key}", GetAsync);
        handle(HttpMethods.Post, "/entities/{name}/{key?}", SignalAsync);
        handle(HttpMethods.Delete, "/entities/{name}/{key?}", DeleteAsync);
    }

    private static string? RouteText(HttpRequest request, string name)
        => (request.RouteValues[name] as string)?.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private async Task<IResult> ListAsync(HttpRequest request)
    {
        var pageSize = ManagementApi.Query.Number(request, "top", 1, 1000) ?? EntityQuery.DefaultPageSize;
        var query = new EntityQuery
        {
            InstanceIdStartsWith = RouteText(request, "name") is { } name ? new EntityInstanceId(name, "").ToString() : null,
            LastModifiedFrom = ManagementApi.Query.Time(request, "lastOperationTimeFrom"),
            LastModifiedTo = ManagementApi.Query.Time(request, "lastOperationTimeTo"),
            IncludeState = ManagementApi.Query.Flag(request, "fetchState") ?? false,
        };
        var token = request.Headers[ManagementApi.ContinuationHeader].ToString();
        var pages = client.GetAllEntitiesAsync(query).AsPages(token.Length == 0 ? null : token, pageSize);
        await using var page = pages.GetAsyncEnumerator(request.HttpContext.RequestAborted);
        await page.MoveNextAsync();
        if (page.Current.ContinuationToken is { } next)
        {
            request.HttpContext.Response.Headers[ManagementApi.ContinuationHeader] = next;
        }

        return Results.Json(page.Current.Values.Select(Describe), Json);
    }

    private static JsonObject Describe(EntityMetadata entity) => new()
    {
        ["entityId"] = new JsonObject { ["name"] = entity.Id.Name, ["key"] = entity.Id.Key },
        ["lastOperationTime"] = entity.LastModifiedTime.UtcDateTime,
        ["state"] = entity.IncludesState ? InstanceStatusResponse.Payload(entity.State.Value) : null,
    };

    private async Task<IResult> GetAsync(HttpRequest request)
    {
        var key = RouteText(request, "key")!;
        var id = new EntityInstanceId(RouteText(request, "name")!, string.Equals(key, EmptyKey, StringComparison.Ordinal) ? "" : key);
        return await client.GetEntityAsync(id, request.HttpContext.RequestAborted) is { IncludesState: true } entity
            ? Results.Json(InstanceStatusResponse.Payload(entity.State.Value), Json)
            : Results.NotFound();
    }

    private async Task<IResult> SignalAsync(HttpRequest request)
    {
        if (request.Query["op"].ToString() is not { Length: > 0 } operation)
        {
            return Results.Problem(
                statusCode: StatusCodes.Status400BadRequest, detail: "Name the operation in the query: '?op=add', say.");
        }

        return await SignalAsync(request, operation, await ReadInputAsync(request));
    }

    private async Task<IResult> DeleteAsync(HttpRequest request) => await SignalAsync(request, "delete", await ReadInputAsync(request));

    private async Task<IResult> SignalAsync(HttpRequest request, string operation, object? input)
    {
        var id = new EntityInstanceId(RouteText(request, "name")!, RouteText(request, "key") ?? "");
        if (!registry.EntityNames.Contains(id.Name, StringComparer.OrdinalIgnoreCase))
        {
            var known = string.Join(", ", registry.EntityNames.Order(StringComparer.OrdinalIgnoreCase));
            return Results.Problem(
                statusCode: StatusCodes.Status400BadRequest,
                detail: $"There is no entity '{id.Name}'. Known: {(known.Length == 0 ? "none" : known)}.");
        }

        await client.SignalEntityAsync(id, operation, input, cancellation: request.HttpContext.RequestAborted);
        return Results.StatusCode(StatusCodes.Status202Accepted);
    }

    /// <returns>Null for an empty body, JSON if it says that it is, otherwise its text.</returns>
    private static async Task<object?> ReadInputAsync(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body);
        var text = await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
        if (text.Length == 0)
        {
            return null;
        }

        return request.HasJsonContentType() ? JsonSerializer.Deserialize<JsonElement>(text) : text;
    }
}

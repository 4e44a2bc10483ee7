using System.Globalization;
using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Store;
using AtomicDevOps.LocalForge.Webhooks;

namespace AtomicDevOps.LocalForge.Api;

internal static class HookEndpoints
{
    public static void Map(IEndpointRouteBuilder repository)
    {
        var hooks = repository.MapGroup("/hooks");
        hooks.MapGet("", List);
        hooks.MapPost("", CreateAsync);
        hooks.MapGet("/{id:long}", Get);
        hooks.MapPatch("/{id:long}", UpdateAsync);
        hooks.MapDelete("/{id:long}", DeleteAsync);
        hooks.MapPost("/{id:long}/pings", PingAsync);
        hooks.MapGet("/{id:long}/deliveries", ListDeliveries);
        hooks.MapGet("/{id:long}/deliveries/{delivery:long}", GetDelivery);
        hooks.MapPost("/{id:long}/deliveries/{delivery:long}/attempts", RedeliverAsync);
    }

    private static JsonRenderer Show(ApiCall call) => new(call.Forge, call.Links);

    /// <summary>Whoever may not administer a repository does not learn that it has webhooks.</summary>
    private static User RequireAdmin(RepositoryCall call)
    {
        var user = call.RequireUser();
        return call.Permission >= Permission.Admin ? user : throw ApiException.NotFound();
    }

    private static Hook Find(RepositoryCall call) =>
        call.Store.Hooks.Find(call.RouteNumber("id")) is { } hook && hook.RepositoryId == call.Repository.Id
            ? hook
            : throw ApiException.NotFound();

    private static IResult List(RepositoryCall call)
    {
        RequireAdmin(call);
        var show = Show(call);
        return call.Page(call.Store.Hooks.All.Where(hook => hook.RepositoryId == call.Repository.Id), hook => show.Hook(hook));
    }

    private static async Task<IResult> CreateAsync(RepositoryCall call)
    {
        var user = RequireAdmin(call);
        var body = await call.ReadAsync<WriteHook>();
        var url = RequireUrl(body.Config?.Url ?? throw ApiException.Invalid(ApiError.Missing("Hook", "config.url")));
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        if (call.Store.Hooks.FirstOrDefault(hook => hook.RepositoryId == call.Repository.Id && hook.Url == url) is not null)
        {
            throw ApiException.Invalid(ApiError.Custom("Hook", "Hook already exists on this repository"));
        }

        var hook = write.Put(call.Store.Hooks, Change(call, new Hook(write.NextId(), call.Repository.Id, url, call.Forge.Now), body));
        call.Service<WebhookPublisher>().Ping(write, hook, user);
        write.Commit();
        var json = Show(call).Hook(hook);
        return call.Created(json, json["url"]!.GetValue<string>());
    }

    private static IResult Get(RepositoryCall call)
    {
        RequireAdmin(call);
        return ApiCall.Json(Show(call).Hook(Find(call)));
    }

    private static async Task<IResult> UpdateAsync(RepositoryCall call)
    {
        RequireAdmin(call);
        var body = await call.ReadAsync<WriteHook>();
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        var hook = write.Put(call.Store.Hooks, Change(call, Find(call), body));
        write.Commit();
        return ApiCall.Json(Show(call).Hook(hook));
    }

    private static async Task<IResult> DeleteAsync(RepositoryCall call)
    {
        RequireAdmin(call);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        write.Delete(call.Store.Hooks, Find(call));
        write.Commit();
        return Results.NoContent();
    }

    private static async Task<IResult> PingAsync(RepositoryCall call)
    {
        var user = RequireAdmin(call);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        call.Service<WebhookPublisher>().Ping(write, Find(call), user);
        write.Commit();
        return Results.NoContent();
    }

    private static IResult ListDeliveries(RepositoryCall call)
    {
        RequireAdmin(call);
        var hook = Find(call);
        var (_, size) = call.ReadPaging();
        var all = call.Store.Deliveries.All
            .Where(delivery => delivery.HookId == hook.Id && delivery.DeliveredAt is not null)
            .Reverse()
            .ToList();
        var before = long.TryParse(call.Query("cursor"), CultureInfo.InvariantCulture, out var cursor) ? cursor : long.MaxValue;
        var page = all.Where(delivery => delivery.Id < before).Take(size).ToList();
        if (page is [.., var last] && all[^1].Id < last.Id)
        {
            call.Http.Response.Headers.Link = string.Create(
                CultureInfo.InvariantCulture,
                $"<{call.Url}/hooks/{hook.Id}/deliveries?per_page={size}&cursor={last.Id}>; rel=\"next\"");
        }

        return ApiCall.Json(GitHubJson.Array(page, JsonRenderer.Delivery));
    }

    private static IResult GetDelivery(RepositoryCall call)
    {
        RequireAdmin(call);
        return ApiCall.Json(JsonRenderer.FullDelivery(FindDelivery(call, Find(call))));
    }

    private static async Task<IResult> RedeliverAsync(RepositoryCall call)
    {
        RequireAdmin(call);
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        call.Service<WebhookPublisher>().Redeliver(write, FindDelivery(call, Find(call)));
        write.Commit();
        return ApiCall.Json(new JsonObject(), StatusCodes.Status202Accepted);
    }

    private static Delivery FindDelivery(RepositoryCall call, Hook hook) =>
        call.Store.Deliveries.Find(call.RouteNumber("delivery")) is { } delivery && delivery.HookId == hook.Id
            ? delivery
            : throw ApiException.NotFound();

    private static Hook Change(RepositoryCall call, Hook hook, WriteHook body) => hook with
    {
        Url = body.Config?.Url is { } url ? RequireUrl(url) : hook.Url,
        Secret = body.Config?.Secret ?? hook.Secret,
        ContentType = body.Config?.ContentType switch
        {
            null => hook.ContentType,
            "json" or "form" => body.Config.ContentType,
            _ => throw ApiException.Invalid(ApiError.Invalid("Hook", "config.content_type")),
        },
        InsecureSsl = body.Config?.InsecureSsl?.ToString() ?? hook.InsecureSsl,
        Events = body.Events ?? [.. hook.Events.Union(body.AddEvents ?? [], StringComparer.Ordinal).Except(body.RemoveEvents ?? [], StringComparer.Ordinal)],
        Active = body.Active ?? hook.Active,
        UpdatedAt = call.Forge.Now,
    };

    private static string RequireUrl(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var parsed) && parsed.Scheme is "http" or "https"
            ? url
            : throw ApiException.Invalid(ApiError.Invalid("Hook", "config.url", "is not an http or https URL"));

    private sealed record WriteHook(
        WriteConfig? Config,
        IReadOnlyList<string>? Events,
        IReadOnlyList<string>? AddEvents,
        IReadOnlyList<string>? RemoveEvents,
        bool? Active);

    private sealed record WriteConfig(string? Url, string? ContentType, string? Secret, JsonNode? InsecureSsl);
}

using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;

namespace AtomicDevOps.LocalForge.Api;

/// <summary>The caller, other users, the rate limit, and what the forge says about itself.</summary>
internal static class RootEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/user", GetCaller);
        api.MapGet("/users/{username}", GetUser);
        api.MapGet("/rate_limit", GetRateLimit);
        api.MapGet("/meta", GetMeta);
    }

    private static IResult GetCaller(RootCall call) =>
        ApiCall.Json(new JsonRenderer(call.Forge, call.Links).PublicUser(call.RequireUser()));

    private static IResult GetUser(RootCall call) => ApiCall.Json(
        new JsonRenderer(call.Forge, call.Links).PublicUser(call.Forge.FindUser(call.Route("username")) ?? throw ApiException.NotFound()));

    private static IResult GetRateLimit(RootCall call)
    {
        var limit = call.Service<RateLimiter>().Current(call.Caller);
        JsonObject Core() => new()
        {
            ["limit"] = limit.Limit,
            ["used"] = limit.Used,
            ["remaining"] = limit.Remaining,
            ["reset"] = limit.Reset.ToUnixTimeSeconds(),
        };
        return ApiCall.Json(new JsonObject
        {
            ["resources"] = new JsonObject { ["core"] = Core(), ["search"] = Core() },
            ["rate"] = Core(),
        });
    }

    private static IResult GetMeta(RootCall call) => ApiCall.Json(new JsonObject
    {
        ["verifiable_password_authentication"] = false,
        ["hooks"] = new JsonArray("127.0.0.1/32"),
        ["web"] = new JsonArray("127.0.0.1/32"),
        ["api"] = new JsonArray("127.0.0.1/32"),
        ["git"] = new JsonArray("127.0.0.1/32"),
    });
}

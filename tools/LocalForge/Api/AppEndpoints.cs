using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Administration;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Api.Representations;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api;

/// <summary>What a GitHub App does as itself, proved by a JWT that its private key signed.</summary>
internal static class AppEndpoints
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromHours(1);

    private static readonly TimeSpan LongestJwt = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/app", GetApp);
        api.MapGet("/app/installations", ListInstallations);
        api.MapGet("/app/installations/{id:long}", GetInstallation);
        api.MapPost("/app/installations/{id:long}/access_tokens", CreateTokenAsync);
    }

    public static IResult GetRepositoryInstallation(RepositoryCall call)
    {
        var app = Authenticate(call);
        var installation = call.Store.Installations.FirstOrDefault(candidate => candidate.AppId == app.Id
            && candidate.AccountId == call.Repository.OwnerId
            && (candidate.RepositoryIds?.Contains(call.Repository.Id) ?? true)) ?? throw ApiException.NotFound();
        return ApiCall.Json(new JsonRenderer(call.Forge, call.Links).Installation(installation));
    }

    private static IResult GetApp(RootCall call) => ApiCall.Json(new JsonRenderer(call.Forge, call.Links).App(Authenticate(call)));

    private static IResult ListInstallations(RootCall call)
    {
        var app = Authenticate(call);
        var show = new JsonRenderer(call.Forge, call.Links);
        return call.Page(call.Store.Installations.All.Where(installation => installation.AppId == app.Id), show.Installation);
    }

    private static IResult GetInstallation(RootCall call) =>
        ApiCall.Json(new JsonRenderer(call.Forge, call.Links).Installation(FindInstallation(call)));

    private static async Task<IResult> CreateTokenAsync(RootCall call)
    {
        var installation = FindInstallation(call);
        var body = await call.ReadAsync(new WriteToken(null, null));
        var repositories = SelectRepositories(call, installation, body);
        var token = ForgeAdministration.GenerateToken("ghs_");
        var expires = call.Forge.Now + TokenLifetime;
        using var write = await call.Store.BeginWriteAsync(call.Aborted);
        write.Put(
            call.Store.Tokens,
            new AccessToken(write.NextId(), Authentication.Hash(token), call.Store.Apps[installation.AppId].BotUserId)
            {
                InstallationId = installation.Id,
                RepositoryIds = repositories,
                ExpiresAt = expires,
            });
        write.Commit();
        return ApiCall.Json(
            new JsonObject
            {
                ["token"] = token,
                ["expires_at"] = GitHubJson.Time(expires),
                ["permissions"] = JsonRenderer.AppPermissions(),
                ["repository_selection"] = repositories is null && installation.RepositoryIds is null ? "all" : "selected",
            },
            StatusCodes.Status201Created);
    }

    private static long[]? SelectRepositories(RootCall call, Installation installation, WriteToken body)
    {
        if (body.Repositories is null && body.RepositoryIds is null)
        {
            return null;
        }

        var named = (body.Repositories ?? []).Select(name => call.Store.Repositories.FirstOrDefault(repository =>
            repository.OwnerId == installation.AccountId && repository.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Id);
        long?[] all = [.. named, .. (body.RepositoryIds ?? []).Select(id => (long?)id)];
        return all.All(id => id is { } known && (installation.RepositoryIds?.Contains(known) ?? call.Store.Repositories.Find(known)?.OwnerId == installation.AccountId))
            ? [.. all.Select(id => id!.Value)]
            : throw ApiException.Unprocessable("There is at least one repository that does not exist or is not accessible to the parent installation.");
    }

    private static Installation FindInstallation(RootCall call)
    {
        var app = Authenticate(call);
        return call.Store.Installations.Find(call.RouteNumber("id")) is { } installation && installation.AppId == app.Id
            ? installation
            : throw ApiException.NotFound();
    }

    /// <summary>Checks the JWT as GitHub does: RS256, not expired, issued by a known app, valid for ten minutes at most.</summary>
    private static App Authenticate(ApiCall call)
    {
        var jwt = Authentication.ReadSecret(call.Http.Request.Headers.Authorization.ToString());
        if (jwt?.Split('.') is not [var header, var claims, var signature])
        {
            throw Undecodable();
        }

        try
        {
            var algorithm = (string?)JsonNode.Parse(Decode(header))?["alg"];
            var claim = JsonNode.Parse(Decode(claims))!.AsObject();
            var issuer = claim["iss"]?.ToString();
            var app = call.Store.Apps.FirstOrDefault(candidate => issuer == Webhooks.WebhookPublisher.Number(candidate.Id));
            if (algorithm != "RS256" || app is null || app.PublicKeyPem.Length == 0)
            {
                throw Undecodable();
            }

            using var key = RSA.Create();
            key.ImportFromPem(app.PublicKeyPem);
            if (!key.VerifyData(
                Encoding.ASCII.GetBytes($"{header}.{claims}"), Decode(signature), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            {
                throw Undecodable();
            }

            CheckTimes(call, claim);
            return app;
        }
        catch (Exception problem) when (problem is JsonException or FormatException or InvalidOperationException)
        {
            throw Undecodable();
        }
    }

    private static void CheckTimes(ApiCall call, JsonObject claim)
    {
        var now = call.Forge.Now;
        var issued = DateTimeOffset.FromUnixTimeSeconds((long)claim["iat"]!);
        var expires = DateTimeOffset.FromUnixTimeSeconds((long)claim["exp"]!);
        if (expires <= now)
        {
            throw new ApiException(StatusCodes.Status401Unauthorized, "'Expiration time' claim ('exp') is too far in the past");
        }

        if (expires > now + LongestJwt + ClockSkew)
        {
            throw new ApiException(StatusCodes.Status401Unauthorized, "'Expiration time' claim ('exp') is too far in the future");
        }

        if (issued > now + ClockSkew)
        {
            throw new ApiException(
                StatusCodes.Status401Unauthorized,
                "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
        }
    }

    private static byte[] Decode(string base64Url) => System.Buffers.Text.Base64Url.DecodeFromChars(base64Url);

    private static ApiException Undecodable() => new(StatusCodes.Status401Unauthorized, "A JSON web token could not be decoded");

    private sealed record WriteToken(IReadOnlyList<string>? Repositories, IReadOnlyList<long>? RepositoryIds);
}

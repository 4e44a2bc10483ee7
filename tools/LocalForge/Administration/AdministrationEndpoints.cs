using System.Text;
using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Alerts;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Faults;

namespace AtomicDevOps.LocalForge.Administration;

/// <summary><see cref="ForgeAdministration"/> and <see cref="ForgeFaults"/> over HTTP, where the options say so.</summary>
internal static class AdministrationEndpoints
{
    public const string Prefix = "/_forge";

    public static void Map(IEndpointRouteBuilder root)
    {
        var group = root.MapGroup(Prefix);
        group.MapPost("/users", CreateUserAsync);
        group.MapPost("/tokens", CreateTokenAsync);
        group.MapPost("/repositories", CreateRepositoryAsync);
        group.MapPost("/collaborators", AddCollaboratorAsync);
        group.MapPost("/apps", InstallAppAsync);
        group.MapPost("/code-scanning", SetCodeScanningAsync);
        group.MapPost("/alerts", RaiseAlertAsync);
        group.MapPost("/faults", InjectFaultAsync);
        group.MapDelete("/faults", LiftFaults);
    }

    private static async Task<IResult> CreateUserAsync(RootCall call, ForgeAdministration administration)
    {
        var body = await call.ReadAsync<NewUser>();
        return await RunAsync(async () =>
        {
            await administration.CreateUserAsync(body.Login ?? "", body.Name, body.Email, call.Aborted);
            return new JsonObject { ["login"] = body.Login };
        });
    }

    private static async Task<IResult> CreateTokenAsync(RootCall call, ForgeAdministration administration)
    {
        var body = await call.ReadAsync<NewToken>();
        return await RunAsync(async () => new JsonObject
        {
            ["token"] = await administration.CreateTokenAsync(
                body.Login ?? "", body.Repositories, body.ReadOnly ?? false, body.ExpiresAt, call.Aborted),
        });
    }

    private static async Task<IResult> CreateRepositoryAsync(RootCall call, ForgeAdministration administration)
    {
        var body = await call.ReadAsync<NewRepository>();
        var name = body.FullName ?? "";
        return await RunAsync(async () =>
        {
            if (body.Directory is not null)
            {
                await administration.CreateRepositoryFromDirectoryAsync(name, body.Directory, body.Private ?? false, call.Aborted);
            }
            else
            {
                var files = body.Files?.ToDictionary(file => file.Key, file => Encoding.UTF8.GetBytes(file.Value), StringComparer.Ordinal);
                await administration.CreateRepositoryAsync(name, files, body.Private ?? false, call.Aborted);
            }

            return new JsonObject { ["full_name"] = name, ["clone_url"] = $"{call.Forge.Links.WebRepository(name)}.git" };
        });
    }

    private static async Task<IResult> AddCollaboratorAsync(RootCall call, ForgeAdministration administration)
    {
        var body = await call.ReadAsync<NewCollaborator>();
        return await RunAsync(async () =>
        {
            await administration.AddCollaboratorAsync(body.FullName ?? "", body.Login ?? "", body.Permission ?? "", call.Aborted);
            return [];
        });
    }

    private static async Task<IResult> InstallAppAsync(RootCall call, ForgeAdministration administration)
    {
        var body = await call.ReadAsync<NewApp>();
        return await RunAsync(async () =>
        {
            var (app, installation) = await administration.InstallAppAsync(
                body.Slug ?? "", body.Account ?? "", body.PublicKeyPem ?? "", call.Aborted);
            return new JsonObject { ["app_id"] = app, ["installation_id"] = installation };
        });
    }

    private static async Task<IResult> SetCodeScanningAsync(RootCall call, ForgeAdministration administration)
    {
        var body = await call.ReadAsync<CodeScanningSwitch>();
        return await RunAsync(async () =>
        {
            await administration.SetCodeScanningAsync(body.FullName ?? "", body.Enabled ?? true, call.Aborted);
            return [];
        });
    }

    private static async Task<IResult> RaiseAlertAsync(RootCall call, ForgeAdministration administration)
    {
        var body = await call.ReadAsync<NewAlert>();
        var action = body.Action ?? "created";
        return await RunAsync(async () =>
        {
            SecurityAlert alert = body.Event switch
            {
                "dependabot_alert" => new DependabotAlert(action, body.Ecosystem ?? "pip", body.Package ?? "package"),
                "code_scanning_alert" => new CodeScanningAlert(action, body.Tool ?? "CodeQL", body.Rule ?? "rule") { Branch = body.Branch },
                "secret_scanning_alert" => new SecretScanningAlert(action, body.SecretType ?? "github_personal_access_token"),
                _ => throw ApiException.Unprocessable("event is not one of dependabot_alert, code_scanning_alert, secret_scanning_alert."),
            };
            return new JsonObject { ["number"] = await administration.RaiseAlertAsync(body.FullName ?? "", alert, call.Aborted) };
        });
    }

    private static async Task<IResult> InjectFaultAsync(RootCall call)
    {
        var body = await call.ReadAsync<NewFault>();
        if (!Enum.TryParse<FaultKind>(body.Kind, ignoreCase: true, out var kind))
        {
            throw ApiException.Unprocessable($"kind is not one of {string.Join(", ", Enum.GetNames<FaultKind>())}.");
        }

        var fault = new Fault(kind) { Method = body.Method, PathContains = body.PathContains, Times = body.Times };
        fault = body.StatusCode is { } status ? fault with { StatusCode = status } : fault;
        fault = body.DelaySeconds is { } delay ? fault with { Delay = TimeSpan.FromSeconds(delay) } : fault;
        var inForce = call.Forge.Faults.Inject(fault, body.DurationSeconds is { } duration ? TimeSpan.FromSeconds(duration) : null);
        return call.Created(new JsonObject { ["id"] = inForce.Id.ToString() });
    }

    private static IResult LiftFaults(RootCall call)
    {
        call.Forge.Faults.LiftAll();
        return Results.NoContent();
    }

    private static async Task<IResult> RunAsync(Func<Task<JsonObject>> action)
    {
        try
        {
            return ApiCall.Json(await action(), StatusCodes.Status201Created);
        }
        catch (Exception problem) when (problem is ArgumentException or IOException)
        {
            throw ApiException.Unprocessable(problem.Message);
        }
    }

    private sealed record NewUser(string? Login, string? Name, string? Email);

    private sealed record NewToken(string? Login, IReadOnlyList<string>? Repositories, bool? ReadOnly, DateTimeOffset? ExpiresAt);

    private sealed record NewRepository(string? FullName, string? Directory, IReadOnlyDictionary<string, string>? Files, bool? Private);

    private sealed record NewCollaborator(string? FullName, string? Login, string? Permission);

    private sealed record NewApp(string? Slug, string? Account, string? PublicKeyPem);

    private sealed record CodeScanningSwitch(string? FullName, bool? Enabled);

    private sealed record NewAlert(
        string? FullName, string? Event, string? Action, string? Ecosystem, string? Package, string? Tool, string? Rule, string? Branch, string? SecretType);

    private sealed record NewFault(
        string? Kind, int? StatusCode, double? DelaySeconds, double? DurationSeconds, string? Method, string? PathContains, int? Times);
}

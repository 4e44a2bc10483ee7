using System.Text;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.PullRequests;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Git;

/// <summary>git's smart HTTP protocol (gitprotocol-http), by git's own server programs.</summary>
internal static class SmartHttpEndpoints
{
    private const string UploadPack = "git-upload-pack";

    private const string ReceivePack = "git-receive-pack";

    public static void Map(IEndpointRouteBuilder root)
    {
        root.MapGet("/{owner}/{repo}/info/refs", AdvertiseAsync);
        root.MapPost("/{owner}/{repo}/" + UploadPack, UploadPackAsync);
        root.MapPost("/{owner}/{repo}/" + ReceivePack, ReceivePackAsync);
    }

    private static async Task AdvertiseAsync(HttpContext http)
    {
        var service = http.Request.Query["service"].ToString();
        if (service is not (UploadPack or ReceivePack))
        {
            http.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        if (Authorize(http, service) is not { } access)
        {
            return;
        }

        SetHeaders(http, $"application/x-{service}-advertisement");
        if (!Protocol(http).Contains("version=2", StringComparison.Ordinal) || service == ReceivePack)
        {
            var line = $"# service={service}\n";
            await http.Response.WriteAsync($"{line.Length + 4:x4}{line}0000", Encoding.ASCII, http.RequestAborted);
        }

        await RunAsync(http, access.Git, service, Stream.Null, "--http-backend-info-refs");
    }

    private static async Task UploadPackAsync(HttpContext http)
    {
        if (Authorize(http, UploadPack) is { } access)
        {
            SetHeaders(http, $"application/x-{UploadPack}-result");
            await RunAsync(http, access.Git, UploadPack, http.Request.Body);
        }
    }

    private static async Task ReceivePackAsync(HttpContext http)
    {
        if (Authorize(http, ReceivePack) is not { } access)
        {
            return;
        }

        // A slow client must not keep other writers waiting, so what it pushes is taken in first.
        await using var pushed = new FileStream(
            Path.Combine(access.Git.Path, $"push-{Guid.NewGuid():N}"),
            new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous });
        await http.Request.Body.CopyToAsync(pushed, http.RequestAborted);
        pushed.Position = 0;

        var forge = http.RequestServices.GetRequiredService<Forge>();
        using var answer = new MemoryStream();
        using (var write = await forge.Store.BeginWriteAsync(http.RequestAborted))
        {
            var before = await access.Git.ListRefsAsync("refs/", CancellationToken.None);
            var arguments = new[] { "receive-pack", "--stateless-rpc", "." };
            await GitCommand.StreamAsync(access.Git.Path, arguments, pushed, answer, Environment(http), CancellationToken.None);
            var after = await access.Git.ListRefsAsync("refs/", CancellationToken.None);
            await http.RequestServices.GetRequiredService<RefWatcher>().RefsChangedAsync(
                write, access.Repository, Compare(before, after), access.User!, CancellationToken.None);
            write.Commit();
        }

        SetHeaders(http, $"application/x-{ReceivePack}-result");
        answer.Position = 0;
        await answer.CopyToAsync(http.Response.Body, http.RequestAborted);
    }

    private static List<RefChange> Compare(IReadOnlyList<GitReference> before, IReadOnlyList<GitReference> after)
    {
        var old = before.ToDictionary(reference => reference.Name, reference => reference.Sha, StringComparer.Ordinal);
        var now = after.ToDictionary(reference => reference.Name, reference => reference.Sha, StringComparer.Ordinal);
        return
        [
            .. old.Keys.Union(now.Keys, StringComparer.Ordinal)
                .Select(name => new RefChange(name, old.GetValueOrDefault(name, RefChange.Zero), now.GetValueOrDefault(name, RefChange.Zero)))
                .Where(change => change.Before != change.After),
        ];
    }

    private static Task<(int ExitCode, string Error)> RunAsync(HttpContext http, BareRepository git, string service, Stream input, params string[] options) =>
        GitCommand.StreamAsync(
            git.Path,
            [service["git-".Length..], "--stateless-rpc", .. options, "."],
            input,
            http.Response.Body,
            Environment(http),
            http.RequestAborted);

    /// <summary>Finds the repository, or answers as GitHub does: 401 to whom a login might help, 403 to who may only read, else 404.</summary>
    private static Access? Authorize(HttpContext http, string service)
    {
        var forge = http.RequestServices.GetRequiredService<Forge>();
        var name = (string)http.GetRouteValue("repo")!;
        name = name.EndsWith(".git", StringComparison.Ordinal) ? name[..^".git".Length] : name;
        var repository = forge.FindRepository((string)http.GetRouteValue("owner")!, name);
        Caller caller;
        try
        {
            caller = Authentication.Identify(forge, http.Request);
        }
        catch (ApiException)
        {
            return Refuse(http, StatusCodes.Status401Unauthorized);
        }

        var permission = repository is null ? Permission.None : caller.PermissionOn(forge, repository);
        var needed = service == ReceivePack ? Permission.Write : Permission.Read;
        if (permission >= needed && repository is not null && (caller.User is not null || needed == Permission.Read))
        {
            return new Access(repository, forge.GitOf(repository), caller.User);
        }

        return Refuse(http, caller.User is null
            ? StatusCodes.Status401Unauthorized
            : permission >= Permission.Read ? StatusCodes.Status403Forbidden : StatusCodes.Status404NotFound);
    }

    private static Access? Refuse(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"LocalForge\"";
        }

        return null;
    }

    private static void SetHeaders(HttpContext http, string contentType)
    {
        http.Response.ContentType = contentType;
        http.Response.Headers.CacheControl = "no-cache, max-age=0, must-revalidate";
    }

    private static string Protocol(HttpContext http) => http.Request.Headers["Git-Protocol"].ToString();

    private static Dictionary<string, string> Environment(HttpContext http) =>
        new(StringComparer.Ordinal) { ["GIT_PROTOCOL"] = Protocol(http) };

    private sealed record Access(Repository Repository, BareRepository Git, User? User);
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Git;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api.Http;

/// <summary>One request to the API, with what every endpoint needs from it.</summary>
internal class ApiCall(HttpContext http)
{
    public const string ApiPrefix = "/api/v3";

    private const int LargestPage = 100;

    public HttpContext Http { get; } = http;

    public Forge Forge { get; } = http.RequestServices.GetRequiredService<Forge>();

    public Caller Caller { get; } = http.Features.Get<Caller>() ?? Caller.Anonymous;

    public ForgeStore Store => Forge.Store;

    /// <summary>Ends work whose caller has gone. What changes something is never left half done because of that.</summary>
    public CancellationToken Aborted => HttpMethods.IsGet(Http.Request.Method) ? Http.RequestAborted : CancellationToken.None;

    public ForgeLinks Links => new(
        Forge.Address,
        Http.Request.Path.StartsWithSegments(ApiPrefix, StringComparison.Ordinal) ? Forge.Address + ApiPrefix : Forge.Address);

    /// <summary>The user, for endpoints that nobody may call anonymously.</summary>
    public User RequireUser() => Caller.User ?? throw Authentication.Required();

    public T Service<T>()
        where T : notnull => Http.RequestServices.GetRequiredService<T>();

    /// <summary>A route value, with <c>%2F</c> read as the slash it stands for.</summary>
    public string Route(string name) =>
        ((string?)Http.GetRouteValue(name) ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase).TrimStart('/');

    public string? Query(string name) => Http.Request.Query[name] is [{ Length: > 0 } value] ? value : null;

    /// <summary>A number in the path; anything else is not found.</summary>
    public long RouteNumber(string name) =>
        long.TryParse(Route(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw ApiException.NotFound();

    /// <summary>The body of a request that may come without one.</summary>
    /// <exception cref="ApiException">As <see cref="ReadAsync{T}()"/>.</exception>
    public async Task<T> ReadAsync<T>(T otherwise)
    {
        using var body = await BufferAsync();
        return body.Length == 0 ? otherwise : Parse<T>(body);
    }

    /// <exception cref="ApiException">400: not JSON; 422: JSON of another shape.</exception>
    public async Task<T> ReadAsync<T>()
    {
        using var body = await BufferAsync();
        return Parse<T>(body);
    }

    /// <summary>One page of a list, with the Link header that leads to the others.</summary>
    public IResult Page<T>(IEnumerable<T> items, Func<T, JsonNode?> render)
    {
        var all = items as IReadOnlyList<T> ?? [.. items];
        return Json(GitHubJson.Array(PageOf(all), render));
    }

    /// <summary>The items of the page asked for; sets the Link header.</summary>
    public IEnumerable<T> PageOf<T>(IReadOnlyList<T> all)
    {
        var (page, size) = ReadPaging();
        SetPageLinks(page, size, all.Count);
        return all.Skip((page - 1) * size).Take(size);
    }

    public (int Page, int Size) ReadPaging()
    {
        var page = ReadNumber("page", 1, int.MaxValue / LargestPage);
        return (page, ReadNumber("per_page", 30, LargestPage));
    }

    public void SetPageLinks(int page, int size, int count)
    {
        var last = Math.Max(1, (count + size - 1) / size);
        var links = new List<string>();
        if (page > 1)
        {
            links.Add(PageLink(Math.Min(page - 1, last), "prev"));
        }

        if (page < last)
        {
            links.Add(PageLink(page + 1, "next"));
            links.Add(PageLink(last, "last"));
        }

        if (page > 1)
        {
            links.Add(PageLink(1, "first"));
        }

        if (links.Count > 0)
        {
            Http.Response.Headers.Link = string.Join(", ", links);
        }
    }

    /// <summary>A command-line option with a number.</summary>
    public static string Option(string name, int value) => string.Create(CultureInfo.InvariantCulture, $"{name}={value}");

    public static IResult Json(JsonNode node, int status = StatusCodes.Status200OK) =>
        Results.Text(node.ToJsonString(GitHubJson.Options), "application/json; charset=utf-8", statusCode: status);

    public IResult Created(JsonNode node, string? location = null)
    {
        if (location is not null)
        {
            Http.Response.Headers.Location = location;
        }

        return Json(node, StatusCodes.Status201Created);
    }

    private async Task<MemoryStream> BufferAsync()
    {
        var body = new MemoryStream();
        await Http.Request.Body.CopyToAsync(body, Http.RequestAborted);
        body.Position = 0;
        return body;
    }

    private static T Parse<T>(MemoryStream body)
    {
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(body);
        }
        catch (JsonException)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, "Problems parsing JSON");
        }

        if (node is not JsonObject)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, "Body should be a JSON object");
        }

        try
        {
            return node.Deserialize<T>(GitHubJson.Options)!;
        }
        catch (JsonException problem)
        {
            throw ApiException.Unprocessable($"Invalid request.\n\nThe value at {problem.Path} has the wrong type.");
        }
    }

    private int ReadNumber(string name, int otherwise, int most) =>
        int.TryParse(Query(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? Math.Min(number, most) : otherwise;

    private string PageLink(int page, string relation)
    {
        var query = Http.Request.Query
            .Where(pair => pair.Key != "page")
            .SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value)))
            .Append(KeyValuePair.Create("page", (string?)page.ToString(CultureInfo.InvariantCulture)));
        return $"<{Forge.Address}{Http.Request.Path.ToUriComponent()}{QueryString.Create(query)}>; rel=\"{relation}\"";
    }
}

/// <summary>A request about one repository that the caller may see.</summary>
internal sealed class RepositoryCall : ApiCall
{
    private RepositoryCall(HttpContext http)
        : base(http)
    {
        var repository = Forge.FindRepository(Route("owner"), Route("repo")) ?? throw ApiException.NotFound();
        Permission = Caller.PermissionOn(Forge, repository);
        Repository = Permission >= Permission.Read ? repository : throw ApiException.NotFound();
        FullName = Forge.FullName(repository);
        Git = Forge.GitOf(repository);
    }

    public Repository Repository { get; }

    public Permission Permission { get; }

    public string FullName { get; }

    public BareRepository Git { get; }

    public string Url => Links.ApiRepository(FullName);

    public static ValueTask<RepositoryCall> BindAsync(HttpContext http) => ValueTask.FromResult(new RepositoryCall(http));

    /// <summary>The user, for what needs at least this permission.</summary>
    /// <exception cref="ApiException">401: anonymous; 403: may read but not this.</exception>
    public User Require(Permission least)
    {
        var user = RequireUser();
        return Permission >= least
            ? user
            : throw ApiException.Forbidden(
                least == Permission.Admin ? "Must have admin rights to Repository." : "Resource not accessible by personal access token");
    }

    /// <exception cref="ApiException">404, or 422 as commit endpoints answer it.</exception>
    public async Task<string> ResolveCommitAsync(string revision, int otherwise = StatusCodes.Status404NotFound) =>
        await Git.ResolveCommitAsync(revision, Aborted)
            ?? throw new ApiException(
                otherwise, otherwise == StatusCodes.Status404NotFound ? "Not Found" : $"No commit found for SHA: {revision}");

    public Issue FindIssue(string routeName = "number")
    {
        var number = RouteNumber(routeName);
        return Store.Issues.FirstOrDefault(issue => issue.RepositoryId == Repository.Id && issue.Number == number) ?? throw ApiException.NotFound();
    }

    public Issue FindPull() => FindIssue() is { Pull: not null } pull ? pull : throw ApiException.NotFound();
}

/// <summary>A request that is about no repository.</summary>
internal sealed class RootCall : ApiCall
{
    private RootCall(HttpContext http)
        : base(http)
    {
    }

    public static ValueTask<RootCall> BindAsync(HttpContext http) => ValueTask.FromResult(new RootCall(http));
}

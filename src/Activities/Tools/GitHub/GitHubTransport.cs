using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AtomicDevOps.Activities.Tools.Http;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>
/// Carries requests to GitHub by its rules: version and token, limits kept, short troubles retried where that is safe, unchanged answers
/// taken from the cache, redirects followed without handing the token to another host, and refusals made clear errors.
/// </summary>
internal sealed class GitHubTransport : IDisposable
{
    public const string Tool = "GitHub API";
    public const string ClientName = "GitHub";

    private const int MaxRedirects = 5;

    private readonly TimeProvider _timeProvider;
    private readonly Uri _baseAddress;
    private readonly EntityTagCache _cache;
    private readonly SemaphoreSlim _concurrency;
    private readonly HttpTransport _transport;

    public GitHubTransport(IHttpClientFactory clients, IOptions<GitHubOptions> options, TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _baseAddress = WithTrailingSlash(options.Value.BaseAddress);
        _cache = new EntityTagCache(options.Value.CacheBytes);
        _concurrency = new SemaphoreSlim(options.Value.MaxConcurrency);
        _transport = new HttpTransport(new HttpService(Tool, ClientName, options.Value.RateLimitWait) { Concurrency = _concurrency }, clients, timeProvider);
    }

    /// <summary>How long GitHub wants to be left alone; zero when it may be asked.</summary>
    public TimeSpan Pause => _transport.Pause;

    /// <param name="tokens">Where the token comes from; <see langword="null"/> where the request brings its own or needs none.</param>
    public async Task<GitHubResponse> SendAsync(GitHubRequest request, IGitHubTokenSource? tokens, CancellationToken cancellationToken)
    {
        var uri = Resolve(request);
        var key = $"{request.Accept} {uri.AbsoluteUri}";
        var cached = request.IsCacheable ? _cache.Find(key) : null;

        using var response = await _transport.SendAsync(new Call(this, request, tokens, uri, cached, HttpCompletionOption.ResponseContentRead), cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotModified && cached is not null)
        {
            return new GitHubResponse(cached.Body, cached.Next);
        }

        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        var next = FindNext(response);
        if (request.IsCacheable && response.StatusCode == HttpStatusCode.OK && response.Headers.ETag is { } tag)
        {
            _cache.Put(key, new CachedAnswer(tag.ToString(), body, next));
        }

        return new GitHubResponse(body, next);
    }

    /// <summary>Opens an answer's content as it comes; closing the stream ends the exchange.</summary>
    public async Task<Stream> OpenAsync(GitHubRequest request, IGitHubTokenSource? tokens, CancellationToken cancellationToken)
    {
        var response = await _transport.SendAsync(
            new Call(this, request, tokens, Resolve(request), cached: null, HttpCompletionOption.ResponseHeadersRead), cancellationToken);
        try
        {
            return new ResponseStream(response, await response.Content.ReadAsStreamAsync(cancellationToken));
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    public static T Read<T>(GitHubRequest request, GitHubResponse response)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(response.Body, GitHubJson.Options)
                ?? throw new ToolException(Tool, $"{request} was answered with nothing where {typeof(T).Name} was expected.");
        }
        catch (JsonException exception)
        {
            throw NotGitHubs(request, exception);
        }
    }

    /// <summary>The answer cannot be read as what GitHub documents.</summary>
    public static ToolException NotGitHubs(GitHubRequest request, Exception problem)
        => new(Tool, $"{request} was answered in a form that is not GitHub's ({problem.Message}): is GitHub:BaseAddress right?", problem);

    public void Dispose() => _concurrency.Dispose();

    private Uri Resolve(GitHubRequest request)
    {
        var uri = new Uri(_baseAddress, request.Address);
        return IsSameOrigin(uri, _baseAddress)
            ? uri
            : throw new ToolException(Tool, $"{request} leads to {uri.Host}, which is not {_baseAddress.Host}; it is not followed.");
    }

    private Uri? FindRedirect(GitHubRequest request, Uri from, HttpResponseMessage response)
    {
        var isRead = request.Method == HttpMethod.Get;
        var mayFollow = response.StatusCode switch
        {
            HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther => isRead,
            HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect => true,
            _ => false,
        };
        if (!mayFollow || response.Headers.Location is not { } location)
        {
            return null;
        }

        var target = new Uri(from, location);
        var isSafe = target.Scheme is "https" || (target.Scheme is "http" && from.Scheme is "http");
        return isSafe && (isRead || IsSameOrigin(target, _baseAddress)) ? target : null;
    }

    /// <summary>How long no request at all will be served.</summary>
    private TimeSpan? FindPause(HttpResponseMessage response)
        => IsUsedUp(response) && Header(response, "x-ratelimit-resource") is null or "core" ? UntilReset(response) : null;

    private static bool IsLimit(HttpResponseMessage response, GitHubErrorBody error) => response.StatusCode switch
    {
        HttpStatusCode.TooManyRequests => true,
        HttpStatusCode.Forbidden => response.Headers.RetryAfter is not null
            || IsUsedUp(response)
            || error.Reason.Contains("rate limit", StringComparison.OrdinalIgnoreCase)
            || error.Reason.Contains("abuse detection", StringComparison.OrdinalIgnoreCase),
        HttpStatusCode.ServiceUnavailable => response.Headers.RetryAfter is not null,
        _ => false,
    };

    private static bool IsUsedUp(HttpResponseMessage response) => Header(response, "x-ratelimit-remaining") is "0";

    /// <summary>Reckoned by the server's clock where it tells, since ours may differ; a second more, since GitHub cuts to whole ones.</summary>
    private TimeSpan? UntilReset(HttpResponseMessage response)
    {
        if (!long.TryParse(Header(response, "x-ratelimit-reset"), NumberStyles.None, CultureInfo.InvariantCulture, out var reset)
            || reset > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return null;
        }

        return RetryAfter.AtLeastASecond(
            DateTimeOffset.FromUnixTimeSeconds(reset) - (response.Headers.Date ?? _timeProvider.GetUtcNow()) + TimeSpan.FromSeconds(1));
    }

    private static ToolException ToException(GitHubRequest request, HttpResponseMessage response, GitHubErrorBody error)
    {
        var status = (int)response.StatusCode;
        var reason = error.Reason.Length > 0 ? error.Reason : response.ReasonPhrase ?? "no reason given";
        var answer = string.Create(CultureInfo.InvariantCulture, $"{request} was answered with {status}: {reason}");
        var see = error.DocumentationUrl is { } url ? $" See {url}" : "";
        switch (response.StatusCode)
        {
            case HttpStatusCode.Unauthorized:
                var cure = request.Token is not null
                    ? "GitHub does not know the app by that key: check GitHub:App:ClientId or AppId, its PrivateKey, and this machine's clock."
                    : "The token is invalid, expired or revoked: set GitHub:Token or GitHub:App to one that is valid.";
                return new GitHubRequestException(Tool, $"{answer}. {cure}", response.StatusCode, reason);
            case HttpStatusCode.NotFound or HttpStatusCode.Gone:
                return new ToolNotFoundException(
                    Tool, $"{answer}. Either it does not exist, or the credentials lack the permission to see it{Needed(response)}.{see}");
            case HttpStatusCode.Forbidden:
                return new GitHubRequestException(
                    Tool, $"{answer}. The credentials may not do this{Needed(response)}.{see}", response.StatusCode, reason);
            case >= HttpStatusCode.InternalServerError or HttpStatusCode.RequestTimeout:
                return new ToolUnavailableException(Tool, $"{answer}.");
            case >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest:
                return new GitHubRequestException(
                    Tool,
                    $"{answer}. It leads to {response.Headers.Location?.ToString().Split('?')[0] ?? "nowhere"}, which is not followed: was the repository renamed?",
                    response.StatusCode,
                    reason);
            default:
                return new GitHubRequestException(Tool, $"{answer}.{see}", response.StatusCode, reason);
        }
    }

    private static string Needed(HttpResponseMessage response)
        => Header(response, "x-accepted-github-permissions") is { Length: > 0 } permissions ? $" (needed: {permissions})"
            : Header(response, "x-accepted-oauth-scopes") is { Length: > 0 } scopes ? $" (needed scopes: {scopes})"
            : "";

    /// <summary>https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api: <c>Link: &lt;…&gt;; rel="next", …</c></summary>
    private static Uri? FindNext(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Link", out var values))
        {
            return null;
        }

        foreach (var link in values.SelectMany(v => v.Split(',')))
        {
            var start = link.IndexOf('<', StringComparison.Ordinal);
            var end = link.IndexOf('>', StringComparison.Ordinal);
            if (start >= 0
                && end > start
                && link[end..].Contains("rel=\"next\"", StringComparison.OrdinalIgnoreCase)
                && Uri.TryCreate(link[(start + 1)..end], UriKind.Absolute, out var next))
            {
                return next;
            }
        }

        return null;
    }

    private static string? Header(HttpResponseMessage response, string name)
        => response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    private static bool IsSameOrigin(Uri one, Uri other)
        => Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static Uri WithTrailingSlash(Uri address)
        => address.AbsolutePath.EndsWith('/') ? address : new Uri($"{address.AbsoluteUri}/");

    private sealed class Call(
        GitHubTransport transport, GitHubRequest request, IGitHubTokenSource? tokens, Uri address, CachedAnswer? cached, HttpCompletionOption completion) : IHttpCall
    {
        private string? _token;
        private bool _isRenewed;
        private int _redirects;

        public string Name => request.ToString();

        public Uri Address { get; private set; } = address;

        public Repetition Repetition => request.IsRepeatable ? Repetition.Always : Repetition.Never;

        public HttpCompletionOption Completion => completion;

        public async Task PrepareAsync(CancellationToken cancellationToken)
            => _token = request.Token ?? (tokens is null ? null : await tokens.GetTokenAsync(cancellationToken));

        public HttpRequestMessage CreateMessage()
        {
            var message = new HttpRequestMessage(request.Method, Address);
            message.Headers.Accept.ParseAdd(request.Accept);
            message.Headers.Add("X-GitHub-Api-Version", "2022-11-28");
            if (_token is not null && IsSameOrigin(Address, transport._baseAddress))
            {
                message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
            }

            if (cached is not null)
            {
                message.Headers.IfNoneMatch.ParseAdd(cached.EntityTag);
            }

            if (request.Body is { } body)
            {
                message.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), GitHubJson.Options));
                message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
            }

            return message;
        }

        public async Task<AnswerVerdict> JudgeAsync(HttpResponseMessage response, CancellationToken cancellationToken)
        {
            var pause = transport.FindPause(response);
            if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotModified)
            {
                return AnswerVerdict.Taken with { Pause = pause };
            }

            if (transport.FindRedirect(request, Address, response) is { } target && _redirects++ < MaxRedirects)
            {
                Address = target;
                return AnswerVerdict.AskAgain with { Pause = pause };
            }

            var error = GitHubErrorBody.Read(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            if (IsLimit(response, error))
            {
                var named = RetryAfter.Read(response, transport._timeProvider);
                return AnswerVerdict.Limited(new[] { pause, named ?? (IsUsedUp(response) ? transport.UntilReset(response) : null) }.Max());
            }

            if (response.StatusCode == HttpStatusCode.Unauthorized && !_isRenewed && tokens is AppTokenSource app && _token is not null)
            {
                app.Forget(_token);
                _isRenewed = true;
                return AnswerVerdict.AskAgain with { Pause = pause };
            }

            return AnswerVerdict.Refused(ToException(request, response, error)) with { Pause = pause };
        }
    }

    /// <summary>Keeps the exchange open as long as its content is read.</summary>
    private sealed class ResponseStream(HttpResponseMessage response, Stream content) : ReadOnlyStream
    {
        public override int Read(byte[] buffer, int offset, int count) => content.Read(buffer, offset, count);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await content.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                throw new ToolUnavailableException(Tool, "the connection broke in the middle of an answer.", exception);
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
            => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                content.Dispose();
                response.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

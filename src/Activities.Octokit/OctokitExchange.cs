using System.Net;
using System.Runtime.Serialization;
using System.Text;
using System.Text.Json.Nodes;
using Octokit.Internal;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>
/// Carries the requests of one call of Octokit's by <see cref="GitHubTransport"/>, and reads the answers with Octokit's own serializer.
/// It is made for each call: Octokit's calls take no cancellation, and do not know which requests may be repeated or answered from the cache.
/// </summary>
internal sealed class OctokitExchange(GitHubTransport transport, IGitHubTokenSource tokens, CancellationToken cancellationToken)
    : IHttpClient, IJsonSerializer
{
    private static readonly SimpleJsonSerializer Json = new();

    private GitHubRequest? _last;

    /// <summary>What this call's requests need beside Octokit's own words.</summary>
    public Func<GitHubRequest, GitHubRequest> Adapt { get; init; } = request => request;

    /// <summary>The answer's body is a stream, which holds the exchange open until it is closed.</summary>
    public bool IsStreamed { get; init; }

    /// <summary>That there is an answer is all that the caller wants of it.</summary>
    public bool IsAnswerIgnored { get; init; }

    /// <summary>The request that was sent last.</summary>
    public GitHubRequest Last => _last ?? throw new InvalidOperationException("Nothing was sent yet.");

    public async Task<Octokit.IResponse> Send(
        IRequest request, CancellationToken cancellationTokenOfOctokit, Func<object, object>? preprocessResponseBody = null)
    {
        // Octokit asks by the media types of version 3; the transport names the version, so the form alone is left to be told.
        var isRaw = request.Headers.GetValueOrDefault("Accept") is Octokit.AcceptHeaders.RawContentMediaType && !IsStreamed;
        _last = Adapt(new GitHubRequest(request.Method, request.Endpoint)
        {
            Body = request.Body is string json ? new SerializedBody(json) : null,
            Accept = isRaw ? GitHubRequest.Raw : GitHubRequest.Json,
        });
        if (IsStreamed)
        {
            return new OctokitResponse(await transport.OpenAsync(_last, tokens, cancellationToken), next: null);
        }

        var response = await transport.SendAsync(_last, tokens, cancellationToken);
        return new OctokitResponse(isRaw ? response.Body : IsAnswerIgnored ? "" : Encoding.UTF8.GetString(response.Body), response.Next);
    }

    public string Serialize(object item) => Json.Serialize(item);

    public T Deserialize<T>(string json)
    {
        try
        {
            try
            {
                return Json.Deserialize<T>(json);
            }
            catch (Exception exception) when (exception is ArgumentException or NullReferenceException)
            {
                return Json.Deserialize<T>(AsOctokitTakesIt(json));
            }
        }
        catch (Exception exception)
        {
            // Octokit's deserializer has no exception of its own: a wrong type of value shows as whatever the conversion threw.
            throw GitHubTransport.NotGitHubs(Last, exception);
        }
    }

    /// <summary>Makes ours of Octokit's answer.</summary>
    /// <exception cref="ToolException">The answer lacks what GitHub documents.</exception>
    public T Read<T>(Func<T> map)
    {
        try
        {
            return map();
        }
        catch (SerializationException exception)
        {
            throw GitHubTransport.NotGitHubs(Last, exception);
        }
    }

    public void SetRequestTimeout(TimeSpan timeout)
        => throw new NotSupportedException($"{GitHubOptions.Section}:{nameof(GitHubOptions.Timeout)} sets how long an exchange may take.");

    public void Dispose()
    {
    }

    /// <summary>
    /// Octokit fails over a whole answer for an account's kind or a repository's visibility that it does not know, and for null where it
    /// expects a time, as GitHub answers it for a check run that has not started. To leave such a member out says the same.
    /// </summary>
    private static string AsOctokitTakesIt(string json)
    {
        var root = JsonNode.Parse(json);
        Visit(root);
        return root?.ToJsonString() ?? json;

        static void Visit(JsonNode? node)
        {
            if (node is JsonArray array)
            {
                foreach (var each in array)
                {
                    Visit(each);
                }
            }
            else if (node is JsonObject item)
            {
                foreach (var (name, value) in item.ToArray())
                {
                    var isUnknown = name switch
                    {
                        _ when value is null => true,
                        "type" when item.ContainsKey("login") => !IsWord<Octokit.AccountType>(value),
                        "visibility" when item.ContainsKey("full_name") => !IsWord<Octokit.RepositoryVisibility>(value),
                        _ => false,
                    };
                    if (isUnknown)
                    {
                        item.Remove(name);
                    }

                    Visit(value);
                }
            }
        }

        static bool IsWord<TWord>(JsonNode value)
            where TWord : struct, Enum
            => Enum.TryParse<TWord>(value.ToString(), ignoreCase: true, out _);
    }
}

/// <summary>An answer that the transport has found to be good.</summary>
internal sealed class OctokitResponse(object body, Uri? next) : Octokit.IResponse
{
    public object Body { get; } = body;

    public IReadOnlyDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    public Octokit.ApiInfo ApiInfo { get; } = new(
        next is null ? [] : new Dictionary<string, Uri>(StringComparer.Ordinal) { ["next"] = next }, [], [], etag: "", new Octokit.RateLimit());

    public HttpStatusCode StatusCode => HttpStatusCode.OK;

    public string ContentType => "application/json";
}

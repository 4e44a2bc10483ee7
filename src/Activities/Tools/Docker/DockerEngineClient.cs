using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.Primitives.Agents;
using AtomicDevOps.Primitives.Json;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.Docker;

[Agent(AgentLayer.ExecutionWrapper, ToolName, "Talks to a container engine over the Docker Engine HTTP API.")]
internal sealed class DockerEngineClient : IDockerEngineClient
{
    public const string ToolName = "Docker Engine API";

    /// <summary>The name of the <see cref="HttpClient"/>.</summary>
    public const string HttpClientName = "docker";

    private const int ErrorBodyLimit = 64 * 1024;

    private static readonly Version OldestApi = new(1, 41);
    private static readonly Version NewestApi = new(1, 48);

    private static readonly JsonSerializerOptions Wire = CreateWireOptions();

    private readonly IHttpClientFactory _clients;
    private readonly DockerOptions _options;
    private readonly DockerEndpoint _endpoint;
    private readonly TimeProvider _timeProvider;
    private EngineDialect? _dialect;

    public DockerEngineClient(IHttpClientFactory clients, IOptions<DockerOptions> options, DockerEndpoint endpoint, TimeProvider timeProvider)
    {
        _clients = clients;
        _options = options.Value;
        _endpoint = endpoint;
        _timeProvider = timeProvider;
    }

    public Task PingAsync(CancellationToken cancellationToken) =>
        CallAsync("ping", _options.CallTimeout, async token =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_endpoint.BaseAddress, "_ping"));
            using var response = await SendAsync("ping", request, token);
            return response.StatusCode;
        }, cancellationToken);

    public Task<EngineVersion> GetVersionAsync(CancellationToken cancellationToken) =>
        GetAsync<EngineVersion>("version", "version", cancellationToken);

    public Task<EngineTraits> GetTraitsAsync(CancellationToken cancellationToken) =>
        CallAsync("ping", _options.CallTimeout, async token => (await GetDialectAsync(token)).Traits, cancellationToken);

    public Task<EngineInfo> GetInfoAsync(CancellationToken cancellationToken) =>
        GetAsync<EngineInfo>("info", "info", cancellationToken);

    public async Task<IReadOnlyList<EngineEvent>> GetContainerEventsAsync(string container, CancellationToken cancellationToken)
    {
        var what = $"events of container {container}";
        // By the engine's own clock.
        var until = (await GetInfoAsync(cancellationToken)).SystemTime;
        return await CallAsync(what, _options.CallTimeout, async token =>
        {
            var query = Query(
                ("since", until.AddDays(-1).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)),
                ("until", (await GetDialectAsync(token)).EventsUntil(until)),
                ("filters", Json(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["type"] = ["container"], ["container"] = [container] })));
            using var response = await SendAsync(what, HttpMethod.Get, $"events{query}", content: null, token);
            var events = new List<EngineEvent>();
            await foreach (var item in ReadJsonLinesAsync<EngineEvent>(response, token))
            {
                events.Add(item);
            }

            return events;
        }, cancellationToken);
    }

    public Task<string> CreateContainerAsync(string name, ContainerConfiguration configuration, CancellationToken cancellationToken)
    {
        var what = $"create container {name} of {configuration.Image}";
        return CallAsync(what, _options.CallTimeout, async token =>
        {
            var body = (await GetDialectAsync(token)).Container(configuration);
            using var response = await SendAsync(what, HttpMethod.Post, $"containers/create{Query(("name", name))}", JsonBody(body), token);
            return (await ReadJsonAsync<IdAnswer>(response, token)).Id;
        }, cancellationToken);
    }

    public Task StartContainerAsync(string container, CancellationToken cancellationToken) =>
        SendForStatusAsync($"start container {container}", HttpMethod.Post, $"containers/{Escape(container)}/start", cancellationToken);

    public Task StopContainerAsync(string container, TimeSpan grace, CancellationToken cancellationToken)
    {
        var seconds = (int)Math.Ceiling(grace.TotalSeconds);
        var path = $"containers/{Escape(container)}/stop{Query(("t", seconds.ToString(CultureInfo.InvariantCulture)))}";
        return SendForStatusAsync($"stop container {container}", HttpMethod.Post, path, cancellationToken, _options.CallTimeout + grace);
    }

    public Task<bool> KillContainerAsync(string container, CancellationToken cancellationToken) =>
        TryAsync($"kill container {container}", HttpMethod.Post, $"containers/{Escape(container)}/kill", [HttpStatusCode.Conflict], cancellationToken);

    public async Task<bool> RemoveContainerAsync(string container, CancellationToken cancellationToken)
    {
        var what = $"remove container {container}";
        var path = $"containers/{Escape(container)}{Query(("force", "1"), ("v", "1"))}";
        return await CallAsync(what, _options.CallTimeout, async token =>
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    using var response = await SendAsync(what, HttpMethod.Delete, path, content: null, token);
                    return true;
                }
                catch (ToolNotFoundException)
                {
                    return attempt > 0;
                }
                catch (DockerEngineException exception) when (exception.StatusCode is HttpStatusCode.Conflict)
                {
                    // Somebody else is removing it right now: wait until it is gone.
                    await Task.Delay(TimeSpan.FromMilliseconds(100), _timeProvider, token);
                }
            }
        }, cancellationToken);
    }

    public Task<IReadOnlyList<ContainerSummary>> ListContainersAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<ContainerSummary>>("list containers", $"containers/json{Query(("all", "1"), ("filters", LabelFilter(labels)))}", cancellationToken);

    public Task<ContainerDetails> InspectContainerAsync(string container, CancellationToken cancellationToken) =>
        GetAsync<ContainerDetails>($"inspect container {container}", $"containers/{Escape(container)}/json", cancellationToken);

    public Task<int> WaitContainerAsync(string container, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var what = $"wait for container {container}";
        return CallAsync(what, timeout, async token =>
        {
            using var response = await SendAsync(what, HttpMethod.Post, $"containers/{Escape(container)}/wait", content: null, token);
            var answer = await ReadJsonAsync<WaitAnswer>(response, token);
            return answer.Error?.Message is { Length: > 0 } error
                ? throw (EngineFailure.IsMissingContainer(error)
                    ? new ToolNotFoundException(ToolName, $"{what}: {error}")
                    : new DockerEngineException(statusCode: null, what, error))
                : answer.StatusCode;
        }, cancellationToken);
    }

    public async IAsyncEnumerable<ContainerOutput> GetContainerLogsAsync(
        string container,
        ContainerLogsRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var what = $"logs of container {container}";
        var details = await InspectContainerAsync(container, cancellationToken);
        var query = Query(
            ("stdout", "1"),
            ("stderr", "1"),
            ("follow", request.Follow ? "1" : null),
            ("timestamps", request.Timestamps ? "1" : null),
            ("tail", request.Tail?.ToString(CultureInfo.InvariantCulture)));
        using var response = await CallAsync(
            what,
            _options.CallTimeout,
            token => SendAsync(what, HttpMethod.Get, $"containers/{Escape(container)}/logs{query}", content: null, token),
            cancellationToken);
        await foreach (var piece in ReadOutputAsync(what, response, details.Config is not { Tty: true }, _options.TransferTimeout, cancellationToken))
        {
            yield return piece;
        }
    }

    public async Task<ContainerAttachment> AttachContainerAsync(string container, CancellationToken cancellationToken)
    {
        var what = $"attach to container {container}";
        var details = await InspectContainerAsync(container, cancellationToken);
        var path = $"containers/{Escape(container)}/attach{Query(("stream", "1"), ("stdout", "1"), ("stderr", "1"))}";
        var response = await CallAsync(
            what,
            _options.CallTimeout,
            token => SendAsync(what, HttpMethod.Post, path, content: null, token),
            cancellationToken);
        return new ContainerAttachment(
            response,
            token => ReadOutputAsync(what, response, details.Config is not { Tty: true }, Timeout.InfiniteTimeSpan, token));
    }

    public Task<ExecResult> ExecAsync(string container, ExecRequest request, CancellationToken cancellationToken)
    {
        var what = $"exec in container {container}";
        return CallAsync(what, request.Timeout, async token =>
        {
            var body = new ExecConfiguration(request.Command, request.Environment, request.User, request.WorkingDirectory);
            string id;
            using (var created = await SendAsync(what, HttpMethod.Post, $"containers/{Escape(container)}/exec", JsonBody(body), token))
            {
                id = (await ReadJsonAsync<IdAnswer>(created, token)).Id;
            }

            var output = new BoundedOutput(request.OutputBytes);
            using (var started = await SendAsync(what, HttpMethod.Post, $"exec/{Escape(id)}/start", JsonBody(new ExecStart()), token))
            {
                await using var stream = await started.Content.ReadAsStreamAsync(token);
                await foreach (var piece in ContainerOutputReader.ReadAsync(stream, framed: true, token))
                {
                    output.Append(piece.Data.Span);
                }
            }

            using var inspected = await SendAsync(what, HttpMethod.Get, $"exec/{Escape(id)}/json", content: null, token);
            var state = await ReadJsonAsync<ExecState>(inspected, token);
            return new ExecResult(state.ExitCode ?? -1, output.ToOutput().Text, output.TotalBytes);
        }, cancellationToken);
    }

    public Task PutArchiveAsync(string container, string path, Func<Stream, CancellationToken, Task> writeTar, CancellationToken cancellationToken)
    {
        var what = $"put archive into {path} of container {container}";
        return CallAsync(what, _options.TransferTimeout, async token =>
        {
            var content = new StreamedContent(writeTar, "application/x-tar");
            using var response = await SendAsync(what, HttpMethod.Put, $"containers/{Escape(container)}/archive{Query(("path", path))}", content, token);
            return response.StatusCode;
        }, cancellationToken);
    }

    public Task GetArchiveAsync(string container, string path, Func<Stream, CancellationToken, Task> readTar, CancellationToken cancellationToken)
    {
        var what = $"get archive of {path} from container {container}";
        return CallAsync(what, _options.TransferTimeout, async token =>
        {
            using var response = await SendAsync(what, HttpMethod.Get, $"containers/{Escape(container)}/archive{Query(("path", path))}", content: null, token);
            await using var stream = await response.Content.ReadAsStreamAsync(token);
            await readTar(stream, token);
            return response.StatusCode;
        }, cancellationToken);
    }

    public IAsyncEnumerable<ImageProgress> BuildImageAsync(
        EngineBuildRequest request,
        Func<Stream, CancellationToken, Task> writeContext,
        CancellationToken cancellationToken) =>
        ProgressAsync(
            $"build image {request.Tag}",
            request.Timeout,
            dialect =>
            {
                var message = new HttpRequestMessage(HttpMethod.Post, $"build{BuildQuery(request, dialect)}")
                {
                    Content = new StreamedContent(writeContext, "application/x-tar"),
                };
                if (_options.Registries.Count > 0)
                {
                    message.Headers.Add("X-Registry-Config", RegistryAuthentication.ConfigHeader(_options.Registries));
                }

                return message;
            },
            cancellationToken);

    public Task PullImageAsync(string reference, IProgress<ImageProgress>? progress, CancellationToken cancellationToken)
    {
        var image = ImageName.Parse(reference);
        var query = Query(("fromImage", image.Repository), ("tag", image.TagOrDigest));
        return TransferImageAsync($"pull {reference}", $"images/create{query}", image.Registry, progress, cancellationToken);
    }

    public Task PushImageAsync(string reference, IProgress<ImageProgress>? progress, CancellationToken cancellationToken)
    {
        var image = ImageName.Parse(reference);
        var path = $"images/{EscapePath(image.Repository)}/push{Query(("tag", image.TagOrDigest))}";
        return TransferImageAsync($"push {reference}", path, image.Registry, progress, cancellationToken, alwaysAuthenticate: true);
    }

    public async Task<string> ImportImageAsync(string reference, Func<Stream, CancellationToken, Task> writeTar, CancellationToken cancellationToken)
    {
        var what = $"import image {reference}";
        var image = ImageName.Parse(reference);
        var query = Query(("fromSrc", "-"), ("repo", image.Repository), ("tag", image.TagOrDigest));
        await foreach (var message in ProgressAsync(what, _options.TransferTimeout, CreateRequest, cancellationToken))
        {
            ThrowOnError(what, message);
        }

        return (await InspectImageAsync(reference, cancellationToken)).Id;

        HttpRequestMessage CreateRequest(EngineDialect _) =>
            new(HttpMethod.Post, $"images/create{query}") { Content = new StreamedContent(writeTar, "application/x-tar") };
    }

    public Task TagImageAsync(string image, string reference, CancellationToken cancellationToken)
    {
        var name = ImageName.Parse(reference);
        var path = $"images/{EscapePath(image)}/tag{Query(("repo", name.Repository), ("tag", name.TagOrDigest))}";
        return SendForStatusAsync($"tag {image} as {reference}", HttpMethod.Post, path, cancellationToken);
    }

    public Task<bool> RemoveImageAsync(string image, bool force, CancellationToken cancellationToken) =>
        TryAsync($"remove image {image}", HttpMethod.Delete, $"images/{EscapePath(image)}{Query(("force", force ? "1" : null))}", [], cancellationToken);

    public Task<IReadOnlyList<ImageSummary>> ListImagesAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<ImageSummary>>("list images", $"images/json{Query(("filters", LabelFilter(labels)))}", cancellationToken);

    public Task<ImageDetails> InspectImageAsync(string image, CancellationToken cancellationToken) =>
        GetAsync<ImageDetails>($"inspect image {image}", $"images/{EscapePath(image)}/json", cancellationToken);

    public Task<VolumeDetails> CreateVolumeAsync(
        string name,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken,
        int? owner = null)
    {
        var what = $"create volume {name}";
        return CallAsync(what, _options.CallTimeout, async token =>
        {
            var dialect = await GetDialectAsync(token);
            var body = new VolumeConfiguration(name, labels, owner is { } user ? dialect.VolumeOwner(user) : null);
            using var response = await SendAsync(what, HttpMethod.Post, "volumes/create", JsonBody(body), token);
            return await ReadJsonAsync<VolumeDetails>(response, token);
        }, cancellationToken);
    }

    public Task<bool> RemoveVolumeAsync(string name, CancellationToken cancellationToken) =>
        TryAsync($"remove volume {name}", HttpMethod.Delete, $"volumes/{Escape(name)}{Query(("force", "1"))}", [], cancellationToken);

    public async Task<IReadOnlyList<VolumeDetails>> ListVolumesAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken) =>
        (await GetAsync<VolumeList>("list volumes", $"volumes{Query(("filters", LabelFilter(labels)))}", cancellationToken)).Volumes ?? [];

    public Task<string> CreateNetworkAsync(string name, bool isInternal, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken) =>
        PostForIdAsync($"create network {name}", "networks/create", new NetworkConfiguration(name, isInternal, labels), cancellationToken);

    public Task<bool> RemoveNetworkAsync(string network, CancellationToken cancellationToken) =>
        TryAsync($"remove network {network}", HttpMethod.Delete, $"networks/{Escape(network)}", [], cancellationToken);

    public Task<IReadOnlyList<NetworkDetails>> ListNetworksAsync(IReadOnlyList<string> labels, CancellationToken cancellationToken) =>
        GetAsync<IReadOnlyList<NetworkDetails>>("list networks", $"networks{Query(("filters", LabelFilter(labels)))}", cancellationToken);

    public async Task<PruneResult> PruneContainersAsync(string label, CancellationToken cancellationToken)
    {
        var answer = await PostAsync<PruneAnswer>("prune containers", $"containers/prune{Query(("filters", LabelFilter([label])))}", body: null, cancellationToken);
        return new PruneResult(answer.ContainersDeleted ?? [], answer.SpaceReclaimed);
    }

    public async Task<PruneResult> PruneImagesAsync(string label, CancellationToken cancellationToken)
    {
        var filters = Json(new Dictionary<string, string[]>(StringComparer.Ordinal) { ["label"] = [label], ["dangling"] = ["false"] });
        var answer = await PostAsync<PruneAnswer>("prune images", $"images/prune{Query(("filters", filters))}", body: null, cancellationToken);
        return new PruneResult([.. (answer.ImagesDeleted ?? []).Select(image => image.Deleted ?? image.Untagged).OfType<string>()], answer.SpaceReclaimed);
    }

    private static JsonSerializerOptions CreateWireOptions()
    {
        var options = new JsonSerializerOptions(JsonDefaults.Options) { PropertyNamingPolicy = null };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    private Task<T> GetAsync<T>(string what, string path, CancellationToken cancellationToken) =>
        CallAsync(what, _options.CallTimeout, async token =>
        {
            using var response = await SendAsync(what, HttpMethod.Get, path, content: null, token);
            return await ReadJsonAsync<T>(response, token);
        }, cancellationToken);

    private Task<T> PostAsync<T>(string what, string path, object? body, CancellationToken cancellationToken) =>
        CallAsync(what, _options.CallTimeout, async token =>
        {
            using var response = await SendAsync(what, HttpMethod.Post, path, body is null ? null : JsonBody(body), token);
            return await ReadJsonAsync<T>(response, token);
        }, cancellationToken);

    private async Task<string> PostForIdAsync(string what, string path, object body, CancellationToken cancellationToken) =>
        (await PostAsync<IdAnswer>(what, path, body, cancellationToken)).Id;

    private Task<HttpStatusCode> SendForStatusAsync(string what, HttpMethod method, string path, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        CallAsync(what, timeout ?? _options.CallTimeout, async token =>
        {
            using var response = await SendAsync(what, method, path, content: null, token);
            return response.StatusCode;
        }, cancellationToken);

    /// <returns><see langword="false"/> where the thing does not exist, or the engine answered with one of <paramref name="nothingToDo"/>.</returns>
    private Task<bool> TryAsync(string what, HttpMethod method, string path, HttpStatusCode[] nothingToDo, CancellationToken cancellationToken) =>
        CallAsync(what, _options.CallTimeout, async token =>
        {
            try
            {
                using var response = await SendAsync(what, method, path, content: null, token);
                return true;
            }
            catch (ToolNotFoundException)
            {
                return false;
            }
            catch (DockerEngineException exception) when (exception.StatusCode is { } status && nothingToDo.Contains(status))
            {
                return false;
            }
        }, cancellationToken);

    private async Task TransferImageAsync(
        string what,
        string path,
        string registry,
        IProgress<ImageProgress>? progress,
        CancellationToken cancellationToken,
        bool alwaysAuthenticate = false)
    {
        await foreach (var message in ProgressAsync(what, _options.TransferTimeout, CreateRequest, cancellationToken))
        {
            ThrowOnError(what, message);
            progress?.Report(message);
        }

        HttpRequestMessage CreateRequest(EngineDialect _)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, path);
            var credential = _options.Registries.FirstOrDefault(candidate => string.Equals(candidate.Host, registry, StringComparison.OrdinalIgnoreCase));
            if (credential is not null || alwaysAuthenticate)
            {
                request.Headers.Add("X-Registry-Auth", RegistryAuthentication.Header(credential));
            }

            return request;
        }
    }

    private static void ThrowOnError(string what, ImageProgress message)
    {
        if (message.Error is { } error)
        {
            throw Refusal(statusCode: null, what, error);
        }
    }

    /// <summary>Sends a request and reads the messages that the engine answers with while it works.</summary>
    private async IAsyncEnumerable<ImageProgress> ProgressAsync(
        string what,
        TimeSpan timeout,
        Func<EngineDialect, HttpRequestMessage> createRequest,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, _timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        await foreach (var message in TranslateAsync(what, timeout, SendAndReadAsync(linked.Token), deadline.Token, cancellationToken))
        {
            yield return message;
        }

        async IAsyncEnumerable<ImageProgress> SendAndReadAsync([EnumeratorCancellation] CancellationToken token)
        {
            var dialect = await GetDialectAsync(token);
            using var request = createRequest(dialect);
            request.RequestUri = Versioned(dialect, request.RequestUri!.OriginalString);
            using var response = await SendAsync(what, request, token);
            await foreach (var message in ReadJsonLinesAsync<ImageProgress>(response, token))
            {
                yield return message;
            }
        }
    }

    private async IAsyncEnumerable<ContainerOutput> ReadOutputAsync(
        string what,
        HttpResponseMessage response,
        bool framed,
        TimeSpan timeout,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, _timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var pieces = ContainerOutputReader.ReadAsync(stream, framed, linked.Token);
        await foreach (var piece in TranslateAsync(what, timeout, pieces, deadline.Token, cancellationToken))
        {
            yield return piece;
        }
    }

    private async IAsyncEnumerable<T> TranslateAsync<T>(
        string what,
        TimeSpan timeout,
        IAsyncEnumerable<T> source,
        CancellationToken deadline,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var enumerator = source.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await enumerator.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (Exception exception) when (IsEngineFailure(exception, cancellationToken))
            {
                throw Translate(what, timeout, exception, deadline);
            }

            yield return enumerator.Current;
        }
    }

    private async Task<T> CallAsync<T>(string what, TimeSpan timeout, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, _timeProvider);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await call(linked.Token);
        }
        catch (Exception exception) when (IsEngineFailure(exception, cancellationToken))
        {
            throw Translate(what, timeout, exception, deadline.Token);
        }
    }

    private static bool IsEngineFailure(Exception exception, CancellationToken caller) =>
        !caller.IsCancellationRequested
        && exception is OperationCanceledException or HttpRequestException or IOException or SocketException or JsonException or InvalidDataException;

    private ToolException Translate(string what, TimeSpan timeout, Exception exception, CancellationToken deadline)
    {
        if (deadline.IsCancellationRequested)
        {
            return new ToolTimeoutException(ToolName, $"{what}: no answer from {_endpoint} within {timeout}.", exception);
        }

        if (exception is JsonException or InvalidDataException)
        {
            return new ToolException(ToolName, $"{what}: {_endpoint} answered with something that the Docker Engine API does not know: {exception.Message}", exception);
        }

        // The next engine behind the endpoint may speak another version.
        _dialect = null;
        return new ToolUnavailableException(
            ToolName,
            $"{what}: the engine at {_endpoint} cannot be reached or went away ({exception.GetBaseException().Message}); is it running, and may this user connect to it?",
            exception);
    }

    private async Task<HttpResponseMessage> SendAsync(string what, HttpMethod method, string path, HttpContent? content, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, Versioned(await GetDialectAsync(cancellationToken), path)) { Content = content };
        return await SendAsync(what, request, cancellationToken);
    }

    private async Task<HttpResponseMessage> SendAsync(string what, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var client = _clients.CreateClient(HttpClientName);
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException) when (request.Content is StreamedContent { Failure: not (null or IOException or OperationCanceledException) })
        {
            ExceptionDispatchInfo.Throw(((StreamedContent)request.Content!).Failure!);
            throw;
        }

        if (response.IsSuccessStatusCode || response.StatusCode is HttpStatusCode.NotModified or HttpStatusCode.SwitchingProtocols)
        {
            return response;
        }

        using (response)
        {
            throw Refusal(response.StatusCode, what, await ReadErrorAsync(response, cancellationToken));
        }
    }

    private static ToolException Refusal(HttpStatusCode? statusCode, string what, string message) => statusCode switch
    {
        HttpStatusCode.NotFound => new ToolNotFoundException(ToolName, $"{what}: {message}"),
        HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout =>
            new ToolUnavailableException(ToolName, $"{what}: {message}"),
        HttpStatusCode.InternalServerError when EngineFailure.IsTransient(message) => new ToolUnavailableException(ToolName, $"{what}: {message}"),
        _ => new DockerEngineException(statusCode, what, message),
    };

    private static async Task<string> ReadErrorAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[ErrorBodyLimit];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        var text = Encoding.UTF8.GetString(buffer, 0, length);
        try
        {
            return JsonSerializer.Deserialize<ErrorAnswer>(text, Wire)?.AnyMessage ?? text;
        }
        catch (JsonException)
        {
            return text.Length == 0 ? $"status {(int)response.StatusCode}" : text.Trim();
        }
    }

    /// <summary>Puts the newest version that both sides speak before the path.</summary>
    private Uri Versioned(EngineDialect dialect, string path) => new(_endpoint.BaseAddress, $"v{dialect.ApiVersion}/{path}");

    private async Task<EngineDialect> GetDialectAsync(CancellationToken cancellationToken) =>
        _dialect ??= await NegotiateAsync(cancellationToken);

    private async Task<EngineDialect> NegotiateAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_endpoint.BaseAddress, "_ping"));
        using var response = await SendAsync("ping", request, cancellationToken);
        var header = response.Headers.TryGetValues("Api-Version", out var values) ? values.First() : null;
        if (!Version.TryParse(header, out var engine))
        {
            throw new ToolException(ToolName, $"{_endpoint} does not say which version of the Docker Engine API it speaks; it seems to be something else.");
        }

        return engine < OldestApi
            ? throw new ToolException(ToolName, $"{_endpoint} speaks version {engine} of the API; {OldestApi} (Docker 20.10, Podman 4.0) or later is needed.")
            : EngineDialect.Of((engine < NewestApi ? engine : NewestApi).ToString(2), isPodman: response.Headers.Contains("Libpod-Api-Version"));
    }

    private static async Task<T> ReadJsonAsync<T>(HttpResponseMessage response, CancellationToken cancellationToken) =>
        await response.Content.ReadFromJsonAsync<T>(Wire, cancellationToken) ?? throw new JsonException("The answer is empty.");

    private static async IAsyncEnumerable<T> ReadJsonLinesAsync<T>(HttpResponseMessage response, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var item in JsonSerializer.DeserializeAsyncEnumerable<T>(stream, topLevelValues: true, Wire, cancellationToken))
        {
            if (item is not null)
            {
                yield return item;
            }
        }
    }

    /// <summary>A body with a length: some engines do not take chunked JSON.</summary>
    private static ByteArrayContent JsonBody(object body) =>
        new(JsonSerializer.SerializeToUtf8Bytes(body, Wire)) { Headers = { ContentType = new("application/json") } };

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, Wire);

    private static string? LabelFilter(IReadOnlyList<string> labels) =>
        labels.Count == 0 ? null : Json(new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["label"] = labels });

    private static string Escape(string segment) => Uri.EscapeDataString(segment);

    /// <summary>Image names hold slashes that stay slashes.</summary>
    private static string EscapePath(string name) => string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    private static string BuildQuery(EngineBuildRequest request, EngineDialect dialect)
    {
        const long Period = 100_000;
        return Query(
            [
                ("dockerfile", request.Dockerfile),
                ("t", request.Tag),
                ("buildargs", request.BuildArgs.Count == 0 ? null : Json(request.BuildArgs)),
                ("labels", request.Labels.Count == 0 ? null : Json(request.Labels)),
                ("memory", request.MemoryBytes == 0 ? null : request.MemoryBytes.ToString(CultureInfo.InvariantCulture)),
                ("memswap", request.MemoryBytes == 0 ? null : request.MemoryBytes.ToString(CultureInfo.InvariantCulture)),
                ("cpuperiod", request.Cpus == 0 ? null : Period.ToString(CultureInfo.InvariantCulture)),
                ("cpuquota", request.Cpus == 0 ? null : ((long)(request.Cpus * Period)).ToString(CultureInfo.InvariantCulture)),
                ("nocache", request.NoCache ? "1" : null),
                ("rm", "1"),
                ("forcerm", "1"),
                .. request.MoreTags.Select(tag => ("t", (string?)tag)),
                .. dialect.BuildNetwork(request.NetworkMode),
                .. dialect.BuildHosts(request.ExtraHosts),
            ]);
    }

    private static string Query(params ReadOnlySpan<(string Name, string? Value)> parameters)
    {
        var query = new StringBuilder();
        foreach (var (name, value) in parameters)
        {
            if (value is not null)
            {
                query.Append(query.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            }
        }

        return query.ToString();
    }

    private sealed record IdAnswer(string Id);

    private sealed record WaitAnswer(int StatusCode, WaitError? Error);

    private sealed record WaitError(string? Message);

    private sealed record ErrorAnswer
    {
        [System.Text.Json.Serialization.JsonPropertyName("message")]
        public string? Message { get; init; }

        [System.Text.Json.Serialization.JsonPropertyName("cause")]
        public string? Cause { get; init; }

        public string? AnyMessage => Message ?? Cause;
    }

    private sealed record ExecConfiguration(IReadOnlyList<string> Cmd, IReadOnlyList<string> Env, string? User, string? WorkingDir)
    {
        public bool AttachStdout { get; } = true;

        public bool AttachStderr { get; } = true;
    }

    private sealed record ExecStart
    {
        public bool Detach { get; }

        public bool Tty { get; }
    }

    private sealed record ExecState(int? ExitCode);

    private sealed record VolumeConfiguration(string Name, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string>? DriverOpts);

    private sealed record VolumeList(IReadOnlyList<VolumeDetails>? Volumes);

    private sealed record NetworkConfiguration(string Name, bool Internal, IReadOnlyDictionary<string, string> Labels)
    {
        public bool CheckDuplicate { get; } = true;
    }

    private sealed record PruneAnswer(IReadOnlyList<string>? ContainersDeleted, IReadOnlyList<PrunedImage>? ImagesDeleted, long SpaceReclaimed);

    private sealed record PrunedImage(string? Deleted, string? Untagged);
}

using System.Net;
using System.Text.Json;
using AtomicDevOps.Activities.Tools.AzureClients;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Json;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.ResourceManager;
using Azure.ResourceManager.Resources;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>
/// Carries requests to Azure Resource Manager through the pipeline of one <see cref="ArmClient"/>, waits for the operations that they begin, and
/// makes refusals clear errors.
/// </summary>
internal sealed class ArmTransport
{
    public const string Tool = "Azure Resource Manager";

    private static readonly TimeSpan UsualPause = TimeSpan.FromSeconds(5);

    private readonly AzureResourceManagerOptions _options;
    private readonly SecretRedactor _redactor;
    private readonly TimeProvider _timeProvider;
    private readonly AzureRetryPolicy _retries;
    private readonly AzureFailures _failures;
    private readonly Uri _baseAddress;
    private readonly Lazy<ArmClient> _client;
    private readonly Lazy<HttpPipeline> _pipeline;

    public ArmTransport(
        IHttpClientFactory clients,
        TokenCredential credential,
        IOptions<AzureResourceManagerOptions> options,
        SecretRedactor redactor,
        TimeProvider timeProvider)
    {
        _redactor = redactor;
        _options = options.Value;
        _timeProvider = timeProvider;
        _retries = new AzureRetryPolicy(Tool, timeProvider, _options.ThrottleWait);
        _baseAddress = new UriBuilder(_options.BaseAddress) { Scheme = Uri.UriSchemeHttps, Port = _options.BaseAddress.Port }.Uri;
        _failures = new AzureFailures(Tool, _baseAddress, _options);
        _client = new Lazy<ArmClient>(() => new ArmClient(credential, SubscriptionId, CreateOptions(clients)));
        _pipeline = new Lazy<HttpPipeline>(() => new Access(_client.Value, SubscriptionResource.CreateResourceIdentifier(SubscriptionId)).Requests);
    }

    public bool IsConfigured => _options.IsConfigured;

    /// <summary>How long Azure wants to be left alone; zero when it may be asked.</summary>
    public TimeSpan Pause => _retries.Pause;

    /// <summary>How many requests that read are left, as far as is known.</summary>
    public long? RemainingReads => _retries.RemainingReads;

    /// <exception cref="ToolException">No subscription is configured.</exception>
    public string SubscriptionId => _options.IsConfigured
        ? _options.SubscriptionId!
        : throw new ToolException(Tool, "is not configured: set Azure:SubscriptionId to the subscription that the platform works in.");

    /// <summary>The typed client of the subscription.</summary>
    public SubscriptionResource Subscription => _client.Value.GetSubscriptionResource(SubscriptionResource.CreateResourceIdentifier(SubscriptionId));

    /// <summary>One segment of a path, escaped; what would climb out of the path is refused.</summary>
    /// <exception cref="ArgumentException">It is empty, <c>.</c> or <c>..</c>.</exception>
    public static string Segment(string name) => name is "" or "." or ".."
        ? throw new ArgumentException($"'{name}' cannot be part of an Azure address.", nameof(name))
        : Uri.EscapeDataString(name);

    public static T Read<T>(ArmRequest request, JsonElement body)
    {
        try
        {
            return body.Deserialize<T>(JsonDefaults.Options) ?? throw new JsonException("null");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw NoAnswerOfAzure(request.ToString(), exception);
        }
    }

    public async Task<ArmAnswer> SendAsync(ArmRequest request, CancellationToken cancellationToken)
    {
        var uri = new Uri(_baseAddress, $"{request.Path}?api-version={request.ApiVersion}{request.Query}");
        return await ExchangeAsync(request, request.Method, uri, request.Body, cancellationToken);
    }

    /// <summary>Asks an address that Azure itself named, such as a list's next page.</summary>
    public Task<ArmAnswer> FollowAsync(ArmRequest request, Uri address, CancellationToken cancellationToken) =>
        ExchangeAsync(request, RequestMethod.Get, address, body: null, cancellationToken);

    /// <summary>Waits for what a request began.</summary>
    /// <param name="wait">How long at most.</param>
    /// <returns>The result, which is empty where the operation has none; <see langword="null"/> where it still goes on.</returns>
    /// <exception cref="ArmRequestException">The operation failed or was cancelled.</exception>
    public async Task<JsonElement?> CompleteAsync(ArmRequest request, ArmAnswer begun, TimeSpan wait, CancellationToken cancellationToken)
    {
        var until = _timeProvider.GetUtcNow() + wait;
        var (operation, result) = (begun.OperationAddress, begun.ResultAddress);
        var answer = begun;
        while (true)
        {
            if (operation is null && (result is null || answer.Status != (int)HttpStatusCode.Accepted))
            {
                return answer.Body;
            }

            var pause = answer.RetryAfter ?? UsualPause;
            if (_timeProvider.GetUtcNow() + pause > until)
            {
                return null;
            }

            await Task.Delay(pause, _timeProvider, cancellationToken);
            answer = await FollowAsync(request, operation ?? result!, cancellationToken);
            (operation, result) = (answer.OperationAddress ?? operation, answer.ResultAddress ?? result);
            if (operation is null || answer.Status == (int)HttpStatusCode.Accepted)
            {
                continue;
            }

            var status = Read<OperationStatus>(request, answer.Body).Status;
            if (status is "Failed" or "Canceled")
            {
                var error = ReadError(request, answer.Body);
                throw new ArmRequestException(Tool, $"{request} was accepted, and ended as {status}: {error.Describe()}.", HttpStatusCode.OK, error);
            }

            if (status is "Succeeded")
            {
                return result is null ? default(JsonElement) : (await FollowAsync(request, result, cancellationToken)).Body;
            }
        }
    }

    /// <summary>Takes the secrets of the configuration, and what looks like one, out of what Azure said.</summary>
    public string Redact(string text) => _redactor.Redact(text);

    public CloudError ReadError(ArmRequest request, JsonElement body) => CloudError.Read(body, text => Redact(request, text));

    /// <summary>Waits for an operation of the typed client.</summary>
    /// <returns>Whether it has ended.</returns>
    public async Task<bool> CompleteAsync(string what, ArmOperation operation, TimeSpan wait, CancellationToken cancellationToken)
    {
        var until = _timeProvider.GetUtcNow() + wait;
        while (!operation.HasCompleted)
        {
            var pause = AzureRetryPolicy.ReadRetryAfter(operation.GetRawResponse(), _timeProvider) ?? UsualPause;
            if (_timeProvider.GetUtcNow() + pause > until)
            {
                return false;
            }

            await Task.Delay(pause, _timeProvider, cancellationToken);
            await CallAsync(what, async () => await operation.UpdateStatusAsync(cancellationToken), cancellationToken);
        }

        return true;
    }

    /// <summary>Runs a call of the typed client, with the same errors as every other request.</summary>
    public async Task<T> CallAsync<T>(string what, Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw Translate(what, exception, Redact);
        }
    }

    private async Task<ArmAnswer> ExchangeAsync(ArmRequest request, RequestMethod method, Uri address, object? body, CancellationToken cancellationToken)
    {
        try
        {
            using var message = _pipeline.Value.CreateMessage();
            message.Request.Method = method;
            message.Request.Uri.Reset(address);
            message.Request.Headers.Add("Accept", "application/json");
            if (body is not null)
            {
                message.Request.Headers.Add("Content-Type", "application/json");
                message.Request.Content = RequestContent.Create(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), JsonDefaults.Options));
            }

            if (!request.IsRepeatable)
            {
                AzureRetryPolicy.SendOnce(message);
            }

            await _pipeline.Value.SendAsync(message, cancellationToken);
            var response = message.Response;
            if (response.IsError)
            {
                throw ToException(request.ToString(), response, text => Redact(request, text));
            }

            return new ArmAnswer(
                response.Status,
                Parse(response),
                Address(response, "Azure-AsyncOperation"),
                Address(response, "Location"),
                AzureRetryPolicy.ReadRetryAfter(response, _timeProvider));
        }
        catch (Exception exception) when (IsFailure(exception, cancellationToken))
        {
            throw Translate(request.ToString(), exception, text => Redact(request, text));
        }
    }

    private string Redact(ArmRequest request, string text) => Redact(request.Redactor?.Redact(text) ?? text);

    private static JsonElement Parse(Response response)
    {
        if (response.ContentStream is not { Length: > 0 })
        {
            return default;
        }

        using var document = JsonDocument.Parse(response.Content.ToMemory());
        return document.RootElement.Clone();
    }

    private Uri? Address(Response response, string header) =>
        response.Headers.TryGetValue(header, out var value) && Uri.TryCreate(_baseAddress, value, out var address) ? address : null;

    private ArmClientOptions CreateOptions(IHttpClientFactory clients)
    {
        var options = new ArmClientOptions
        {
            Environment = new ArmEnvironment(_baseAddress, _options.Audience ?? _options.Cloud?.Environment.Audience ?? _baseAddress.GetLeftPart(UriPartial.Authority)),
            Transport = new HttpClientTransport(clients.CreateClient(AzureFailures.ClientName)),
            RetryPolicy = _retries,
        };
        options.Retry.NetworkTimeout = _options.Timeout;
        options.Diagnostics.ApplicationId = "AtomicDevOps";
        options.Diagnostics.IsLoggingContentEnabled = false;
        options.SetApiVersion(ResourceGroupResource.ResourceType, ApiVersions.ResourceGroups);
        options.SetApiVersion(SubscriptionResource.ResourceType, ApiVersions.Subscriptions);
        options.AddPolicy(new ArmHostPolicy(_baseAddress), HttpPipelinePosition.PerCall);
        if (_options.BaseAddress.Scheme is "http")
        {
            options.AddPolicy(new LoopbackPolicy(), HttpPipelinePosition.BeforeTransport);
        }

        return options;
    }

    private static bool IsFailure(Exception exception, CancellationToken caller) =>
        AzureFailures.IsFailure(exception, caller) || exception is JsonException or FormatException;

    private ToolException Translate(string what, Exception exception, Func<string, string> redact) => exception switch
    {
        RequestFailedException { Status: > 0 } failure when failure.GetRawResponse() is { } response => ToException(what, response, redact),
        RequestFailedException { Status: > 0 } failure => new ArmRequestException(
            Tool, $"{what} was answered with {failure.Status} {failure.ErrorCode}.", (HttpStatusCode)failure.Status, new CloudError(failure.ErrorCode ?? "", "")),
        JsonException or FormatException => NoAnswerOfAzure(what, exception),
        _ => _failures.Translate(what, exception),
    };

    private static ToolException NoAnswerOfAzure(string what, Exception exception) => new(
        Tool, $"{what} was answered with something that is not Azure Resource Manager's; is Azure:BaseAddress right?", exception);

    private static ToolException ToException(string what, Response response, Func<string, string> redact)
    {
        var error = response.ContentStream is { Length: > 0 } ? CloudError.Read(response.Content.ToMemory(), redact) : CloudError.None;
        var status = (HttpStatusCode)response.Status;
        var answer = $"{what} was answered with {response.Status}: {error.Describe()}.";
        return status switch
        {
            HttpStatusCode.Unauthorized => new ArmRequestException(
                Tool, $"{answer} The credentials are not accepted here: check Azure:Credential, TenantId and BaseAddress.", status, error),
            HttpStatusCode.Forbidden => new ArmRequestException(
                Tool, $"{answer} The identity lacks the role for this, or a policy forbids it.", status, error),
            HttpStatusCode.NotFound when error.Code is "SubscriptionNotFound" => new ArmRequestException(
                Tool, $"{answer} Check Azure:SubscriptionId, and that the identity has a role in that subscription.", status, error),
            HttpStatusCode.NotFound => new ToolNotFoundException(Tool, answer),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new ToolUnavailableException(Tool, answer),
            _ => new ArmRequestException(Tool, answer, status, error),
        };
    }

    private sealed record OperationStatus(string? Status);

    /// <summary>How a resource provider's library gets at the client's pipeline.</summary>
    private sealed class Access(ArmClient client, ResourceIdentifier id) : ArmResource(client, id)
    {
        public HttpPipeline Requests => Pipeline;
    }
}

/// <summary>The versions of the resource providers' APIs that are spoken, all of them stable.</summary>
internal static class ApiVersions
{
    public const string Subscriptions = "2022-12-01";
    public const string ResourceGroups = "2025-04-01";
    public const string Deployments = "2025-04-01";
    public const string Sites = "2025-03-01";
    public const string ActivityLog = "2015-04-01";
}

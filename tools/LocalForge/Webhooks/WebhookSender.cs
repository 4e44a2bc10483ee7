using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Webhooks;

/// <summary>Sends queued deliveries one after another and records what came of each. As on GitHub, a failed one is not sent again by itself.</summary>
internal sealed class WebhookSender(Forge forge, WebhookQueue queue, IHttpClientFactory clients, ILogger<WebhookSender> logger) : BackgroundService
{
    public const string ClientName = "webhooks";

    private const int LongestResponse = 64 * 1024;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var unsent in forge.Store.Deliveries.All.Where(delivery => delivery.DeliveredAt is null))
        {
            queue.Add(unsent.Id);
        }

        await foreach (var id in queue.ReadAllAsync(stoppingToken))
        {
            if (forge.Store.Deliveries.Find(id) is { DeliveredAt: null } delivery && forge.Store.Hooks.Find(delivery.HookId) is { } hook)
            {
                await DeliverAsync(hook, delivery, stoppingToken);
            }
        }
    }

    private static HttpRequestMessage CreateRequest(Hook hook, Delivery delivery)
    {
        var form = hook.ContentType == "form";
        var text = form ? "payload=" + Uri.EscapeDataString(delivery.Payload) : delivery.Payload;
        var body = Encoding.UTF8.GetBytes(text);
        var request = new HttpRequestMessage(HttpMethod.Post, hook.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(form ? "application/x-www-form-urlencoded" : "application/json");
        request.Headers.Add("Accept", "*/*");
        request.Headers.UserAgent.ParseAdd("GitHub-Hookshot/1f0a6d2");
        request.Headers.Add("X-GitHub-Delivery", delivery.Guid.ToString());
        request.Headers.Add("X-GitHub-Event", delivery.Event);
        request.Headers.Add("X-GitHub-Hook-ID", WebhookPublisher.Number(hook.Id));
        request.Headers.Add("X-GitHub-Hook-Installation-Target-ID", WebhookPublisher.Number(hook.RepositoryId));
        request.Headers.Add("X-GitHub-Hook-Installation-Target-Type", "repository");
        if (hook.Secret is { Length: > 0 } secret)
        {
            request.Headers.Add("X-Hub-Signature-256", WebhookSignature.Sha256(secret, body));
        }

        return request;
    }

    private async Task DeliverAsync(Hook hook, Delivery delivery, CancellationToken stoppingToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        deadline.CancelAfter(forge.Options.WebhookTimeout);
        var started = Stopwatch.GetTimestamp();
        using var request = CreateRequest(hook, delivery);
        var sent = delivery with { RequestHeaders = Flatten(request.Headers, request.Content!.Headers) };
        try
        {
            using var client = clients.CreateClient(ClientName);
            using var response = await client.SendAsync(request, deadline.Token);
            var body = await response.Content.ReadAsStringAsync(deadline.Token);
            sent = sent with
            {
                StatusCode = (int)response.StatusCode,
                Status = response.IsSuccessStatusCode ? "OK" : $"Invalid HTTP Response: {(int)response.StatusCode}",
                ResponseHeaders = Flatten(response.Headers, response.Content.Headers),
                ResponseBody = body.Length > LongestResponse ? body[..LongestResponse] : body,
            };
        }
        catch (HttpRequestException problem)
        {
            logger.LogInformation("Delivery {Delivery} failed: {Problem}", delivery.Guid, problem.Message);
            sent = sent with { Status = "failed to connect to host" };
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            sent = sent with { Status = "timed out" };
        }

        await RecordAsync(hook.Id, sent with { DeliveredAt = forge.Now, DurationSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds }, stoppingToken);
    }

    private async Task RecordAsync(long hookId, Delivery sent, CancellationToken stoppingToken)
    {
        using var write = await forge.Store.BeginWriteAsync(stoppingToken);
        write.Put(forge.Store.Deliveries, sent);
        if (forge.Store.Hooks.Find(hookId) is { } hook)
        {
            var ok = sent.Status == "OK";
            write.Put(forge.Store.Hooks, hook with
            {
                LastCode = sent.StatusCode == 0 ? null : sent.StatusCode,
                LastStatus = ok ? "active" : sent.StatusCode == 0 ? "timeout" : "invalid_http_response",
                LastMessage = sent.Status,
            });
        }

        write.Commit();
    }

    private static Dictionary<string, string> Flatten(params IEnumerable<HttpHeaders> headers) => headers
        .SelectMany(header => header)
        .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
}

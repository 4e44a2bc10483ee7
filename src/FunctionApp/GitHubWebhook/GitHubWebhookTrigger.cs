using System.Text.Json;
using AtomicDevOps.FunctionApp.Http;
using AtomicDevOps.FunctionApp.Pipelines;
using AtomicDevOps.Orchestrations.Pipelines;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.FunctionApp.GitHubWebhook;

/// <summary>Takes GitHub's deliveries: only signed ones, each once.</summary>
public sealed class GitHubWebhookTrigger(IOptionsSnapshot<GitHubWebhookOptions> options, ILogger<GitHubWebhookTrigger> logger)
{
    /// <summary>GitHub caps payloads at 25 MB.</summary>
    public const long BodyLimit = 25 * 1024 * 1024;

    [Function(nameof(GitHubWebhook))]
    public async Task<IResult> GitHubWebhook(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "github/webhook")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        if (options.Value.Secret is not { Length: > 0 } secret)
        {
            return Problems.Unavailable("GitHub:Webhook:Secret is not set, so no delivery can be verified.");
        }

        if (await RequestBody.ReadAsync(request, BodyLimit, cancellationToken) is not { } body)
        {
            return Problems.TooLarge(BodyLimit);
        }

        if (!WebhookSignature.IsValid(request.Headers[WebhookSignature.Header], body, secret, options.Value.PreviousSecret))
        {
            return Problems.Unauthorized($"The header {WebhookSignature.Header} is missing or does not fit the body and the shared secret.");
        }

        var eventName = request.Headers["X-GitHub-Event"].ToString();
        var delivery = request.Headers["X-GitHub-Delivery"].ToString();
        if (eventName.Length == 0 || !Guid.TryParse(delivery, out var deliveryId))
        {
            return Problems.BadRequest("The headers X-GitHub-Event and X-GitHub-Delivery (a GUID) are needed.");
        }

        WebhookReaction reaction;
        try
        {
            using var payload = JsonDocument.Parse(body);
            reaction = WebhookEvents.Read(eventName, deliveryId.ToString("N"), payload.RootElement);
        }
        catch (JsonException exception)
        {
            return Problems.BadRequest($"The body is not JSON: {exception.Message}");
        }
        catch (WebhookPayloadException exception)
        {
            return Problems.BadRequest($"The payload is no {eventName} event as GitHub documents it: {exception.Message}");
        }

        return await ReactAsync(reaction, deliveryId, client, cancellationToken);
    }

    private async Task<IResult> ReactAsync(WebhookReaction reaction, Guid deliveryId, DurableTaskClient client, CancellationToken cancellationToken)
    {
        switch (reaction)
        {
            case WebhookReaction.Start start:
                foreach (var (runId, work) in start.Runs)
                {
                    var started = await PipelineRuns.StartAsync(client, runId, work, cancellationToken);
                    logger.LogInformation("Delivery {Delivery}: run {Run} {Answer}", deliveryId, runId, started ? "started" : "is known already");
                }

                return Results.Accepted(value: new { runs = start.Runs.Select(run => run.RunId) });
            case WebhookReaction.Cancel cancel:
                await PipelineRuns.CancelAllAsync(client, RunId.ForPullRequest(cancel.Repository, cancel.PullRequest), cancel.Request, cancellationToken);
                return Results.Accepted();
            default:
                return Results.Ok(new { ignored = ((WebhookReaction.Ignore)reaction).Reason });
        }
    }
}

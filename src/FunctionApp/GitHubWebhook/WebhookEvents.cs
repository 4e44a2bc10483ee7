using System.Text.Json;
using AtomicDevOps.Activities.Security.Sarif;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Orchestrations.Pipelines;

namespace AtomicDevOps.FunctionApp.GitHubWebhook;

/// <summary>What a delivery asks for.</summary>
internal abstract record WebhookReaction
{
    /// <summary>Nothing, for the reason given.</summary>
    public sealed record Ignore(string Reason) : WebhookReaction;

    /// <summary>Start these runs, unless the same delivery has started them already.</summary>
    public sealed record Start(IReadOnlyList<(string RunId, WorkItem Work)> Runs) : WebhookReaction;

    /// <summary>End what still runs for a pull request.</summary>
    public sealed record Cancel(RepositoryName Repository, int PullRequest, CancellationRequest Request) : WebhookReaction;
}

/// <summary>
/// Turns GitHub's payloads into what they ask for. A run's id comes from the delivery's, so that a redelivery is the same run.
/// Source of the shapes: GitHub documentation, "Webhook events and payloads".
/// </summary>
internal static class WebhookEvents
{
    private const string NoSha = "0000000000000000000000000000000000000000";

    /// <exception cref="WebhookPayloadException">The payload lacks what an event of its kind has.</exception>
    public static WebhookReaction Read(string eventName, string deliveryId, JsonElement payload) => eventName switch
    {
        "ping" => new WebhookReaction.Ignore("pong"),
        "pull_request" => PullRequest(deliveryId, payload),
        "push" => Push(payload),
        "check_suite" => Rerequested(deliveryId, payload, "check_suite"),
        "check_run" => Rerequested(deliveryId, payload, "check_run"),
        "issue_comment" => IssueComment(deliveryId, payload),
        "dependabot_alert" => Alert(eventName, deliveryId, payload, "created", "reopened", "reintroduced", "auto_reopened"),
        "code_scanning_alert" => CodeScanningAlert(eventName, deliveryId, payload),
        "secret_scanning_alert" => Alert(eventName, deliveryId, payload, "created", "reopened", "publicly_leaked"),
        _ => new WebhookReaction.Ignore($"Events of the kind {eventName} are of no interest here."),
    };

    private static WebhookReaction PullRequest(string deliveryId, JsonElement payload)
    {
        var action = Text(payload, "action");
        var repository = Repository(payload);
        var pullRequest = Object(payload, "pull_request");
        var number = Number(pullRequest, "number");
        switch (action)
        {
            case "opened" or "synchronize" or "reopened" or "ready_for_review" or "edited":
                if (action is "edited" && !ChangesWhatIsChecked(payload))
                {
                    return new WebhookReaction.Ignore("Nothing that is checked was edited.");
                }

                return Start(deliveryId, new WorkItem(WorkKind.PullRequest, repository, Sender(payload))
                {
                    PullRequest = number,
                    HeadSha = Text(Object(pullRequest, "head"), "sha"),
                });
            case "closed":
                return new WebhookReaction.Cancel(
                    repository, number, new CancellationRequest(PipelineVerdict.Cancelled, "The pull request was closed."));
            default:
                return new WebhookReaction.Ignore($"The action {action} changes nothing that is checked.");
        }
    }

    private static bool ChangesWhatIsChecked(JsonElement payload) =>
        payload.TryGetProperty("changes", out var changes) && (changes.TryGetProperty("base", out _) || changes.TryGetProperty("body", out _));

    private static WebhookReaction Push(JsonElement payload)
    {
        var reference = Text(payload, "ref");
        var sha = Text(payload, "after");
        if (!reference.StartsWith("refs/heads/", StringComparison.Ordinal))
        {
            return new WebhookReaction.Ignore("Only pushes to branches are checked.");
        }

        if (string.Equals(sha, NoSha, StringComparison.Ordinal))
        {
            return new WebhookReaction.Ignore("The branch was deleted.");
        }

        var repository = Repository(payload);
        var branch = reference["refs/heads/".Length..];
        var isDefault = string.Equals(Text(Object(payload, "repository"), "default_branch"), branch, StringComparison.Ordinal);
        if (!isDefault)
        {
            return new WebhookReaction.Ignore("Branches other than the default one are checked through their pull requests.");
        }

        if (!Uri.TryCreate(Text(Object(payload, "repository"), "clone_url"), UriKind.Absolute, out var cloneUrl))
        {
            throw new WebhookPayloadException("«repository.clone_url» is no address.");
        }

        return new WebhookReaction.Start(
        [
            (RunId.ForPush(repository, sha), new WorkItem(WorkKind.Push, repository, Sender(payload)) { Branch = branch, HeadSha = sha, CloneUrl = cloneUrl }),
        ]);
    }

    private static WebhookReaction Rerequested(string deliveryId, JsonElement payload, string subject)
    {
        if (!string.Equals(Text(payload, "action"), "rerequested", StringComparison.Ordinal))
        {
            return new WebhookReaction.Ignore("Only a request to check again starts a run.");
        }

        var repository = Repository(payload);
        var pullRequests = Object(payload, subject).TryGetProperty("pull_requests", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Select(pullRequest => Number(pullRequest, "number")).ToArray()
            : [];
        return pullRequests.Length == 0
            ? new WebhookReaction.Ignore("No pull request belongs to it.")
            : new WebhookReaction.Start(
            [
                .. pullRequests.Select(number => (
                    RunId.ForPullRequest(repository, number, deliveryId),
                    new WorkItem(WorkKind.PullRequest, repository, Sender(payload)) { PullRequest = number })),
            ]);
    }

    private static WebhookReaction IssueComment(string deliveryId, JsonElement payload)
    {
        var issue = Object(payload, "issue");
        if (!string.Equals(Text(payload, "action"), "created", StringComparison.Ordinal) || !issue.TryGetProperty("pull_request", out _))
        {
            return new WebhookReaction.Ignore("Only new comments on pull requests can be commands.");
        }

        var comment = Object(payload, "comment");
        var author = Text(Object(comment, "user"), "login");
        if (CommentCommand.Parse(OptionalText(comment, "body"), author) is not { } command)
        {
            return new WebhookReaction.Ignore("The comment is no command.");
        }

        return Start(deliveryId, new WorkItem(WorkKind.Command, Repository(payload), author)
        {
            PullRequest = Number(issue, "number"),
            Command = command,
        });
    }

    private static WebhookReaction CodeScanningAlert(string eventName, string deliveryId, JsonElement payload)
    {
        var alert = Object(payload, "alert");
        if (OptionalText(OptionalObject(alert, "tool"), "name") is { } tool && tool.Equals(SarifWriter.PlatformTool, StringComparison.OrdinalIgnoreCase))
        {
            return new WebhookReaction.Ignore("The alert is about what this platform has found and uploaded itself.");
        }

        // Where a person reopens an alert GitHub leaves the reference empty. Such an alert is open, and one of another branch alone has no state.
        var reference = Text(payload, "ref") is { Length: > 0 } given ? given : OptionalText(OptionalObject(alert, "most_recent_instance"), "ref");
        var isOfDefaultBranch = reference is null
            ? OptionalText(alert, "state") is "open"
            : string.Equals(reference, $"refs/heads/{Text(Object(payload, "repository"), "default_branch")}", StringComparison.Ordinal);
        return isOfDefaultBranch
            ? Alert(eventName, deliveryId, payload, "created", "reopened", "reopened_by_user", "appeared_in_branch")
            : new WebhookReaction.Ignore("Branches other than the default one are checked through their pull requests.");
    }

    /// <summary>An alert says that something is to be found, and nothing else of it is believed: the run looks for itself.</summary>
    private static WebhookReaction Alert(string eventName, string deliveryId, JsonElement payload, params IReadOnlyList<string> actions)
    {
        Object(payload, "alert");
        var action = Text(payload, "action");
        if (!actions.Contains(action, StringComparer.Ordinal))
        {
            return new WebhookReaction.Ignore($"The action {action} tells of nothing new to be found.");
        }

        var repository = Repository(payload);
        return new WebhookReaction.Start(
        [
            (RunId.ForSweep(repository, deliveryId), new WorkItem(WorkKind.Sweep, repository, eventName)
            {
                Branch = Text(Object(payload, "repository"), "default_branch"),
            }),
        ]);
    }

    private static WebhookReaction.Start Start(string deliveryId, WorkItem work) =>
        new([(RunId.ForPullRequest(work.Repository, work.PullRequest!.Value, deliveryId), work)]);

    private static RepositoryName Repository(JsonElement payload) =>
        RepositoryName.TryParse(Text(Object(payload, "repository"), "full_name"), out var name)
            ? name
            : throw new WebhookPayloadException("«repository.full_name» is not of the form owner/name.");

    private static string Sender(JsonElement payload) => Text(Object(payload, "sender"), "login");

    private static JsonElement Object(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : throw new WebhookPayloadException($"The object «{name}» is missing.");

    private static string Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.GetString(JsonValueKind.String) is { } text
            ? text
            : throw new WebhookPayloadException($"The text «{name}» is missing.");

    private static JsonElement OptionalObject(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    private static string? OptionalText(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) ? value.GetString(JsonValueKind.String) : null;

    private static int Number(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0
            ? number
            : throw new WebhookPayloadException($"The number «{name}» is missing.");

    private static string? GetString(this JsonElement value, JsonValueKind kind)
    {
        try
        {
            return value.ValueKind == kind ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair can be written in JSON and is no text.
            return null;
        }
    }
}

/// <summary>A payload is not what GitHub documents for its event.</summary>
internal sealed class WebhookPayloadException(string message) : Exception(message);

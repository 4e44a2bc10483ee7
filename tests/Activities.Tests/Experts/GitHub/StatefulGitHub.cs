using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace AtomicDevOps.Activities.Tests.Experts.GitHub;

/// <summary>
/// As much of GitHub as the expert's changes need, kept in memory, on a network that fails by plan: a request may be lost before it is
/// carried out, or its answer afterwards. What cannot be undone is counted.
/// </summary>
internal sealed class StatefulGitHub(IEnumerable<NetworkFault> faults) : HttpMessageHandler
{
    public const string Me = "platform";
    public const string Head = "1111111111111111111111111111111111111111";
    public const string BaseTip = "2222222222222222222222222222222222222222";
    public const string MergeCommit = "3333333333333333333333333333333333333333";
    public const string UpdatedHead = "4444444444444444444444444444444444444444";
    private const string Time = "2026-01-01T00:00:00Z";

    private readonly Queue<NetworkFault> _faults = new(faults);
    private int _nextId = 100;

    public List<JsonObject> Comments { get; } = [];

    public List<JsonObject> Issues { get; } = [];

    /// <summary>The repository's settings switch them off.</summary>
    public bool HasNoIssues { get; set; }

    /// <summary>Its requests come from an app, by whose login no issue is found.</summary>
    public bool IsApp { get; init; }

    public List<JsonObject> CheckRuns { get; } = [];

    public List<JsonObject> Statuses { get; } = [];

    public List<JsonObject> Reviews { get; } = [];

    public List<JsonObject> PullRequests { get; } = [];

    public List<JsonObject> Releases { get; } = [];

    public List<string> Labels { get; } = [];

    public Dictionary<string, string> Branches { get; } = new(StringComparer.Ordinal) { ["main"] = BaseTip, ["feature"] = Head };

    public int Merges { get; private set; }

    public int Requests { get; private set; }

    public string HeadSha { get; set; } = Head;

    public bool IsClosed { get; set; }

    public bool? Mergeable { get; set; } = true;

    /// <summary>What a merge is refused with, if it is.</summary>
    public (HttpStatusCode Status, string Message)? MergeRefusal { get; set; }

    public bool ChecksNeedAnApp { get; init; }

    /// <summary>Commits of the base that the head lacks.</summary>
    public int BehindBy { get; set; }

    public string? UpdateRefusal { get; set; }

    public JsonObject AddComment(string author, string body)
    {
        var comment = new JsonObject
        {
            ["id"] = ++_nextId,
            ["body"] = body,
            ["user"] = Account(author),
            ["created_at"] = Time,
            ["updated_at"] = Time,
        };
        Comments.Add(comment);
        return comment;
    }

    public JsonObject AddIssue(string author, string title, string body, string state = "open")
    {
        var number = ++_nextId;
        var issue = new JsonObject
        {
            ["number"] = number,
            ["title"] = title,
            ["body"] = body,
            ["state"] = state,
            ["user"] = Account(author),
            ["labels"] = new JsonArray(),
            ["html_url"] = $"https://github.com/octo/hello/issues/{number}",
        };
        Issues.Add(issue);
        return issue;
    }

    public static IEnumerable<string> LabelsOf(JsonObject issue) => issue["labels"]!.AsArray().Select(label => Text(label!.AsObject(), "name")!);

    public static string? Text(JsonObject item, string name) => item[name]?.GetValue<string>();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests++;
        var fault = _faults.TryDequeue(out var planned) ? planned : NetworkFault.None;
        if (fault == NetworkFault.RequestLost)
        {
            throw new HttpRequestException(HttpRequestError.ResponseEnded, "planned: the request was lost");
        }

        var text = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var body = text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
        var path = Uri.UnescapeDataString(request.RequestUri!.AbsolutePath["/".Length..]);
        var asked = $"{request.Method} {path.Replace("repos/octo/hello/", "", StringComparison.Ordinal)}";
        var (status, answer) = asked is "GET issues" ? ListIssues(request.RequestUri.Query) : Answer(asked, body);
        return fault switch
        {
            NetworkFault.AnswerLost => throw new HttpRequestException(HttpRequestError.ResponseEnded, "planned: the answer was lost"),
            NetworkFault.AnswerBroken => new HttpResponseMessage(HttpStatusCode.BadGateway) { Content = new StringContent("<html>") },
            _ => new HttpResponseMessage(status) { Content = new StringContent(answer?.ToJsonString() ?? "", Encoding.UTF8, "application/json") },
        };
    }

    private (HttpStatusCode Status, JsonNode? Answer) Answer(string request, JsonObject body)
    {
        var words = request.Split(' ', '/');
        switch (words)
        {
            case ["GET", "user"]:
                return Ok(Account(Me));
            case ["GET", "app"]:
                return Ok(new JsonObject { ["id"] = 9, ["slug"] = Me });
            case ["POST", "app", "installations", _, "access_tokens"]:
                return (HttpStatusCode.Created, new JsonObject { ["token"] = "ghs_token", ["expires_at"] = "2099-01-01T00:00:00Z" });

            case ["GET", "issues", "1", "comments"]:
                return Ok(Array(Comments));
            case ["POST", "issues", "1", "comments"]:
                return (HttpStatusCode.Created, AddComment(Me, Text(body, "body")!).DeepClone());
            case ["PATCH", "issues", "comments", var id] when Find(Comments, id) is { } comment:
                comment["body"] = Text(body, "body");
                return Ok(comment.DeepClone());
            case ["DELETE", "issues", "comments", var id] when Find(Comments, id) is { } comment:
                Comments.Remove(comment);
                return (HttpStatusCode.NoContent, null);

            case ["POST" or "PATCH", "issues", ..] when HasNoIssues:
                return Refuse(HttpStatusCode.Gone, "Issues has been disabled in this repository.");
            case ["POST", "issues"]:
                var opened = AddIssue(IsApp ? $"{Me}[bot]" : Me, Text(body, "title")!, Text(body, "body")!);
                AddLabels(opened, body);
                return (HttpStatusCode.Created, opened.DeepClone());
            case ["PATCH", "issues", var number] when FindIssue(number) is { } issue:
                foreach (var (name, value) in body)
                {
                    issue[name] = value?.DeepClone();
                }

                return Ok(issue.DeepClone());
            case ["POST", "issues", var number, "labels"] when FindIssue(number) is { } issue:
                AddLabels(issue, body);
                return Ok(issue["labels"]!.DeepClone());

            case ["GET", "commits", Head, "check-runs"]:
                return Ok(new JsonObject { ["total_count"] = CheckRuns.Count, ["check_runs"] = Array(CheckRuns) });
            case ["POST" or "PATCH", "check-runs", ..] when ChecksNeedAnApp:
                return Refuse(HttpStatusCode.Forbidden, "You must authenticate via a GitHub App.");
            case ["POST", "check-runs"]:
                return (HttpStatusCode.Created, AddCheckRun(body).DeepClone());
            case ["PATCH", "check-runs", var id] when Find(CheckRuns, id) is { } run:
                return Ok(Change(run, body).DeepClone());

            case ["GET", "commits", Head, "status"]:
                return Ok(new JsonObject
                {
                    ["statuses"] = Array(Statuses.AsEnumerable().Reverse().DistinctBy(s => Text(s, "context"))),
                });
            case ["POST", "statuses", Head]:
                Statuses.Add(body.DeepClone().AsObject());
                return (HttpStatusCode.Created, body.DeepClone());

            case ["GET", "pulls", "1"]:
                return Ok(PullRequest());
            case ["PUT", "pulls", "1", "merge"]:
                return Merge(body);
            case ["PUT", "pulls", "1", "update-branch"]:
                return Update(body);
            case ["GET", "pulls", "1", "reviews"]:
                return Ok(Array(Reviews));
            case ["POST", "pulls", "1", "reviews"]:
                var review = new JsonObject
                {
                    ["id"] = ++_nextId,
                    ["state"] = "COMMENTED",
                    ["body"] = Text(body, "body"),
                    ["user"] = Account(Me),
                    ["commit_id"] = Text(body, "commit_id"),
                };
                Reviews.Add(review);
                return Ok(review.DeepClone());
            case ["GET", "pulls"]:
                return Ok(Array(PullRequests));
            case ["POST", "pulls"] when PullRequests.Count > 0:
                return Refuse(HttpStatusCode.UnprocessableEntity, "A pull request already exists for octo:feature.");
            case ["POST", "pulls"]:
                PullRequests.Add(PullRequest());
                return (HttpStatusCode.Created, PullRequest());

            case ["GET", "compare", _]:
                return Ok(new JsonObject
                {
                    ["status"] = BehindBy > 0 ? "diverged" : "ahead",
                    ["ahead_by"] = 1,
                    ["behind_by"] = BehindBy,
                    ["total_commits"] = 0,
                    ["base_commit"] = new JsonObject { ["sha"] = BaseTip },
                    ["merge_base_commit"] = new JsonObject { ["sha"] = BaseTip },
                    ["commits"] = new JsonArray(),
                });
            case ["GET", "commits", var sha]:
                var parents = sha is UpdatedHead ? [Head, BaseTip] : new[] { BaseTip };
                return Ok(new JsonObject
                {
                    ["sha"] = sha,
                    ["commit"] = new JsonObject { ["message"] = "m" },
                    ["parents"] = new JsonArray([.. parents.Select(p => (JsonNode)new JsonObject { ["sha"] = p })]),
                });

            case ["GET", "issues", "1", "labels"]:
                return Ok(LabelArray());
            case ["POST", "issues", "1", "labels"]:
                Labels.AddRange(body["labels"]!.AsArray().Select(l => l!.GetValue<string>()).Except(Labels).ToList());
                return Ok(LabelArray());
            case ["DELETE", "issues", "1", "labels", var label] when Labels.Remove(label):
                return Ok(LabelArray());

            case ["GET", "branches", var branch] when Branches.TryGetValue(branch, out var tip):
                return Ok(new JsonObject { ["name"] = branch, ["commit"] = new JsonObject { ["sha"] = tip }, ["protected"] = branch is "main" });
            case ["DELETE", "git", "refs", "heads", "main"]:
                return Refuse(HttpStatusCode.UnprocessableEntity, "Cannot delete this protected ref.");
            case ["DELETE", "git", "refs", "heads", var branch]:
                return Branches.Remove(branch)
                    ? (HttpStatusCode.NoContent, null)
                    : Refuse(HttpStatusCode.UnprocessableEntity, "Reference does not exist");

            case ["GET", "releases"]:
                return Ok(Array(Releases));
            case ["GET", "releases", "tags", var tag] when Releases.Find(r => Is(Text(r, "tag_name"), tag) && !r["draft"]!.GetValue<bool>()) is { } release:
                return Ok(release.DeepClone());
            case ["POST", "releases"]:
                var made = body.DeepClone().AsObject();
                made["id"] = ++_nextId;
                made["html_url"] = "https://github.com/octo/hello/releases/1";
                Releases.Add(made);
                return (HttpStatusCode.Created, made.DeepClone());

            default:
                return Refuse(HttpStatusCode.NotFound, "Not Found");
        }
    }

    private (HttpStatusCode Status, JsonNode? Answer) ListIssues(string query)
    {
        var asked = query.TrimStart('?').Split('&').Select(pair => pair.Split('=')).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]), StringComparer.Ordinal);
        return Ok(Array(Issues.Where(issue => Is(Text(issue, "state"), asked["state"])
            && (!asked.TryGetValue("creator", out var creator) || (!IsApp && Is(Text(issue["user"]!.AsObject(), "login"), creator)))
            && (!asked.TryGetValue("labels", out var labels) || labels.Split(',').All(LabelsOf(issue).Contains))).Reverse()));
    }

    private JsonObject? FindIssue(string number) => Issues.Find(i => Is(i["number"]!.GetValue<int>().ToString(CultureInfo.InvariantCulture), number));

    private static void AddLabels(JsonObject issue, JsonObject body)
    {
        foreach (var name in (body["labels"]?.AsArray() ?? []).Select(label => label!.GetValue<string>()).Except(LabelsOf(issue)).ToList())
        {
            issue["labels"]!.AsArray().Add(new JsonObject { ["name"] = name });
        }
    }

    private (HttpStatusCode Status, JsonNode? Answer) Merge(JsonObject body)
    {
        if (Merges > 0 || IsClosed || Mergeable == false)
        {
            return Refuse(HttpStatusCode.MethodNotAllowed, "Pull Request is not mergeable");
        }

        if (!Is(Text(body, "sha"), HeadSha))
        {
            return Refuse(HttpStatusCode.Conflict, "Head branch was modified. Review and try the merge again.");
        }

        if (MergeRefusal is { } refusal)
        {
            return Refuse(refusal.Status, refusal.Message);
        }

        Merges++;
        return Ok(new JsonObject { ["sha"] = MergeCommit, ["merged"] = true, ["message"] = "Pull Request successfully merged" });
    }

    private (HttpStatusCode Status, JsonNode? Answer) Update(JsonObject body)
    {
        if (UpdateRefusal is { } refusal)
        {
            return Refuse(HttpStatusCode.UnprocessableEntity, refusal);
        }

        if (!Is(Text(body, "expected_head_sha"), HeadSha))
        {
            return Refuse(HttpStatusCode.UnprocessableEntity, "expected head sha didn’t match current head ref.");
        }

        HeadSha = UpdatedHead;
        BehindBy = 0;
        return (HttpStatusCode.Accepted, new JsonObject { ["message"] = "Updating pull request branch." });
    }

    private JsonObject AddCheckRun(JsonObject body)
    {
        var run = new JsonObject
        {
            ["id"] = ++_nextId,
            ["name"] = Text(body, "name"),
            ["head_sha"] = Text(body, "head_sha"),
            ["output"] = new JsonObject { ["annotations_count"] = 0 },
        };
        CheckRuns.Add(run);
        return Change(run, body);
    }

    private static JsonObject Change(JsonObject run, JsonObject body)
    {
        foreach (var name in new[] { "status", "conclusion", "external_id", "completed_at" })
        {
            if (body[name] is { } value)
            {
                run[name] = value.DeepClone();
            }
        }

        if (body["output"] is JsonObject output)
        {
            var annotations = output["annotations"]?.AsArray() ?? [];
            annotations.Count.ShouldBeLessThanOrEqualTo(50);
            var kept = run["output"]!;
            kept["title"] = output["title"]?.DeepClone();
            kept["summary"] = output["summary"]?.DeepClone();
            kept["annotations_count"] = kept["annotations_count"]!.GetValue<int>() + annotations.Count;
            kept["paths"] ??= new JsonArray();
            foreach (var annotation in annotations)
            {
                kept["paths"]!.AsArray().Add(annotation!["path"]!.GetValue<string>());
            }
        }

        return run;
    }

    private JsonObject PullRequest() => new()
    {
        ["number"] = 1,
        ["state"] = IsClosed || Merges > 0 ? "closed" : "open",
        ["title"] = "t",
        ["html_url"] = "https://github.com/octo/hello/pull/1",
        ["created_at"] = Time,
        ["updated_at"] = Time,
        ["merged"] = Merges > 0,
        ["merged_at"] = Merges > 0 ? Time : null,
        ["merge_commit_sha"] = MergeCommit,
        ["mergeable"] = Mergeable,
        ["head"] = End("feature", HeadSha),
        ["base"] = End("main", BaseTip),
    };

    private static JsonObject End(string branch, string sha) => new()
    {
        ["ref"] = branch,
        ["sha"] = sha,
        ["repo"] = new JsonObject { ["full_name"] = "octo/hello", ["clone_url"] = "https://github.com/octo/hello.git" },
    };

    private static JsonObject Account(string login) => new() { ["id"] = login.Length, ["login"] = login, ["type"] = "User" };

    private static (HttpStatusCode, JsonNode?) Ok(JsonNode answer) => (HttpStatusCode.OK, answer);

    private static (HttpStatusCode, JsonNode?) Refuse(HttpStatusCode status, string message) => (status, new JsonObject { ["message"] = message });

    private static JsonArray Array(IEnumerable<JsonObject> items) => new([.. items.Select(i => i.DeepClone())]);

    private JsonArray LabelArray() => new([.. Labels.Select(l => (JsonNode)new JsonObject { ["name"] = l })]);

    private static JsonObject? Find(List<JsonObject> items, string id)
        => items.Find(i => Is(i["id"]!.GetValue<int>().ToString(CultureInfo.InvariantCulture), id));

    private static bool Is(string? one, string other) => string.Equals(one, other, StringComparison.Ordinal);
}

internal enum NetworkFault
{
    None,

    /// <summary>The request never came through.</summary>
    RequestLost,

    /// <summary>It was carried out, and the connection broke.</summary>
    AnswerLost,

    /// <summary>It was carried out, and a gateway answered 502.</summary>
    AnswerBroken,
}

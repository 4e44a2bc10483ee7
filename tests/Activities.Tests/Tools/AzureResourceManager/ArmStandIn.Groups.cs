using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;

internal sealed partial class ArmStandIn
{
    public SortedDictionary<string, StandInGroup> Groups { get; } = new(StringComparer.OrdinalIgnoreCase);

    public StandInGroup AddGroup(string name, string location = "westeurope", params (string Name, string Value)[] tags)
    {
        var group = new StandInGroup(name, location);
        foreach (var (key, value) in tags)
        {
            group.Tags[key] = value;
        }

        return Groups[name] = group;
    }

    private ArmReply AnswerGroup(ArmExchange request, string[] rest) => rest switch
    {
        [] => Versioned(request, "2025-04-01", () => ListGroups(request)),
        [var name] => Versioned(request, "2025-04-01", () => AnswerGroup(request, name)),
        [var name, ..] when !Groups.ContainsKey(name) => NoGroup(name),
        [var name, "deployments", var deployment, "operations"] =>
            Versioned(request, "2025-04-01", () => AnswerDeployment(request, name, [deployment, "operations"])),
        [var name, "providers", "Microsoft.Resources", "deployments", .. var deployment] =>
            Versioned(request, "2025-04-01", () => AnswerDeployment(request, name, deployment)),
        [var name, "providers", "Microsoft.Web", "sites", var site, .. var action] =>
            Versioned(request, "2025-03-01", () => AnswerSite(request, Groups[name], site, action)),
        _ => Error(404, "InvalidResourceType", "The resource type could not be found."),
    };

    private ArmReply AnswerGroup(ArmExchange request, string name)
    {
        var there = Groups.GetValueOrDefault(name);
        switch (request.Method)
        {
            case "GET":
                return there is null ? NoGroup(name) : new ArmReply(200, ToJson(there));
            case "HEAD":
                return new ArmReply(there is null ? 404 : 204);
            case "PUT" when there is { State: "Deleting" }:
                return Error(409, "ResourceGroupBeingDeleted", $"The resource group '{name}' is in deprovisioning state and cannot perform this operation.");
            case "PUT":
                var location = (string)request.Json["location"]!;
                if (there is not null && !string.Equals(there.Location, location, StringComparison.Ordinal))
                {
                    return Error(
                        409,
                        "InvalidResourceGroupLocation",
                        $"Invalid resource group location '{location}'. The Resource group already exists in location '{there.Location}'.");
                }

                var group = AddGroup(name, location);
                group.Resources = there?.Resources ?? group.Resources;
                foreach (var (key, value) in request.Json["tags"]?.AsObject() ?? [])
                {
                    group.Tags[key] = (string)value!;
                }

                return new ArmReply(there is null ? 201 : 200, ToJson(group));
            case "DELETE" when there is null:
                return NoGroup(name);
            case "DELETE" when there.Lock is { } scope:
                return Error(
                    409,
                    "ScopeLocked",
                    $"The scope '{SubscriptionPath}/resourceGroups/{name}' cannot perform delete operation because following scope(s) are locked: '{scope}'. Please remove the lock and try again.");
            case "DELETE":
                there.State = "Deleting";
                return Accept(() =>
                {
                    Groups.Remove(name);
                    return new ArmReply(200);
                });
            default:
                return Error(405, "HttpMethodNotSupported", $"The http method '{request.Method}' is not supported for a resource group.");
        }
    }

    private ArmReply ListGroups(ArmExchange request)
    {
        var filter = TagFilter.Match(request.Query.GetValueOrDefault("$filter") ?? "");
        var groups = Groups.Values.Where(group => !filter.Success
            || (group.Tags.TryGetValue(filter.Groups["name"].Value, out var value) && (!filter.Groups["value"].Success || string.Equals(value, filter.Groups["value"].Value, StringComparison.Ordinal))));
        return Page(request, [.. groups.Select(ToJson)], "$skiptoken");
    }

    private JsonObject ToJson(StandInGroup group) => new()
    {
        ["id"] = $"{SubscriptionPath}/resourceGroups/{group.Name}",
        ["name"] = group.Name,
        ["type"] = "Microsoft.Resources/resourceGroups",
        ["location"] = group.Location,
        ["tags"] = new JsonObject(group.Tags.Select(tag => KeyValuePair.Create(tag.Key, (JsonNode?)tag.Value))),
        ["properties"] = new JsonObject { ["provisioningState"] = group.State },
    };

    private static ArmReply NoGroup(string name) => Error(404, "ResourceGroupNotFound", $"Resource group '{name}' could not be found.");

    [GeneratedRegex("^tagName eq '(?<name>[^']+)'(?: and tagValue eq '(?<value>[^']+)')?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TagFilter { get; }
}

internal sealed record StandInGroup(string Name, string Location)
{
    public string State { get; set; } = "Succeeded";

    public string? Lock { get; set; }

    public Dictionary<string, string> Tags { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What has been deployed, by id.</summary>
    public SortedDictionary<string, JsonObject> Resources { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, StandInSite> Sites { get; } = new(StringComparer.OrdinalIgnoreCase);
}

using System.Globalization;
using System.Text.Json.Nodes;

namespace AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;

internal sealed partial class ArmStandIn
{
    private readonly SortedDictionary<string, JsonObject> _subscriptionResources = new(StringComparer.OrdinalIgnoreCase);

    public Dictionary<string, StandInDeployment> Deployments { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What providers answer for resources of these names.</summary>
    public Dictionary<string, (int Status, string StatusCode, JsonObject Error)> FailingResources { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether validation takes so long that it is answered later.</summary>
    public bool ValidatesLater { get; set; }

    private ArmReply AnswerDeployment(ArmExchange request, string? resourceGroup, string[] rest)
    {
        var scope = resourceGroup is null ? SubscriptionPath : $"{SubscriptionPath}/resourceGroups/{resourceGroup}";
        var name = rest[0];
        var id = $"{scope}/providers/Microsoft.Resources/deployments/{name}";
        var there = Deployments.GetValueOrDefault(id);
        switch ((request.Method, rest))
        {
            case ("PUT", [_]):
                if (there is { HasEnded: false })
                {
                    return Error(
                        409, "DeploymentActive", $"Unable to edit or replace deployment '{name}': previous deployment from '11/22/2026 12:00:00 PM' is still active.");
                }

                return FindProblem(request, resourceGroup) ?? BeginDeployment(request, resourceGroup, scope, id, name);
            case ("POST", [_, "validate"]):
                if (FindProblem(request, resourceGroup) is { } problem)
                {
                    return problem;
                }

                var valid = new StandInDeployment(id, name, request.Json) { State = "Succeeded" };
                var answer = ToJson(valid, scope);
                answer.Remove("tags");
                answer["properties"]!["validatedResources"] =
                    new JsonArray([.. ResourcesOf(request.Json, scope).Select(resource => new JsonObject { ["id"] = resource.Id })]);
                return ValidatesLater ? Accept(() => new ArmReply(200, answer)) : new ArmReply(200, answer);
            case ("POST", [_, "whatIf"]):
                if (FindProblem(request, resourceGroup) is { } refusal)
                {
                    return refusal;
                }

                var prediction = Predict(request.Json, scope, ResourcesAt(resourceGroup));
                return Accept(() => new ArmReply(200, prediction));
            case (_, _) when there is null:
                return Error(404, "DeploymentNotFound", $"Deployment '{name}' could not be found.");
            case ("GET", [_]):
                there.Poll(this);
                return new ArmReply(200, ToJson(there, scope));
            case ("GET", [_, "operations"]):
                return Page(request, [.. OperationsOf(there, scope)], "$skiptoken");
            case ("GET", [_, "operationStatuses", _]):
                there.Poll(this);
                var status = new JsonObject { ["status"] = there.State };
                if (there.State is "Failed")
                {
                    status["error"] = FailureOf(there);
                }

                return there.HasEnded ? new ArmReply(200, status) : new ArmReply(200, status).With(("Retry-After", "10"));
            case ("POST", [_, "cancel"]):
                if (there.HasEnded)
                {
                    return Error(409, "DeploymentCannotBeCancelled", $"The deployment '{name}' cannot be cancelled because it is in state '{there.State}'.");
                }

                there.State = "Canceled";
                return new ArmReply(204);
            case ("DELETE", [_]):
                if (!there.HasEnded)
                {
                    return Error(409, "DeploymentActive", $"The deployment '{name}' is still active and cannot be deleted.");
                }

                return Accept(() =>
                {
                    Deployments.Remove(id);
                    return new ArmReply(204);
                });
            default:
                return Error(405, "HttpMethodNotSupported", $"The http method '{request.Method}' is not supported for a deployment.");
        }
    }

    private ArmReply BeginDeployment(ArmExchange request, string? resourceGroup, string scope, string id, string name)
    {
        var deployment = Deployments[id] = new StandInDeployment(id, name, request.Json) { PollsLeft = PollsUntilDone, ResourceGroup = resourceGroup };
        return new ArmReply(201, ToJson(deployment, scope)).With(
            ("Azure-AsyncOperation", $"{Root}{id}/operationStatuses/{Guid.NewGuid():N}?api-version=2025-04-01"), ("Retry-After", "10"));
    }

    private static ArmReply? FindProblem(ArmExchange request, string? resourceGroup)
    {
        var content = request.Json;
        var properties = content["properties"] as JsonObject;
        if (properties?["mode"] is null || (properties["template"] is null == properties["templateLink"] is null))
        {
            return Error(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized.");
        }

        if (resourceGroup is null && content["location"] is null)
        {
            return Error(400, "LocationRequired", "The location property is required for this definition.");
        }

        if (properties["template"] is not JsonObject template)
        {
            return null;
        }

        if (template["$schema"] is null || template["resources"] is null)
        {
            return Error(
                400,
                "InvalidTemplate",
                "Deployment template validation failed: 'The template is missing the required property'.",
                additionalInfo: [new JsonObject { ["type"] = "TemplateViolation", ["info"] = new JsonObject { ["lineNumber"] = 1, ["linePosition"] = 2, ["path"] = "" } }]);
        }

        var given = properties["parameters"] as JsonObject ?? [];
        var declared = template["parameters"] as JsonObject ?? [];
        var missing = declared.Where(parameter => parameter.Value!["defaultValue"] is null && !given.ContainsKey(parameter.Key)).Select(parameter => parameter.Key).ToList();
        return missing.Count == 0 ? null : Error(
            400, "InvalidTemplate", $"Deployment template validation failed: 'The value for the template parameter '{missing[0]}' is not provided.'.");
    }

    private SortedDictionary<string, JsonObject> ResourcesAt(string? resourceGroup) => resourceGroup is null ? _subscriptionResources : Groups[resourceGroup].Resources;

    private static IEnumerable<(string Id, string Type, string Name, JsonObject Content)> ResourcesOf(JsonObject content, string scope)
    {
        var properties = content["properties"]!;
        var parameters = properties["parameters"] as JsonObject ?? [];
        foreach (var resource in properties["template"]?["resources"]?.AsArray() ?? [])
        {
            var (type, name) = ((string)resource!["type"]!, (string)resource["name"]!);
            yield return ($"{scope}/providers/{type}/{name}", type, name, Evaluate((JsonObject)resource["properties"]!, parameters));
        }
    }

    private static JsonObject Evaluate(JsonObject properties, JsonObject parameters) => new(properties.Select(property => KeyValuePair.Create(
        property.Key,
        property.Value is JsonValue value && value.TryGetValue<string>(out var text) && text.StartsWith("[parameters('", StringComparison.Ordinal)
            ? parameters[text["[parameters('".Length..^"')]".Length]]?["value"]?.DeepClone()
            : property.Value?.DeepClone())));

    private JsonObject ToJson(StandInDeployment deployment, string scope)
    {
        var sent = deployment.Content["properties"]!;
        var template = sent["template"] as JsonObject ?? [];
        var parameters = sent["parameters"] as JsonObject ?? [];
        var types = template["parameters"] as JsonObject ?? [];
        var json = new JsonObject
        {
            ["id"] = deployment.Id,
            ["name"] = deployment.Name,
            ["type"] = "Microsoft.Resources/deployments",
            ["tags"] = deployment.Content["tags"]?.DeepClone(),
            ["properties"] = new JsonObject
            {
                ["templateHash"] = "14470722838463418237",
                // Azure leaves out the values of secure parameters.
                ["parameters"] = new JsonObject(parameters.Select(parameter => KeyValuePair.Create(parameter.Key, (JsonNode?)ShownParameter(parameter.Value!, types[parameter.Key])))),
                ["mode"] = sent["mode"]!.DeepClone(),
                ["provisioningState"] = deployment.State,
                ["timestamp"] = "2026-11-22T12:00:00.1234567Z",
                ["duration"] = "PT22.8356799S",
                ["correlationId"] = "12d4f5b6-0000-4000-8000-2f9a4b6c8d0e",
                ["providers"] = new JsonArray(),
                ["dependencies"] = new JsonArray(),
            },
        };
        if (deployment.Content["location"] is { } location)
        {
            json["location"] = location.DeepClone();
        }

        var properties = json["properties"]!;
        if (deployment.State is "Succeeded")
        {
            properties["outputs"] = new JsonObject((template["outputs"] as JsonObject ?? []).Select(output => KeyValuePair.Create(output.Key, (JsonNode?)ShownOutput(output.Value!, parameters))));
            properties["outputResources"] = new JsonArray([.. ResourcesOf(deployment.Content, scope).Select(resource => new JsonObject { ["id"] = resource.Id })]);
        }
        else if (deployment.State is "Failed")
        {
            properties["error"] = FailureOf(deployment);
        }

        return json;
    }

    private static JsonObject ShownParameter(JsonNode parameter, JsonNode? declared)
    {
        var type = (string?)declared?["type"] ?? "String";
        var shown = new JsonObject { ["type"] = type };
        if (parameter["reference"] is { } reference)
        {
            shown["reference"] = reference.DeepClone();
        }
        else if (!type.StartsWith("secure", StringComparison.OrdinalIgnoreCase))
        {
            shown["value"] = parameter["value"]?.DeepClone();
        }

        return shown;
    }

    private static JsonObject ShownOutput(JsonNode output, JsonObject parameters)
    {
        var evaluated = Evaluate(new JsonObject { ["value"] = output["value"]?.DeepClone() }, parameters);
        return new JsonObject { ["type"] = output["type"]!.DeepClone(), ["value"] = evaluated["value"]?.DeepClone() };
    }

    private JsonObject FailureOf(StandInDeployment deployment) => new()
    {
        ["code"] = "DeploymentFailed",
        ["target"] = deployment.Id,
        ["message"] = "At least one resource deployment operation failed. Please list deployment operations for details. Please see https://aka.ms/arm-deployment-operations for usage details.",
        ["details"] = new JsonArray([.. FailuresOf(deployment).Select(failure => new JsonObject
        {
            ["code"] = failure.StatusCode,
            ["message"] = new JsonObject { ["error"] = failure.Error.DeepClone() }.ToJsonString(),
        })]),
    };

    private IEnumerable<(int Status, string StatusCode, JsonObject Error)> FailuresOf(StandInDeployment deployment) =>
        ResourcesOf(deployment.Content, "").Where(resource => FailingResources.ContainsKey(resource.Name)).Select(resource => FailingResources[resource.Name]);

    private IEnumerable<JsonObject> OperationsOf(StandInDeployment deployment, string scope)
    {
        var number = 0;
        foreach (var (id, type, name, _) in ResourcesOf(deployment.Content, scope))
        {
            var operation = (++number).ToString("X16", CultureInfo.InvariantCulture);
            var failure = FailingResources.TryGetValue(name, out var found) ? found : ((int, string, JsonObject)?)null;
            var properties = new JsonObject
            {
                ["provisioningOperation"] = "Create",
                ["provisioningState"] = !deployment.HasEnded ? "Running" : failure is null ? "Succeeded" : "Failed",
                ["timestamp"] = "2026-11-22T12:00:00.1234567Z",
                ["duration"] = "PT2.3105487S",
                ["serviceRequestId"] = "6e8ef2a8-0000-4000-8000-d7a8cd3e9bd1",
                ["statusCode"] = failure?.Item2 ?? "OK",
                ["targetResource"] = new JsonObject { ["id"] = id, ["resourceType"] = type, ["resourceName"] = name },
            };
            if (failure is { } problem)
            {
                properties["statusMessage"] = new JsonObject { ["status"] = "Failed", ["error"] = problem.Item3.DeepClone() };
            }

            yield return new JsonObject { ["id"] = $"{deployment.Id}/operations/{operation}", ["operationId"] = operation, ["properties"] = properties };
        }

        yield return new JsonObject
        {
            ["id"] = $"{deployment.Id}/operations/08585000000000000000",
            ["operationId"] = "08585000000000000000",
            ["properties"] = new JsonObject
            {
                ["provisioningOperation"] = "EvaluateDeploymentOutput",
                ["provisioningState"] = deployment.HasEnded ? "Succeeded" : "Running",
                ["timestamp"] = "2026-11-22T12:00:00.1234567Z",
                ["duration"] = "PT0.3S",
                ["statusCode"] = "OK",
            },
        };
    }

    private static JsonObject Predict(JsonObject content, string scope, SortedDictionary<string, JsonObject> there)
    {
        var changes = new JsonArray();
        var named = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, type, name, after) in ResourcesOf(content, scope))
        {
            named.Add(id);
            var before = there.GetValueOrDefault(id);
            var delta = before is null ? [] : Delta(before, after);
            changes.Add(new JsonObject
            {
                ["resourceId"] = id,
                ["changeType"] = before is null ? "Create" : delta.Count == 0 ? "NoChange" : "Modify",
                ["before"] = before is null ? null : Payload(id, type, name, before),
                ["after"] = Payload(id, type, name, after),
                ["delta"] = before is null ? null : new JsonArray(Modified("properties", delta)),
            });
        }

        var isComplete = (string?)content["properties"]!["mode"] is "Complete";
        foreach (var id in there.Keys.Where(id => !named.Contains(id)))
        {
            changes.Add(new JsonObject { ["resourceId"] = id, ["changeType"] = isComplete ? "Delete" : "Ignore", ["before"] = there[id].DeepClone() });
        }

        return new JsonObject { ["status"] = "Succeeded", ["properties"] = new JsonObject { ["changes"] = changes } };
    }

    private static JsonObject Payload(string id, string type, string name, JsonObject properties) =>
        new() { ["id"] = id, ["type"] = type, ["name"] = name, ["properties"] = properties.DeepClone() };

    private static JsonObject Modified(string path, JsonArray children) => new()
    {
        ["path"] = path,
        ["propertyChangeType"] = "Modify",
        ["before"] = null,
        ["after"] = null,
        ["children"] = children,
    };

    private static JsonArray Delta(JsonObject before, JsonObject after) => new([.. before.Select(property => property.Key).Union(after.Select(property => property.Key))
        .Where(key => !JsonNode.DeepEquals(before[key], after[key]))
        .Select(key => new JsonObject
        {
            ["path"] = key,
            ["propertyChangeType"] = !before.ContainsKey(key) ? "Create" : !after.ContainsKey(key) ? "Delete" : "Modify",
            ["before"] = before[key]?.DeepClone(),
            ["after"] = after[key]?.DeepClone(),
            ["children"] = null,
        })]);

    /// <summary>A deployment that goes on until it has been asked for often enough.</summary>
    internal sealed record StandInDeployment(string Id, string Name, JsonObject Content)
    {
        public string State { get; set; } = "Accepted";

        public string? ResourceGroup { get; init; }

        public int PollsLeft { get; set; }

        public bool HasEnded => State is "Succeeded" or "Failed" or "Canceled";

        public void Poll(ArmStandIn standIn)
        {
            if (HasEnded)
            {
                return;
            }

            State = "Running";
            if (PollsLeft-- > 0)
            {
                return;
            }

            State = standIn.FailuresOf(this).Any() ? "Failed" : "Succeeded";
            var scope = Id[..Id.LastIndexOf("/providers/Microsoft.Resources/", StringComparison.OrdinalIgnoreCase)];
            foreach (var (id, _, name, content) in ResourcesOf(Content, scope))
            {
                if (!standIn.FailingResources.ContainsKey(name))
                {
                    standIn.ResourcesAt(ResourceGroup)[id] = content;
                }
            }
        }
    }
}

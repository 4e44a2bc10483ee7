using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;

internal sealed partial class ArmStandIn
{
    private readonly List<JsonObject> _events = [];

    public void AddEvent(DateTimeOffset time, string operation, string resourceGroup, string status = "Succeeded", string secret = "")
    {
        var id = Guid.NewGuid().ToString();
        _events.Add(new JsonObject
        {
            ["authorization"] = new JsonObject { ["action"] = operation, ["role"] = "Contributor", ["scope"] = $"{SubscriptionPath}/resourceGroups/{resourceGroup}" },
            ["caller"] = "operator@example.com",
            ["claims"] = new JsonObject { ["aud"] = "https://management.azure.com/" },
            ["correlationId"] = "1e121103-0ba6-4300-ac9d-952bb5d0c80f",
            ["description"] = "",
            ["eventDataId"] = id,
            ["eventName"] = new JsonObject { ["value"] = "EndRequest", ["localizedValue"] = "End request" },
            ["category"] = new JsonObject { ["value"] = "Administrative", ["localizedValue"] = "Administrative" },
            ["httpRequest"] = new JsonObject { ["clientRequestId"] = id, ["clientIpAddress"] = "192.0.2.1", ["method"] = "PUT" },
            ["id"] = $"{SubscriptionPath}/resourceGroups/{resourceGroup}/events/{id}/ticks/1",
            ["level"] = status is "Failed" ? "Error" : "Informational",
            ["resourceGroupName"] = resourceGroup,
            ["resourceId"] = $"{SubscriptionPath}/resourceGroups/{resourceGroup}/providers/Microsoft.Web/sites/app",
            ["resourceProviderName"] = new JsonObject { ["value"] = "Microsoft.Web", ["localizedValue"] = "Microsoft Web Apps" },
            ["resourceType"] = new JsonObject { ["value"] = "Microsoft.Web/sites", ["localizedValue"] = "Microsoft.Web/sites" },
            ["operationId"] = id,
            ["operationName"] = new JsonObject { ["value"] = operation, ["localizedValue"] = operation },
            ["properties"] = new JsonObject { ["requestbody"] = secret },
            ["status"] = new JsonObject { ["value"] = status, ["localizedValue"] = status },
            ["subStatus"] = new JsonObject { ["value"] = "OK", ["localizedValue"] = "OK (HTTP Status Code: 200)" },
            ["eventTimestamp"] = time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            ["submissionTimestamp"] = time.AddMinutes(2).UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            ["subscriptionId"] = SubscriptionId,
            ["tenantId"] = "99999999-2222-3333-4444-555555555555",
        });
    }

    private ArmReply AnswerActivityLog(ArmExchange request)
    {
        var filter = EventFilter.Match(request.Query.GetValueOrDefault("$filter") ?? "");
        if (!filter.Success)
        {
            return new ArmReply(400, new JsonObject { ["code"] = "BadRequest", ["message"] = "The $filter is invalid." });
        }

        var (first, last) = (Time("from"), Time("to"));
        var fields = request.Query.GetValueOrDefault("$select")?.Split(',');
        var found = from each in _events
                    let time = DateTimeOffset.Parse((string)each["eventTimestamp"]!, CultureInfo.InvariantCulture)
                    where time >= first && time <= last
                    where filter.Groups["field"].Value switch
                    {
                        "" => true,
                        "resourceGroupName" => Is(each["resourceGroupName"]),
                        "resourceUri" => Is(each["resourceId"]),
                        "resourceProvider" => Is(each["resourceProviderName"]!["value"]),
                        _ => Is(each["correlationId"]),
                    }
                    orderby time descending
                    select new JsonObject(each.Where(property => fields is null || fields.Contains(property.Key)).Select(property => KeyValuePair.Create(property.Key, property.Value?.DeepClone())));
        return Page(request, [.. found], "$skipToken");

        DateTimeOffset Time(string group) => DateTimeOffset.Parse(filter.Groups[group].Value, CultureInfo.InvariantCulture);

        bool Is(JsonNode? value) => string.Equals((string?)value, filter.Groups["value"].Value, StringComparison.OrdinalIgnoreCase);
    }

    [GeneratedRegex(
        "^eventTimestamp ge '(?<from>[^']+)' and eventTimestamp le '(?<to>[^']+)'(?: and (?<field>resourceGroupName|resourceUri|resourceProvider|correlationId) eq '(?<value>[^']+)')?$",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex EventFilter { get; }
}

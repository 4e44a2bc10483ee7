using System.Text.Json.Nodes;
using AtomicDevOps.LocalForge.Api.Http;
using AtomicDevOps.LocalForge.Store;

namespace AtomicDevOps.LocalForge.Api.Representations;

internal sealed partial class JsonRenderer
{
    public JsonObject Hook(Hook hook)
    {
        var url = $"{ApiOf(hook.RepositoryId)}/hooks/{hook.Id}";
        return new JsonObject
        {
            ["type"] = "Repository",
            ["id"] = hook.Id,
            ["name"] = "web",
            ["active"] = hook.Active,
            ["events"] = GitHubJson.Array(hook.Events, name => name),
            ["config"] = HookConfig(hook),
            ["updated_at"] = GitHubJson.Time(hook.UpdatedAt),
            ["created_at"] = GitHubJson.Time(hook.CreatedAt),
            ["url"] = url,
            ["test_url"] = url + "/test",
            ["ping_url"] = url + "/pings",
            ["deliveries_url"] = url + "/deliveries",
            ["last_response"] = new JsonObject
            {
                ["code"] = hook.LastCode,
                ["status"] = hook.LastStatus,
                ["message"] = hook.LastMessage,
            },
        };
    }

    /// <summary>A delivery as the log lists it.</summary>
    public static JsonObject Delivery(Delivery delivery) => new()
    {
        ["id"] = delivery.Id,
        ["guid"] = delivery.Guid.ToString(),
        ["delivered_at"] = GitHubJson.Time(delivery.DeliveredAt ?? delivery.CreatedAt),
        ["redelivery"] = delivery.Redelivery,
        ["duration"] = Math.Round(delivery.DurationSeconds, 2),
        ["status"] = delivery.Status,
        ["status_code"] = delivery.StatusCode,
        ["event"] = delivery.Event,
        ["action"] = delivery.Action,
        ["installation_id"] = null,
        ["repository_id"] = delivery.RepositoryId,
        ["throttled_at"] = null,
    };

    /// <summary>A delivery with what was sent and what came back.</summary>
    public static JsonObject FullDelivery(Delivery delivery)
    {
        var json = Delivery(delivery);
        json["url"] = "";
        json["request"] = new JsonObject
        {
            ["headers"] = Headers(delivery.RequestHeaders),
            ["payload"] = JsonNode.Parse(delivery.Payload),
        };
        json["response"] = new JsonObject { ["headers"] = Headers(delivery.ResponseHeaders), ["payload"] = delivery.ResponseBody ?? "" };
        return json;
    }

    private static JsonObject HookConfig(Hook hook)
    {
        var config = new JsonObject { ["url"] = hook.Url, ["content_type"] = hook.ContentType, ["insecure_ssl"] = hook.InsecureSsl };
        if (hook.Secret is not null)
        {
            config["secret"] = "********";
        }

        return config;
    }

    private static JsonObject Headers(IReadOnlyDictionary<string, string> headers) =>
        new(headers.Select(header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value)));
}

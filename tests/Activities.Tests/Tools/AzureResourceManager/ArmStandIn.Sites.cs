using System.Text.Json.Nodes;

namespace AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;

internal sealed partial class ArmStandIn
{
    public StandInSite AddSite(string resourceGroup, string name, string sku = "FlexConsumption", string kind = "functionapp,linux")
    {
        var group = Groups.GetValueOrDefault(resourceGroup) ?? AddGroup(resourceGroup);
        return group.Sites[name] = new StandInSite(name, sku, kind);
    }

    private ArmReply AnswerSite(ArmExchange request, StandInGroup group, string name, string[] action)
    {
        if (!group.Sites.TryGetValue(name, out var site))
        {
            return Error(
                404,
                "ResourceNotFound",
                $"The Resource 'Microsoft.Web/sites/{name}' under resource group '{group.Name}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");
        }

        var id = $"{SubscriptionPath}/resourceGroups/{group.Name}/providers/Microsoft.Web/sites/{site.Name}";
        switch ((request.Method, action))
        {
            case ("GET", []):
                return new ArmReply(200, ToJson(site, id, group.Location));
            case ("PATCH", []):
                return PatchSite(request, site) ?? new ArmReply(200, ToJson(site, id, group.Location));
            case ("POST", ["start"]):
                site.State = "Running";
                return new ArmReply(200);
            case ("POST", ["stop"]):
                site.State = "Stopped";
                return new ArmReply(200);
            case ("POST", ["restart"]):
                site.Restarts++;
                return new ArmReply(200);
            case ("POST", ["config", "appsettings", "list"]):
                return new ArmReply(200, ToSettings(site, id));
            case ("PUT", ["config", "appsettings"]):
                site.Settings.Clear();
                foreach (var (key, value) in request.Json["properties"]!.AsObject())
                {
                    site.Settings[key] = (string)value!;
                }

                site.Restarts++;
                return new ArmReply(200, ToSettings(site, id));
            case ("GET", ["config", "web"]):
                return new ArmReply(200, ToConfiguration(site, id));
            case ("PATCH", ["config", "web"]):
                if (site.Sku is "FlexConsumption")
                {
                    return WebError(400, "BadRequest", "The following site configuration property (Site.SiteConfig.FunctionAppScaleLimit) for Flex Consumption sites is invalid. Please remove or rename it before retrying.");
                }

                site.FunctionAppScaleLimit = (int)request.Json["properties"]!["functionAppScaleLimit"]!;
                return new ArmReply(200, ToConfiguration(site, id));
            default:
                return Error(405, "HttpMethodNotSupported", $"The http method '{request.Method}' is not supported here.");
        }
    }

    private static ArmReply? PatchSite(ArmExchange request, StandInSite site)
    {
        var properties = request.Json["properties"]!;
        if (site.Sku is not "FlexConsumption" || properties["siteConfig"] is not null)
        {
            return WebError(400, "BadRequest", "The parameter properties has an invalid value.");
        }

        var config = properties["functionAppConfig"]!.AsObject();
        if (config["deployment"] is null || config["runtime"] is null)
        {
            return WebError(400, "BadRequest", "Site.FunctionAppConfig is invalid. The FunctionAppConfig section was not specified in full in the request.");
        }

        if (config["scaleAndConcurrency"]?["maximumInstanceCount"] is { } count && (int)count < site.LeastMaximum)
        {
            return WebError(400, "BadRequest", $"The parameter maximumInstanceCount has an invalid value: it must be between {site.LeastMaximum} and 1000.");
        }

        if (!site.IgnoresPatches)
        {
            site.FunctionAppConfig = (JsonObject)config.DeepClone();
        }

        return null;
    }

    /// <summary>App Service's own errors: no envelope, and names with capitals.</summary>
    private static ArmReply WebError(int status, string code, string message) => new(status, new JsonObject
    {
        ["Code"] = code,
        ["Message"] = message,
        ["Target"] = null,
        ["Details"] = new JsonArray(
            new JsonObject { ["Message"] = message },
            new JsonObject { ["Code"] = code },
            new JsonObject { ["ErrorEntity"] = new JsonObject { ["ExtendedCode"] = "51021", ["MessageTemplate"] = "{0}", ["Code"] = code, ["Message"] = message } }),
        ["Innererror"] = null,
    });

    private static JsonObject ToJson(StandInSite site, string id, string location) => new()
    {
        ["id"] = id,
        ["name"] = site.Name,
        ["type"] = "Microsoft.Web/sites",
        ["kind"] = site.Kind,
        ["location"] = location,
        ["tags"] = new JsonObject(),
        ["properties"] = new JsonObject
        {
            ["state"] = site.State,
            ["hostNames"] = new JsonArray($"{site.Name}.azurewebsites.net"),
            ["enabled"] = site.State is "Running",
            ["sku"] = site.Sku,
            ["serverFarmId"] = $"{id[..id.IndexOf("/sites/", StringComparison.Ordinal)]}/serverfarms/plan",
            ["siteConfig"] = new JsonObject { ["numberOfWorkers"] = 1, ["functionAppScaleLimit"] = site.FunctionAppScaleLimit, ["minimumElasticInstanceCount"] = 0 },
            ["functionAppConfig"] = site.Sku is "FlexConsumption" ? site.FunctionAppConfig.DeepClone() : null,
        },
    };

    private static JsonObject ToSettings(StandInSite site, string id) => new()
    {
        ["id"] = $"{id}/config/appsettings",
        ["name"] = "appsettings",
        ["type"] = "Microsoft.Web/sites/config",
        ["properties"] = new JsonObject(site.Settings.Select(setting => KeyValuePair.Create(setting.Key, (JsonNode?)setting.Value))),
    };

    private static JsonObject ToConfiguration(StandInSite site, string id) => new()
    {
        ["id"] = $"{id}/config/web",
        ["name"] = site.Name,
        ["type"] = "Microsoft.Web/sites/config",
        ["properties"] = new JsonObject { ["numberOfWorkers"] = 1, ["functionAppScaleLimit"] = site.FunctionAppScaleLimit, ["minimumElasticInstanceCount"] = 1 },
    };
}

internal sealed record StandInSite(string Name, string Sku, string Kind)
{
    public string State { get; set; } = "Running";

    public int Restarts { get; set; }

    public int FunctionAppScaleLimit { get; set; }

    /// <summary>What the region allows as the fewest of the most.</summary>
    public int LeastMaximum { get; set; } = 40;

    /// <summary>Patches are taken and come to nothing.</summary>
    public bool IgnoresPatches { get; set; }

    public SortedDictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    public JsonObject FunctionAppConfig { get; set; } = new()
    {
        ["deployment"] = new JsonObject
        {
            ["storage"] = new JsonObject
            {
                ["type"] = "blobContainer",
                ["value"] = "https://storage.blob.core.windows.net/packages",
                ["authentication"] = new JsonObject { ["type"] = "SystemAssignedIdentity", ["userAssignedIdentityResourceId"] = null, ["storageAccountConnectionStringName"] = null },
            },
        },
        ["runtime"] = new JsonObject { ["name"] = "dotnet-isolated", ["version"] = "10.0" },
        ["scaleAndConcurrency"] = new JsonObject
        {
            ["alwaysReady"] = new JsonArray(),
            ["maximumInstanceCount"] = 100,
            ["instanceMemoryMB"] = 2048,
            ["triggers"] = new JsonObject { ["http"] = new JsonObject { ["perInstanceConcurrency"] = 16 } },
        },
    };
}

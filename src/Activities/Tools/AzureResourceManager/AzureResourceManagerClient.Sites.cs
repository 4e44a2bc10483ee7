using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Json;
using Azure.Core;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

internal sealed partial class AzureResourceManagerClient
{
    public async Task<IReadOnlyDictionary<string, string>> ListAppSettingsAsync(SiteAddress site, CancellationToken cancellationToken)
    {
        var request = new ArmRequest(RequestMethod.Post, $"{Path(site)}/config/appsettings/list", ApiVersions.Sites);
        var answer = await transport.SendAsync(request, cancellationToken);
        return (ArmTransport.Read<WireSettings>(request, answer.Body).Properties ?? [])
            .ToDictionary(setting => setting.Key, setting => setting.Value ?? "", StringComparer.Ordinal);
    }

    public Task PutAppSettingsAsync(
        SiteAddress site, IReadOnlyDictionary<string, string> settings, SecretRedactor redactor, CancellationToken cancellationToken)
    {
        var request = new ArmRequest(RequestMethod.Put, $"{Path(site)}/config/appsettings", ApiVersions.Sites)
        {
            Body = new WireSettingsContent(settings),
            Redactor = redactor,
        };
        return transport.SendAsync(request, cancellationToken);
    }

    public async Task<FunctionApp> GetFunctionAppAsync(SiteAddress site, CancellationToken cancellationToken)
    {
        var request = Get(Path(site), ApiVersions.Sites);
        var wire = ArmTransport.Read<WireSite>(request, (await transport.SendAsync(request, cancellationToken)).Body);
        var kind = wire.Kind ?? "";
        var sku = wire.Properties?.Sku ?? "";
        var configuration = wire.Properties?.FunctionAppConfig ?? default;
        var isFunctionApp = kind.Contains("functionapp", StringComparison.OrdinalIgnoreCase);
        var plan = (isFunctionApp, sku.ToUpperInvariant()) switch
        {
            (true, "FLEXCONSUMPTION") => ScalePlan.FlexConsumption,
            (true, "DYNAMIC" or "ELASTICPREMIUM") => ScalePlan.Elastic,
            _ => ScalePlan.None,
        };
        var limits = plan switch
        {
            ScalePlan.FlexConsumption => ToLimits(request, configuration),
            ScalePlan.Elastic => await ReadScaleLimitAsync(site, cancellationToken),
            _ => new ScaleLimits(),
        };
        return new FunctionApp(site, kind, wire.Properties?.State ?? "", sku, plan, limits) { Configuration = configuration };
    }

    public Task StartSiteAsync(SiteAddress site, CancellationToken cancellationToken) =>
        transport.SendAsync(new ArmRequest(RequestMethod.Post, $"{Path(site)}/start", ApiVersions.Sites), cancellationToken);

    public Task StopSiteAsync(SiteAddress site, CancellationToken cancellationToken) =>
        transport.SendAsync(new ArmRequest(RequestMethod.Post, $"{Path(site)}/stop", ApiVersions.Sites), cancellationToken);

    public Task RestartSiteAsync(SiteAddress site, CancellationToken cancellationToken) =>
        transport.SendAsync(new ArmRequest(RequestMethod.Post, $"{Path(site)}/restart", ApiVersions.Sites) { IsRepeatable = false }, cancellationToken);

    public async Task SetScaleLimitsAsync(FunctionApp app, ScaleLimitsChange change, CancellationToken cancellationToken)
    {
        var path = Path(app.Address);
        var request = app.Plan switch
        {
            // Only what belongs to the plan is sent: a Flex Consumption site refuses a body with settings of other plans, as a read one has them.
            ScalePlan.FlexConsumption => new ArmRequest(RequestMethod.Patch, path, ApiVersions.Sites) { Body = FlexBody(app.Configuration, change) },
            ScalePlan.Elastic => new ArmRequest(RequestMethod.Patch, $"{path}/config/web", ApiVersions.Sites)
            {
                Body = new WireSiteConfiguration(new WireSiteConfigurationProperties(change.MaximumInstanceCount)),
            },
            _ => throw new ToolException(ArmTransport.Tool, $"{app.Address.Name} has no limits of its own: its plan is {app.Sku}."),
        };
        await transport.SendAsync(request, cancellationToken);
    }

    private static JsonObject FlexBody(JsonElement configuration, ScaleLimitsChange change)
    {
        var config = configuration.ValueKind == JsonValueKind.Object ? JsonObject.Create(configuration)! : [];
        if (config["scaleAndConcurrency"] is not JsonObject scale)
        {
            config["scaleAndConcurrency"] = scale = [];
        }

        if (change.MaximumInstanceCount is { } count)
        {
            scale["maximumInstanceCount"] = count;
        }

        if (change.InstanceMemoryMB is { } memory)
        {
            scale["instanceMemoryMB"] = memory;
        }

        if (change.AlwaysReady is { } ready)
        {
            scale["alwaysReady"] = JsonSerializer.SerializeToNode(ready, JsonDefaults.Options);
        }

        return new JsonObject { ["properties"] = new JsonObject { ["functionAppConfig"] = config } };
    }

    private static ScaleLimits ToLimits(ArmRequest request, JsonElement configuration)
    {
        if (configuration.ValueKind != JsonValueKind.Object
            || !configuration.TryGetProperty("scaleAndConcurrency", out var scale)
            || scale.ValueKind != JsonValueKind.Object)
        {
            return new ScaleLimits();
        }

        var wire = ArmTransport.Read<WireScaleAndConcurrency>(request, scale);
        return new ScaleLimits
        {
            MaximumInstanceCount = (int?)wire.MaximumInstanceCount,
            InstanceMemoryMB = (int?)wire.InstanceMemoryMB,
            AlwaysReady = wire.AlwaysReady ?? [],
        };
    }

    private async Task<ScaleLimits> ReadScaleLimitAsync(SiteAddress site, CancellationToken cancellationToken)
    {
        var request = Get($"{Path(site)}/config/web", ApiVersions.Sites);
        var wire = ArmTransport.Read<WireSiteConfiguration>(request, (await transport.SendAsync(request, cancellationToken)).Body);
        return new ScaleLimits { MaximumInstanceCount = wire.Properties?.FunctionAppScaleLimit is > 0 and var limit ? limit : null };
    }

    private string Path(SiteAddress site) => $"{GroupPath(site.ResourceGroup)}/providers/Microsoft.Web/sites/{AzureName.Site(site.Name)}";
}

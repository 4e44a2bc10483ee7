using System.Text.Json;
using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

internal sealed record WireDeploymentContent(string? Location, IReadOnlyDictionary<string, string>? Tags, WireDeploymentContentProperties Properties);

internal sealed record WireDeploymentContentProperties(
    JsonElement? Template,
    WireTemplateLink? TemplateLink,
    IReadOnlyDictionary<string, JsonElement> Parameters,
    DeploymentMode Mode,
    WireWhatIfSettings? WhatIfSettings);

internal sealed record WireTemplateLink(Uri Uri);

internal sealed record WireWhatIfSettings(string ResultFormat);

internal sealed record WireDeployment(string? Id, string? Name, Dictionary<string, string>? Tags, WireDeploymentProperties? Properties);

internal sealed record WireDeploymentProperties
{
    public string? ProvisioningState { get; init; }

    public string? CorrelationId { get; init; }

    public DateTimeOffset? Timestamp { get; init; }

    public string? Duration { get; init; }

    public Dictionary<string, WireOutput>? Outputs { get; init; }

    public IReadOnlyList<WireReference>? OutputResources { get; init; }

    public IReadOnlyList<WireReference>? ValidatedResources { get; init; }

    public JsonElement? Error { get; init; }
}

internal sealed record WireOutput(string? Type, JsonElement Value);

internal sealed record WireReference(string? Id);

internal sealed record WireValidation(JsonElement? Error, WireDeploymentProperties? Properties);

internal sealed record WireOperation(string? OperationId, WireOperationProperties? Properties);

internal sealed record WireOperationProperties
{
    public string? ProvisioningOperation { get; init; }

    public string? ProvisioningState { get; init; }

    public DateTimeOffset? Timestamp { get; init; }

    public string? Duration { get; init; }

    public string? StatusCode { get; init; }

    public JsonElement? StatusMessage { get; init; }

    public WireTarget? TargetResource { get; init; }
}

internal sealed record WireTarget(string? Id, string? ResourceType);

internal sealed record WireWhatIf(string? Status, WireWhatIfProperties? Properties, JsonElement? Error);

internal sealed record WireWhatIfProperties(IReadOnlyList<WireWhatIfChange>? Changes, IReadOnlyList<WireWhatIfChange>? PotentialChanges);

internal sealed record WireWhatIfChange(string? ResourceId, string? ChangeType, string? UnsupportedReason, IReadOnlyList<WireWhatIfPropertyChange>? Delta);

internal sealed record WireWhatIfPropertyChange(
    string? Path, string? PropertyChangeType, JsonElement? Before, JsonElement? After, IReadOnlyList<WireWhatIfPropertyChange>? Children);

internal sealed record WireSettings(Dictionary<string, string?>? Properties);

internal sealed record WireSettingsContent(IReadOnlyDictionary<string, string> Properties);

internal sealed record WireSite(string? Kind, WireSiteProperties? Properties);

internal sealed record WireSiteProperties(string? State, string? Sku, JsonElement FunctionAppConfig);

internal sealed record WireScaleAndConcurrency(IReadOnlyList<AlwaysReady>? AlwaysReady, double? MaximumInstanceCount, double? InstanceMemoryMB);

internal sealed record WireSiteConfiguration(WireSiteConfigurationProperties? Properties);

internal sealed record WireSiteConfigurationProperties(int? FunctionAppScaleLimit);

internal sealed record WireEvent
{
    public string? EventDataId { get; init; }

    public DateTimeOffset EventTimestamp { get; init; }

    public string? Level { get; init; }

    public WireLocalizable? OperationName { get; init; }

    public WireLocalizable? Status { get; init; }

    public WireLocalizable? SubStatus { get; init; }

    public WireLocalizable? Category { get; init; }

    public string? Caller { get; init; }

    public string? ResourceId { get; init; }

    public string? ResourceGroupName { get; init; }

    public string? CorrelationId { get; init; }

    public string? Description { get; init; }
}

internal sealed record WireLocalizable(string? Value, string? LocalizedValue)
{
    [JsonIgnore]
    public string? Text => string.IsNullOrEmpty(LocalizedValue) ? Value : LocalizedValue;
}

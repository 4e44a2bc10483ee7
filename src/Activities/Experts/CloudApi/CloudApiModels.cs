using System.Text.Json;
using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Tools.AzureResourceManager;

namespace AtomicDevOps.Activities.Experts.CloudApi;

/// <summary>Which resource groups are wanted.</summary>
public sealed record ListResourceGroupsRequest
{
    /// <summary>A tag that they have; without it all groups.</summary>
    public string? Tag { get; init; }

    /// <summary>The tag's value; without it any.</summary>
    public string? TagValue { get; init; }

    /// <summary>How many at most; 1–1000.</summary>
    public int Most { get; init; } = 1000;
}

/// <param name="HasMore">There are more than were asked for.</param>
public sealed record ResourceGroupList(IReadOnlyList<ResourceGroup> Groups, bool HasMore);

/// <param name="Name">1–90 letters, digits, <c>-</c>, <c>_</c>, <c>.</c>, <c>(</c> and <c>)</c>, with no <c>.</c> at the end.</param>
public sealed record ResourceGroupReference(string Name);

/// <param name="Location">The region, for example <c>westeurope</c>; a group never moves.</param>
public sealed record PutResourceGroupRequest(string Name, string Location)
{
    /// <summary>Tags that the group has afterwards; others that it has stay.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <param name="Group">The group as it is; <see langword="null"/> where Azure refused to make it.</param>
/// <param name="Problem">Why it is not as asked for.</param>
public sealed record PutResourceGroupResult(PutResourceGroupOutcome Outcome, ResourceGroup? Group, string? Problem = null);

[JsonConverter(typeof(JsonStringEnumConverter<PutResourceGroupOutcome>))]
public enum PutResourceGroupOutcome
{
    Created,
    Updated,

    /// <summary>It was as asked for.</summary>
    Unchanged,

    /// <summary>It is in another region.</summary>
    OtherLocation,

    /// <summary>It is being deleted; later there is room for a new one.</summary>
    BeingDeleted,

    /// <summary>Azure refused, for example by a policy or a lock.</summary>
    Refused,
}

/// <param name="RequiredTags">Tags that the group must have to be deleted, so that no other one ever is; at least one.</param>
public sealed record DeleteResourceGroupRequest(string Name, IReadOnlyDictionary<string, string> RequiredTags)
{
    /// <summary>How long to wait for the end; 0–15 min.</summary>
    public TimeSpan WaitFor { get; init; } = TimeSpan.FromMinutes(1);
}

/// <param name="Problem">Why it was not deleted.</param>
public sealed record DeleteResourceGroupResult(DeleteResourceGroupOutcome Outcome, string? Problem = null);

[JsonConverter(typeof(JsonStringEnumConverter<DeleteResourceGroupOutcome>))]
public enum DeleteResourceGroupOutcome
{
    Deleted,
    AlreadyGone,

    /// <summary>Its deletion goes on; calling again waits for it.</summary>
    Deleting,

    /// <summary>It lacks a required tag, and stays.</summary>
    NotOurs,

    /// <summary>Azure refused, for example by a lock.</summary>
    Refused,
}

/// <summary>Where a deployment goes: to a resource group, or to the subscription.</summary>
public sealed record DeploymentScope
{
    public string? ResourceGroup { get; init; }

    /// <summary>The region that the deployment's record is kept in; at the subscription it is needed to begin one.</summary>
    public string? Location { get; init; }

    public static DeploymentScope OfGroup(string resourceGroup) => new() { ResourceGroup = resourceGroup };

    public static DeploymentScope OfSubscription(string location) => new() { Location = location };
}

/// <param name="Key">
/// The caller's own name for this deployment, 1–200 characters: the same key is the same deployment, however often it is asked for.
/// To try a failed one again takes a new key.
/// </param>
public sealed record DeploymentRequest(string Key, DeploymentScope Scope)
{
    /// <summary>The template in JSON: this or <see cref="TemplateUri"/>.</summary>
    public JsonElement? Template { get; init; }

    /// <summary>An https address that Azure reads the template from, without a query.</summary>
    public Uri? TemplateUri { get; init; }

    public IReadOnlyDictionary<string, DeploymentParameter> Parameters { get; init; } =
        new Dictionary<string, DeploymentParameter>(StringComparer.Ordinal);

    public DeploymentMode Mode { get; init; }

    /// <summary>How long to wait for the end; 0–15 min. A deployment that takes longer goes on, and calling again waits for it.</summary>
    public TimeSpan WaitFor { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>A parameter's value: one of the three.</summary>
public sealed record DeploymentParameter
{
    /// <summary>The value itself, which is kept in histories: nothing secret.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>The name of a secret in <c>CloudApi:Secrets</c>.</summary>
    public string? Secret { get; init; }

    /// <summary>A secret that Azure itself reads from a vault.</summary>
    public KeyVaultSecret? KeyVault { get; init; }
}

/// <param name="VaultId">The vault's full resource id.</param>
/// <param name="Version">Without it the latest.</param>
public sealed record KeyVaultSecret(string VaultId, string Name, string? Version = null);

public sealed record DeploymentReference(string Key, DeploymentScope Scope);

/// <param name="Name">Its name in Azure, made of the key.</param>
public sealed record DeploymentResult(DeploymentOutcome Outcome, string Name)
{
    /// <summary>Its full resource id; <see langword="null"/> where Azure refused to begin it.</summary>
    public string? Id { get; init; }

    public string? CorrelationId { get; init; }

    public TimeSpan? Duration { get; init; }

    /// <summary>The template's outputs, without secrets.</summary>
    public IReadOnlyDictionary<string, DeploymentOutput> Outputs { get; init; } = new Dictionary<string, DeploymentOutput>(StringComparer.Ordinal);

    /// <summary>The ids of the resources that it made or changed.</summary>
    public IReadOnlyList<string> Resources { get; init; } = [];

    /// <summary>Why it failed or was refused.</summary>
    public CloudError? Error { get; init; }

    /// <summary>Its steps, 1000 at most: all of them where they were asked for, else those that failed.</summary>
    public IReadOnlyList<DeploymentOperation> Operations { get; init; } = [];
}

[JsonConverter(typeof(JsonStringEnumConverter<DeploymentOutcome>))]
public enum DeploymentOutcome
{
    Succeeded,

    /// <summary>Some of it may have been made.</summary>
    Failed,
    Canceled,

    /// <summary>It goes on.</summary>
    Running,

    /// <summary>Azure refused to begin it, so nothing was changed.</summary>
    Refused,
}

/// <param name="Valid">Azure would take it.</param>
/// <param name="Error">Why not.</param>
/// <param name="Resources">The ids of the resources that it would make or change, where Azure tells.</param>
public sealed record ValidateDeploymentResult(bool Valid, CloudError? Error, IReadOnlyList<string> Resources);

/// <param name="Changes">Whether anything would change, as far as can be told; what cannot be told counts as a change.</param>
public sealed record WhatIfResult(WhatIfOutcome Outcome, WhatIfPrediction Prediction, bool Changes);

[JsonConverter(typeof(JsonStringEnumConverter<WhatIfOutcome>))]
public enum WhatIfOutcome
{
    Predicted,

    /// <summary>Azure would not take the deployment.</summary>
    Refused,
}

public sealed record CancelDeploymentResult(CancelDeploymentOutcome Outcome, string? Problem = null);

[JsonConverter(typeof(JsonStringEnumConverter<CancelDeploymentOutcome>))]
public enum CancelDeploymentOutcome
{
    /// <summary>Azure stops it; what was made stays.</summary>
    Canceled,

    /// <summary>It has ended.</summary>
    AlreadyEnded,
    NotFound,
}

/// <summary>Deletes the record of a deployment; what it deployed stays.</summary>
public sealed record DeleteDeploymentRequest(string Key, DeploymentScope Scope)
{
    /// <summary>How long to wait for the end; 0–15 min.</summary>
    public TimeSpan WaitFor { get; init; } = TimeSpan.FromMinutes(1);
}

public sealed record DeleteDeploymentResult(DeleteDeploymentOutcome Outcome, string? Problem = null);

[JsonConverter(typeof(JsonStringEnumConverter<DeleteDeploymentOutcome>))]
public enum DeleteDeploymentOutcome
{
    Deleted,
    AlreadyGone,

    /// <summary>Its deletion goes on.</summary>
    Deleting,

    /// <summary>It runs; Azure deletes only those that have ended.</summary>
    StillRunning,
}

/// <param name="ResourceGroup">The app's resource group.</param>
/// <param name="App">The app's name.</param>
public sealed record AppReference(string ResourceGroup, string App);

/// <summary>An app's settings, by name. There are no values: they may be secrets.</summary>
public sealed record AppSettings(IReadOnlyList<AppSetting> Settings);

/// <param name="Reference">Where a value that is a reference leads; <see langword="null"/> for values of the app's own.</param>
public sealed record AppSetting(string Name, AppSettingKind Kind, string? Reference = null);

[JsonConverter(typeof(JsonStringEnumConverter<AppSettingKind>))]
public enum AppSettingKind
{
    Value,
    KeyVaultReference,
    AppConfigurationReference,
}

/// <summary>Sets and removes some of an app's settings; the others stay.</summary>
public sealed record ChangeAppSettingsRequest(string ResourceGroup, string App)
{
    public IReadOnlyDictionary<string, AppSettingValue> Set { get; init; } = new Dictionary<string, AppSettingValue>(StringComparer.Ordinal);

    public IReadOnlyList<string> Remove { get; init; } = [];
}

/// <summary>A setting's value: one of the two.</summary>
public sealed record AppSettingValue
{
    /// <summary>The value itself, which is kept in histories: nothing secret. A Key Vault reference is no secret.</summary>
    public string? Text { get; init; }

    /// <summary>The name of a secret in <c>CloudApi:Secrets</c>.</summary>
    public string? Secret { get; init; }
}

/// <summary>What was changed, by name. Where both are empty nothing was, and the app was not restarted.</summary>
public sealed record ChangeAppSettingsResult(IReadOnlyList<string> Set, IReadOnlyList<string> Removed);

public sealed record AppStateResult(AppStateOutcome Outcome, string? Problem = null);

[JsonConverter(typeof(JsonStringEnumConverter<AppStateOutcome>))]
public enum AppStateOutcome
{
    Done,

    /// <summary>It was so already.</summary>
    Unchanged,

    /// <summary>A stopped app is not restarted.</summary>
    NotRunning,

    /// <summary>Azure refused.</summary>
    Refused,
}

/// <param name="Sku">Azure's word for the plan, for example <c>FlexConsumption</c>.</param>
public sealed record AppScale(ScalePlan Plan, string Sku, ScaleLimits Limits);

/// <summary>Sets some of an app's limits; what is not given stays.</summary>
public sealed record SetScaleLimitsRequest(string ResourceGroup, string App)
{
    /// <summary>The most instances; 1–1000.</summary>
    public int? MaximumInstanceCount { get; init; }

    /// <summary>512, 2048 or 4096; in Flex Consumption only.</summary>
    public int? InstanceMemoryMB { get; init; }

    /// <summary>All instances that are always ready, by group of functions; in Flex Consumption only.</summary>
    public IReadOnlyList<AlwaysReady>? AlwaysReady { get; init; }
}

/// <param name="Before">The limits before, to go back to.</param>
/// <param name="After">The limits now.</param>
public sealed record SetScaleLimitsResult(SetScaleLimitsOutcome Outcome, AppScale Before, AppScale After)
{
    public string? Problem { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<SetScaleLimitsOutcome>))]
public enum SetScaleLimitsOutcome
{
    Changed,

    /// <summary>They were so already.</summary>
    Unchanged,

    /// <summary>The app's plan has no such limit.</summary>
    Unsupported,

    /// <summary>Azure refused, for example because the region allows fewer.</summary>
    Refused,
}

/// <param name="From">The first moment, 90 days ago at most.</param>
public sealed record QueryActivityLogRequest(DateTimeOffset From)
{
    /// <summary>The last moment; without it now.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>At most one of the four; without any the whole subscription.</summary>
    public string? ResourceGroup { get; init; }

    public string? ResourceId { get; init; }

    public string? ResourceProvider { get; init; }

    public string? CorrelationId { get; init; }

    /// <summary>After how many events to stop, at the end of a page; 1–5000.</summary>
    public int Most { get; init; } = 200;

    /// <summary>Where the answer before ended. The rest of the request has to be the same, with <see cref="To"/>.</summary>
    public string? Continuation { get; init; }
}

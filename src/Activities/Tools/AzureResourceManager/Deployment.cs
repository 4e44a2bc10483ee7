using System.Text.Json;
using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <param name="ResourceGroup">The group that is deployed to; <see langword="null"/> for the subscription.</param>
/// <param name="Name">1–64 letters, digits, <c>-</c>, <c>_</c>, <c>.</c>, <c>(</c> and <c>)</c>.</param>
public sealed record DeploymentAddress(string? ResourceGroup, string Name);

/// <summary>What is deployed, as it is sent. It may hold secrets: it is for no log, no result and no history.</summary>
public sealed record DeploymentContent
{
    /// <summary>The region that the deployment's record is kept in: needed at the subscription, and none at a group.</summary>
    public string? Location { get; init; }

    /// <summary>The template, where it is sent along.</summary>
    public JsonElement? Template { get; init; }

    /// <summary>Where Azure finds the template, where it is not sent along.</summary>
    public Uri? TemplateUri { get; init; }

    /// <summary>Each parameter's <c>{"value":…}</c> or <c>{"reference":…}</c>.</summary>
    public IReadOnlyDictionary<string, JsonElement> Parameters { get; init; } = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    public DeploymentMode Mode { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public override string ToString() => nameof(DeploymentContent);
}

[JsonConverter(typeof(JsonStringEnumConverter<DeploymentMode>))]
public enum DeploymentMode
{
    /// <summary>What the template does not name stays.</summary>
    Incremental,

    /// <summary>What the template does not name is deleted from the group.</summary>
    Complete,
}

[JsonConverter(typeof(JsonStringEnumConverter<DeploymentState>))]
public enum DeploymentState
{
    Running,
    Succeeded,
    Failed,
    Canceled,

    /// <summary>Its record is being deleted.</summary>
    Deleting,
}

/// <param name="Id">Its full resource id.</param>
public sealed record Deployment(string Id, string Name, DeploymentState State)
{
    public string CorrelationId { get; init; } = "";

    /// <summary>When the state was reached.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    public TimeSpan? Duration { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The template's outputs, without those that it declares as secure.</summary>
    public IReadOnlyDictionary<string, DeploymentOutput> Outputs { get; init; } = new Dictionary<string, DeploymentOutput>(StringComparer.Ordinal);

    /// <summary>The ids of the resources that it made or changed.</summary>
    public IReadOnlyList<string> OutputResources { get; init; } = [];

    public CloudError? Error { get; init; }
}

/// <param name="Type">The type that the template declares, for example <c>String</c>.</param>
public sealed record DeploymentOutput(string Type, JsonElement Value);

/// <summary>One step of a deployment: mostly one resource.</summary>
/// <param name="State">Azure's word, for example <c>Running</c>, <c>Succeeded</c> or <c>Failed</c>.</param>
public sealed record DeploymentOperation(string Id, string Operation, string State)
{
    /// <summary>The resource's full id; <see langword="null"/> for steps that have none.</summary>
    public string? ResourceId { get; init; }

    public string? ResourceType { get; init; }

    /// <summary>The resource provider's answer, for example <c>Conflict</c>.</summary>
    public string? StatusCode { get; init; }

    public CloudError? Error { get; init; }

    public DateTimeOffset? Timestamp { get; init; }

    public TimeSpan? Duration { get; init; }
}

/// <param name="Error">Why Azure would not take it; <see langword="null"/> where it would.</param>
/// <param name="ValidatedResources">The ids of the resources that it would make or change, where Azure tells.</param>
public sealed record DeploymentValidation(CloudError? Error, IReadOnlyList<string> ValidatedResources);

/// <summary>What a deployment would change.</summary>
/// <param name="Error">Why that cannot be told; <see langword="null"/> where it can.</param>
public sealed record WhatIfPrediction(CloudError? Error, IReadOnlyList<WhatIfChange> Changes)
{
    /// <summary>What may change besides, by resources whose conditions Azure could not work out.</summary>
    public IReadOnlyList<WhatIfChange> PotentialChanges { get; init; } = [];
}

/// <param name="Kind">What would happen to the resource.</param>
public sealed record WhatIfChange(string ResourceId, WhatIfChangeKind Kind)
{
    /// <summary>Why Azure cannot tell, for <see cref="WhatIfChangeKind.Unsupported"/>.</summary>
    public string? UnsupportedReason { get; init; }

    /// <summary>What would change in it, 200 at most.</summary>
    public IReadOnlyList<WhatIfPropertyChange> Properties { get; init; } = [];

    /// <summary>There were more than 200.</summary>
    public bool HasMoreProperties { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<WhatIfChangeKind>))]
public enum WhatIfChangeKind
{
    /// <summary>A kind that this client does not know: it has to be taken for a change.</summary>
    Unknown,

    /// <summary>The resource is not there and would be made.</summary>
    Create,

    /// <summary>The resource would be deleted.</summary>
    Delete,

    /// <summary>The resource is there, is not named, and stays.</summary>
    Ignore,

    /// <summary>The resource would be deployed again, and whether that changes it cannot be told.</summary>
    Deploy,

    /// <summary>The resource would be deployed again and stay as it is.</summary>
    NoChange,

    /// <summary>The resource would be changed.</summary>
    Modify,

    /// <summary>What-if does not support the resource.</summary>
    Unsupported,
}

/// <param name="Path">The property, for example <c>properties.siteConfig.minTlsVersion</c>; elements of lists by their number.</param>
/// <param name="Before">What it is, as JSON cut at 500 characters, or <c>[redacted]</c> where it may be a secret.</param>
/// <param name="After">What it would be, likewise.</param>
public sealed record WhatIfPropertyChange(string Path, WhatIfPropertyChangeKind Kind, string? Before, string? After);

[JsonConverter(typeof(JsonStringEnumConverter<WhatIfPropertyChangeKind>))]
public enum WhatIfPropertyChangeKind
{
    /// <summary>A kind that this client does not know: it has to be taken for a change.</summary>
    Unknown,
    Create,
    Delete,
    Modify,
    Array,

    /// <summary>It is set in the template and will not be set in the resource.</summary>
    NoEffect,
}

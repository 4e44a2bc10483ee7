using System.Text.Json;
using System.Text.Json.Serialization;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <param name="Name">The app's name: 2–60 letters, digits and <c>-</c>.</param>
public sealed record SiteAddress(string ResourceGroup, string Name);

/// <param name="Kind">Azure's word, for example <c>functionapp,linux</c>.</param>
/// <param name="State">Azure's word: <c>Running</c> or <c>Stopped</c>.</param>
/// <param name="Sku">The plan's kind, for example <c>FlexConsumption</c>, <c>Dynamic</c> or <c>ElasticPremium</c>.</param>
public sealed record FunctionApp(SiteAddress Address, string Kind, string State, string Sku, ScalePlan Plan, ScaleLimits Limits)
{
    public bool IsRunning => string.Equals(State, "Running", StringComparison.OrdinalIgnoreCase);

    /// <summary>The whole of <c>functionAppConfig</c>, which is sent back with what changes; undefined where there is none.</summary>
    [JsonIgnore]
    internal JsonElement Configuration { get; init; }
}

/// <summary>How an app's plan limits its growth.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ScalePlan>))]
public enum ScalePlan
{
    /// <summary>The plan grows by its own rules, or the app is no function app: there are no limits of the app's own.</summary>
    None,

    /// <summary>Flex Consumption: instances, their memory, and those that are always ready.</summary>
    FlexConsumption,

    /// <summary>Consumption and Elastic Premium: instances only.</summary>
    Elastic,
}

public sealed record ScaleLimits
{
    /// <summary>The most instances; <see langword="null"/> for the plan's own limit.</summary>
    public int? MaximumInstanceCount { get; init; }

    /// <summary>Each instance's memory in MB, in Flex Consumption.</summary>
    public int? InstanceMemoryMB { get; init; }

    /// <summary>The instances that wait for work, in Flex Consumption.</summary>
    public IReadOnlyList<AlwaysReady> AlwaysReady { get; init; } = [];
}

/// <param name="Name">A group of functions (<c>http</c>, <c>durable</c>, <c>blob</c>) or <c>function:NAME</c>.</param>
public sealed record AlwaysReady(string Name, int InstanceCount);

/// <summary>The limits to set; what is <see langword="null"/> stays as it is.</summary>
public sealed record ScaleLimitsChange
{
    public int? MaximumInstanceCount { get; init; }

    public int? InstanceMemoryMB { get; init; }

    /// <summary>All of them: one that is not named has no instances ready any more.</summary>
    public IReadOnlyList<AlwaysReady>? AlwaysReady { get; init; }
}

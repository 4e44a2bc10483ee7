namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <param name="Location">The region that the group's own record is kept in, for example <c>westeurope</c>.</param>
/// <param name="ProvisioningState">Azure's word, for example <c>Succeeded</c> or <c>Deleting</c>.</param>
public sealed record ResourceGroup(string Name, string Location, string ProvisioningState)
{
    public const string Deleting = "Deleting";

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The resource that manages the group, where another one does.</summary>
    public string? ManagedBy { get; init; }
}

/// <param name="State">Azure's word, for example <c>Enabled</c>, <c>Warned</c> or <c>Disabled</c>.</param>
public sealed record Subscription(string Id, string Name, string State)
{
    /// <summary>How many requests that read are left, where Azure told.</summary>
    public long? RemainingReads { get; init; }

    /// <summary>How long Azure wants to be left alone; zero when it may be asked.</summary>
    public TimeSpan Pause { get; init; }
}

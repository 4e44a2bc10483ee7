using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>
/// Azure Resource Manager in one subscription. Every call may throw <see cref="ToolException"/> (also where no subscription is configured),
/// <see cref="ToolNotFoundException"/> for what is not there, <see cref="ToolUnavailableException"/> where the same call may succeed later, and
/// <see cref="ArmRequestException"/> with Azure's own words where it refuses.
/// </summary>
public interface IAzureResourceManagerClient
{
    /// <summary>Whether a subscription is configured.</summary>
    bool IsConfigured { get; }

    Task<Subscription> GetSubscriptionAsync(CancellationToken cancellationToken);

    /// <param name="tag">A tag that the groups have; with an empty value any value does.</param>
    IAsyncEnumerable<ResourceGroup> ListResourceGroupsAsync(KeyValuePair<string, string>? tag, CancellationToken cancellationToken);

    Task<ResourceGroup> GetResourceGroupAsync(string name, CancellationToken cancellationToken);

    Task<bool> ResourceGroupExistsAsync(string name, CancellationToken cancellationToken);

    /// <summary>Makes a group or replaces its tags.</summary>
    Task<ResourceGroup> PutResourceGroupAsync(string name, string location, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken);

    /// <summary>Deletes a group with everything in it.</summary>
    /// <param name="wait">How long to wait for the end.</param>
    /// <returns>Whether it is gone; otherwise it still is being deleted.</returns>
    Task<bool> DeleteResourceGroupAsync(string name, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Whether Azure would take a deployment; nothing is changed.</summary>
    /// <param name="wait">How long to wait for the answer.</param>
    Task<DeploymentValidation> ValidateDeploymentAsync(
        DeploymentAddress address, DeploymentContent content, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>What a deployment would change; nothing is changed.</summary>
    /// <param name="wait">How long to wait for the answer.</param>
    Task<WhatIfPrediction> WhatIfDeploymentAsync(
        DeploymentAddress address, DeploymentContent content, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>Begins a deployment, and waits for its end.</summary>
    /// <param name="wait">How long to wait at most.</param>
    /// <returns>The deployment as it then is, whatever its state.</returns>
    Task<Deployment> PutDeploymentAsync(DeploymentAddress address, DeploymentContent content, TimeSpan wait, CancellationToken cancellationToken);

    Task<Deployment> GetDeploymentAsync(DeploymentAddress address, CancellationToken cancellationToken);

    /// <summary>Waits for the end of a deployment that was begun before.</summary>
    /// <param name="wait">How long to wait at most.</param>
    Task<Deployment> WaitForDeploymentAsync(DeploymentAddress address, TimeSpan wait, CancellationToken cancellationToken);

    IAsyncEnumerable<DeploymentOperation> ListDeploymentOperationsAsync(DeploymentAddress address, CancellationToken cancellationToken);

    Task CancelDeploymentAsync(DeploymentAddress address, CancellationToken cancellationToken);

    /// <summary>Deletes the record of a deployment; what it deployed stays.</summary>
    /// <param name="wait">How long to wait for the end.</param>
    /// <returns>Whether it is gone; otherwise it still is being deleted.</returns>
    Task<bool> DeleteDeploymentAsync(DeploymentAddress address, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>The settings of an app by name. <b>The values are secrets:</b> they are for no log, no result and no history.</summary>
    Task<IReadOnlyDictionary<string, string>> ListAppSettingsAsync(SiteAddress site, CancellationToken cancellationToken);

    /// <summary>Replaces all settings of an app, which restarts it.</summary>
    /// <param name="redactor">Knows the values, to take them out of what Azure says about them.</param>
    Task PutAppSettingsAsync(
        SiteAddress site, IReadOnlyDictionary<string, string> settings, SecretRedactor redactor, CancellationToken cancellationToken);

    Task<FunctionApp> GetFunctionAppAsync(SiteAddress site, CancellationToken cancellationToken);

    Task StartSiteAsync(SiteAddress site, CancellationToken cancellationToken);

    Task StopSiteAsync(SiteAddress site, CancellationToken cancellationToken);

    Task RestartSiteAsync(SiteAddress site, CancellationToken cancellationToken);

    /// <summary>Sets limits; those that are not told stay.</summary>
    Task SetScaleLimitsAsync(FunctionApp app, ScaleLimitsChange change, CancellationToken cancellationToken);

    /// <summary>The events of the activity log, the latest first.</summary>
    /// <param name="continuation">Where the page before ended.</param>
    Task<ActivityLogPage> ListActivityLogAsync(ActivityLogFilter filter, string? continuation, CancellationToken cancellationToken);
}

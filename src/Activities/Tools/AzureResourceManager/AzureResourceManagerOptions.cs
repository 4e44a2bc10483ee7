using System.Text.Json.Serialization;
using Azure.Identity;
using Azure.ResourceManager;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

/// <summary>Configuration section <c>Azure</c>. Without <see cref="SubscriptionId"/> nothing is configured, and every call says so.</summary>
public sealed class AzureResourceManagerOptions
{
    public const string Section = "Azure";

    /// <summary>The subscription that the platform works in.</summary>
    public string? SubscriptionId { get; set; }

    /// <summary>How the platform proves who it is.</summary>
    public AzureCredentialKind Credential { get; set; } = AzureCredentialKind.Automatic;

    /// <summary>The client id of a user-assigned managed identity; without it the system-assigned one.</summary>
    public string? ManagedIdentityClientId { get; set; }

    /// <summary>The tenant to sign in to; without it the credential's own.</summary>
    public string? TenantId { get; set; }

    /// <summary>Azure Resource Manager's address: the public cloud's, unless told otherwise.</summary>
    public Uri BaseAddress { get; set; } = new("https://management.azure.com/");

    /// <summary>What tokens are asked for; needed only where it is not the cloud's own.</summary>
    public string? Audience { get; set; }

    /// <summary>Where tokens come from; needed only for a cloud that <see cref="BaseAddress"/> does not name.</summary>
    public Uri? AuthorityHost { get; set; }

    /// <summary>How long a request may wait for a limit before it gives up with <see cref="ToolUnavailableException"/>; 0–15 min.</summary>
    public TimeSpan ThrottleWait { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long one exchange may take, from its start to the last byte; 1 s–10 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    internal bool IsConfigured => !string.IsNullOrWhiteSpace(SubscriptionId);

    internal AzureCloud? Cloud => AzureCloud.Find(BaseAddress);
}

/// <summary>A credential, or which are tried one after another.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AzureCredentialKind>))]
public enum AzureCredentialKind
{
    /// <summary>The environment's, a workload's identity, the managed identity, the Azure CLI's: the first that is there.</summary>
    Automatic,

    /// <summary>The managed identity, for a platform that runs in Azure.</summary>
    ManagedIdentity,

    /// <summary>A service principal in <c>AZURE_TENANT_ID</c>, <c>AZURE_CLIENT_ID</c> and <c>AZURE_CLIENT_SECRET</c> or <c>AZURE_CLIENT_CERTIFICATE_PATH</c>.</summary>
    Environment,

    /// <summary>Whoever is signed in to the Azure CLI, for development.</summary>
    AzureCli,
}

/// <param name="Environment">Azure Resource Manager's address there, and what tokens for it are asked for.</param>
/// <param name="AuthorityHost">Where they come from.</param>
internal sealed record AzureCloud(ArmEnvironment Environment, Uri AuthorityHost)
{
    private static readonly AzureCloud[] Known =
    [
        new(ArmEnvironment.AzurePublicCloud, AzureAuthorityHosts.AzurePublicCloud),
        new(ArmEnvironment.AzureGovernment, AzureAuthorityHosts.AzureGovernment),
        new(ArmEnvironment.AzureChina, AzureAuthorityHosts.AzureChina),
    ];

    public static AzureCloud? Find(Uri baseAddress) => baseAddress.IsAbsoluteUri
        ? Array.Find(Known, cloud => string.Equals(cloud.Environment.Endpoint.Host, baseAddress.Host, StringComparison.OrdinalIgnoreCase))
        : null;
}

using AtomicDevOps.Activities.Tools.AzureResourceManager;
using Azure.Core;
using Azure.Identity;

namespace AtomicDevOps.Activities.Tools.AzureClients;

/// <summary>Makes the credential that the configuration asks for, and no other: nothing here opens a browser or asks an editor who is signed in.</summary>
internal static class AzureCredential
{
    public static TokenCredential Create(AzureResourceManagerOptions options)
    {
        var authority = options.AuthorityHost ?? options.Cloud?.AuthorityHost ?? AzureAuthorityHosts.AzurePublicCloud;
        var clientId = NullIfBlank(options.ManagedIdentityClientId);
        var tenantId = NullIfBlank(options.TenantId);
        return options.Credential switch
        {
            AzureCredentialKind.ManagedIdentity => new ManagedIdentityCredential(
                clientId is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(clientId)),
            AzureCredentialKind.Environment => new EnvironmentCredential(new EnvironmentCredentialOptions { AuthorityHost = authority }),
            AzureCredentialKind.AzureCli => new AzureCliCredential(new AzureCliCredentialOptions { AuthorityHost = authority, TenantId = tenantId }),
            _ => new DefaultAzureCredential(new DefaultAzureCredentialOptions
            {
                AuthorityHost = authority,
                TenantId = tenantId,
                ManagedIdentityClientId = clientId,
                ExcludeAzureDeveloperCliCredential = true,
                ExcludeAzurePowerShellCredential = true,
                ExcludeBrokerCredential = true,
                ExcludeInteractiveBrowserCredential = true,
                ExcludeVisualStudioCodeCredential = true,
                ExcludeVisualStudioCredential = true,
            }),
        };
    }

    private static string? NullIfBlank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}

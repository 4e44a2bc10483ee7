using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tools.AzureResourceManager;

internal sealed class AzureResourceManagerOptionsValidator(Func<string, string?> readEnvironment) : IValidateOptions<AzureResourceManagerOptions>
{
    private static readonly string[] PrincipalVariables = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID"];

    public ValidateOptionsResult Validate(string? name, AzureResourceManagerOptions options)
    {
        var problems = FindProblems(options).ToList();
        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private IEnumerable<string> FindProblems(AzureResourceManagerOptions options)
    {
        foreach (var (key, value) in new[]
        {
            (nameof(options.SubscriptionId), options.SubscriptionId),
            (nameof(options.ManagedIdentityClientId), options.ManagedIdentityClientId),
            (nameof(options.TenantId), options.TenantId),
        })
        {
            if (!string.IsNullOrWhiteSpace(value) && !Guid.TryParseExact(value, "D", out _))
            {
                yield return $"Azure:{key} is '{value}'; right would be an id such as 00000000-0000-0000-0000-000000000000.";
            }
        }

        foreach (var problem in FindAddressProblems(options).Concat(FindCredentialProblems(options)))
        {
            yield return problem;
        }

        if (options.ThrottleWait < TimeSpan.Zero || options.ThrottleWait > TimeSpan.FromMinutes(15))
        {
            yield return $"Azure:ThrottleWait is {options.ThrottleWait}; right would be 00:00:00 to 00:15:00.";
        }

        if (options.Timeout < TimeSpan.FromSeconds(1) || options.Timeout > TimeSpan.FromMinutes(10))
        {
            yield return $"Azure:Timeout is {options.Timeout}; right would be 00:00:01 to 00:10:00.";
        }
    }

    private static IEnumerable<string> FindAddressProblems(AzureResourceManagerOptions options)
    {
        var address = options.BaseAddress;
        if (!address.IsAbsoluteUri || address.Scheme is not ("https" or "http"))
        {
            yield return $"Azure:BaseAddress is '{address}'; right would be an address such as https://management.azure.com/.";
            yield break;
        }

        if (address.Scheme is "http" && !address.IsLoopback)
        {
            yield return $"Azure:BaseAddress is '{address}': a token would cross the network in the clear. Use https; "
                + "http is for loopback addresses only.";
        }

        if (address.UserInfo.Length > 0 || address.Query.Length > 0 || address.AbsolutePath is not "/")
        {
            yield return "Azure:BaseAddress holds a user, a path or a query; right would be the host alone, such as https://management.azure.com/.";
        }

        if (options.AuthorityHost is { } authority)
        {
            if (!authority.IsAbsoluteUri || authority.Scheme is not "https")
            {
                yield return $"Azure:AuthorityHost is '{authority}'; right would be an https address such as https://login.microsoftonline.com/.";
            }
        }
        else if (options.Cloud is null && !address.IsLoopback)
        {
            yield return $"Azure:BaseAddress is '{address}', a cloud of its own: Azure:AuthorityHost has to say where its tokens come from.";
        }

        if (options.Audience is { } audience && !Uri.TryCreate(audience, UriKind.Absolute, out _))
        {
            yield return $"Azure:Audience is '{audience}'; right would be an address such as https://management.azure.com/.";
        }
    }

    private IEnumerable<string> FindCredentialProblems(AzureResourceManagerOptions options)
    {
        if (!Enum.IsDefined(options.Credential))
        {
            yield return $"Azure:Credential is '{options.Credential}'; right would be {string.Join(", ", Enum.GetNames<AzureCredentialKind>())}.";
        }

        if (!string.IsNullOrWhiteSpace(options.ManagedIdentityClientId)
            && options.Credential is AzureCredentialKind.Environment or AzureCredentialKind.AzureCli)
        {
            yield return $"Azure:ManagedIdentityClientId is set and Azure:Credential is {options.Credential}, which has no use for it; "
                + "take the id away, or set the credential to ManagedIdentity.";
        }

        if (options.Credential == AzureCredentialKind.Environment && options.IsConfigured)
        {
            var missing = PrincipalVariables.Where(variable => string.IsNullOrWhiteSpace(readEnvironment(variable))).ToList();
            if (string.IsNullOrWhiteSpace(readEnvironment("AZURE_CLIENT_SECRET")) && string.IsNullOrWhiteSpace(readEnvironment("AZURE_CLIENT_CERTIFICATE_PATH")))
            {
                missing.Add("AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH");
            }

            if (missing.Count > 0)
            {
                yield return $"Azure:Credential is Environment, and the environment lacks {string.Join(", ", missing)}.";
            }
        }
    }
}

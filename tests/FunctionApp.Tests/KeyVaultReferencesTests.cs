using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.FunctionApp.Tests;

public sealed class KeyVaultReferencesTests
{
    [Fact]
    public void A_reference_that_Azure_could_not_resolve_stops_the_start_and_is_named()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["GitHub:Webhook:Secret"] = "@Microsoft.KeyVault(VaultName=kv;SecretName=GitHub--Webhook--Secret)",
            ["Docker:Registries:0:Password"] = "@microsoft.keyvault(SecretUri=https://kv.vault.azure.net/secrets/p/)",
            ["GitHub:Token"] = "github_pat_0123456789",
        }).Build();

        Should.Throw<InvalidOperationException>(() => new ServiceCollection().AddAtomicDevOps(configuration))
            .Message.ShouldStartWith("The key vault gives no value for Docker__Registries__0__Password, GitHub__Webhook__Secret. ");
    }

    [Fact]
    public void Values_are_no_references() =>
        Should.NotThrow(() => new ServiceCollection().AddAtomicDevOps(new ConfigurationBuilder().AddInMemoryCollection(
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["GitHub:Webhook:Secret"] = "0123456789abcdef" }).Build()));
}

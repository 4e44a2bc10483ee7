using System.Globalization;
using System.Text.Json.Nodes;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>What the Bicep files come to, by the real compiler.</summary>
public sealed class BicepCompilerTests(BicepCompiler compiler) : IClassFixture<BicepCompiler>
{
    private const string Main = "infra/bicep/main.bicep";

    /// <summary>The linter asks for the version of 2016, which knows no groups of categories.</summary>
    private const string KnownPreview = "Use more recent API version for 'Microsoft.Insights/diagnosticSettings'. '2021-05-01-preview'";

    [Fact]
    public void The_compiler_has_nothing_to_complain_about() =>
        compiler.Compile(Main).Where(line => !line.Contains(KnownPreview, StringComparison.Ordinal)).ShouldBeEmpty();

    [Theory]
    [InlineData("Git__Executible: 'git'", "Git__Executible")]
    [InlineData("GitHub__Token: 'ghp_0123456789'", "GitHub__Token")]
    public void A_setting_that_is_none_is_refused_by_name(string setting, string named)
    {
        compiler.Write("infra/bicep/wrong.bicepparam", $$"""
            using 'main.bicep'
            param environmentName = 'test'
            param location = 'westeurope'
            param settings = { {{setting}} }
            """);

        compiler.Compile("infra/bicep/wrong.bicepparam").ShouldContain(line => line.Contains("Error", StringComparison.Ordinal) && line.Contains(named, StringComparison.Ordinal));
    }

    [Fact]
    public void Small_pays_for_what_it_uses()
    {
        var small = compiler.Evaluate("infra/bicep/parameters/small.bicepparam");

        small.Single("Microsoft.DurableTask/schedulers").At("properties.sku").ShouldBe("""{"name":"Consumption"}""");
        small.Single("Microsoft.Web/sites").At("properties.functionAppConfig.scaleAndConcurrency")
            .ShouldBe("""{"instanceMemoryMB":2048,"maximumInstanceCount":40,"alwaysReady":[]}""");
        small.Single("Microsoft.Web/serverfarms").At("properties.zoneRedundant").ShouldBe("false");
        small.Of("Microsoft.Network/privateEndpoints").ShouldBeEmpty();
        small.Single("Microsoft.KeyVault/vaults").At("properties.publicNetworkAccess").ShouldBe("Enabled");
        Common(small);
    }

    [Fact]
    public void Medium_is_always_ready()
    {
        var medium = compiler.Evaluate("infra/bicep/parameters/medium.bicepparam");

        medium.Single("Microsoft.DurableTask/schedulers").At("properties.sku").ShouldBe("""{"name":"Dedicated","capacity":1}""");
        medium.Single("Microsoft.Web/sites").At("properties.functionAppConfig.scaleAndConcurrency.alwaysReady")
            .ShouldBe("""[{"name":"durable","instanceCount":1},{"name":"http","instanceCount":1}]""");
        medium.Single("Microsoft.KeyVault/vaults").At("properties.enablePurgeProtection").ShouldBe("true");
        Common(medium);
    }

    [Fact]
    public void Large_survives_a_zone_and_is_private()
    {
        var large = compiler.Evaluate("infra/bicep/parameters/large.bicepparam");

        large.Single("Microsoft.DurableTask/schedulers").At("properties.sku").ShouldBe("""{"name":"Dedicated","capacity":3}""");
        large.Single("Microsoft.Web/serverfarms").At("properties.zoneRedundant").ShouldBe("true");
        large.Of("Microsoft.Network/privateEndpoints").Select(endpoint => endpoint.At("properties.privateLinkServiceConnections")!)
            .Select(connections => (string)JsonNode.Parse(connections)![0]!["properties"]!["groupIds"]![0]!)
            .Order(StringComparer.Ordinal).ShouldBe(["blob", "blob", "scheduler", "table", "vault"]);
        large.Of("Microsoft.Network/privateDnsZones").Select(zone => zone.Name).Order(StringComparer.Ordinal).ShouldBe([
            "[format('privatelink.blob.{0}', environment().suffixes.storage)]", "[format('privatelink.table.{0}', environment().suffixes.storage)]",
            "privatelink.durabletask.io", "privatelink.vaultcore.azure.net",
        ]);
        PlannedResource[] reachable =
        [
            .. large.Of("Microsoft.Storage/storageAccounts"), .. large.Of("Microsoft.KeyVault/vaults"), .. large.Of("Microsoft.DurableTask/schedulers"),
        ];
        reachable.Length.ShouldBe(4);
        reachable.ShouldAllBe(resource => resource.At("properties.publicNetworkAccess") == "Disabled");
        large.Single("Microsoft.Web/sites").At("properties.virtualNetworkSubnetId").ShouldNotBeNullOrEmpty();
        large.Single("Microsoft.Network/virtualNetworks").At("properties.subnets")!.ShouldContain("/natGateways/");
        Common(large);
    }

    [Fact]
    public void Every_kind_of_setting_arrives()
    {
        compiler.Write("infra/bicep/full.bicepparam", """
            using 'main.bicep'
            param environmentName = 'test'
            param location = 'westeurope'
            param operatorPrincipalId = '00000000-0000-0000-0000-000000000003'
            param alertEmail = 'ops@example.com'
            param publicAddress = 'https://devops.example.com/'
            param repositories = ['octo/calculator', 'octo/*']
            param switchedOffAgents = ['DockerExpert']
            param secrets = ['GitHub__Webhook__Secret']
            param registries = [
              { host: 'a.example.com', username: 'puller', secret: 'Password' }
              { host: 'b.example.com', secret: 'IdentityToken' }
              { host: 'c.example.com', secret: 'None' }
            ]
            param settings = { GitHub__App__ClientId: 'Iv1.0123456789abcdef', Docker__Endpoint: null }
            """);
        var deployment = compiler.Evaluate("infra/bicep/full.bicepparam");
        var vault = deployment.Single("Microsoft.KeyVault/vaults").Name;
        string[] wired = ["Artifacts__", "Findings__", "Logs__", "Azure__", "AzureWebJobsStorage__", "APPLICATIONINSIGHTS_", "DURABLE_TASK_SCHEDULER_"];

        deployment.AppSettings.Where(setting => !wired.Any(start => setting.Key.StartsWith(start, StringComparison.Ordinal)))
            .Select(setting => $"{setting.Key}={setting.Value}")
            .Order(StringComparer.Ordinal)
            .ShouldBe([
                "Agents__DockerExpert__Enabled=false",
                "Docker__Registries__0__Host=a.example.com",
                $"Docker__Registries__0__Password=@Microsoft.KeyVault(VaultName={vault};SecretName=Docker--Registries--0--Password)",
                "Docker__Registries__0__Username=puller",
                "Docker__Registries__1__Host=b.example.com",
                $"Docker__Registries__1__IdentityToken=@Microsoft.KeyVault(VaultName={vault};SecretName=Docker--Registries--1--IdentityToken)",
                "Docker__Registries__2__Host=c.example.com",
                "GitHub__App__ClientId=Iv1.0123456789abcdef",
                $"GitHub__Webhook__Secret=@Microsoft.KeyVault(VaultName={vault};SecretName=GitHub--Webhook--Secret)",
                "Git__Directory=/tmp/atomic-devops/git",
                "Platform__PublicAddress=https://devops.example.com/",
                "Platform__Repositories__0=octo/calculator",
                "Platform__Repositories__1=octo/*",
            ]);
        deployment.Of("Microsoft.Insights/scheduledQueryRules").ShouldAllBe(rule => rule.At("properties.actions.actionGroups")!.Contains("-operators", StringComparison.Ordinal));
        deployment.Of("Microsoft.Authorization/roleAssignments").Count().ShouldBe(11);
    }

    [Theory]
    [InlineData("small", 14, 30)]
    [InlineData("medium", 30, 90)]
    [InlineData("large", 30, 90)]
    public void Workspaces_and_logs_are_in_containers_of_their_own_and_deleted_when_runs_are(string size, int artifactDays, int logDays)
    {
        var deployment = compiler.Evaluate($"infra/bicep/parameters/{size}.bicepparam");
        var account = deployment.Of("Microsoft.Storage/storageAccounts").Single(each => each.Name.StartsWith("stc", StringComparison.Ordinal)).Name;
        var rules = JsonNode.Parse(deployment.Single("Microsoft.Storage/storageAccounts/managementPolicies").At("properties.policy.rules")!)!.AsArray();

        deployment.Of("Microsoft.Storage/storageAccounts/blobServices/containers").Select(container => container.Name)
            .Where(name => name.StartsWith($"{account}/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ShouldBe([$"{account}/default/artifacts", $"{account}/default/findings", $"{account}/default/logs"]);
        rules.Select(rule => rule!["definition"]!.ToJsonString()).ShouldBe([Rule("artifacts", artifactDays), Rule("logs", logDays)]);
        deployment.Of("Microsoft.Authorization/roleAssignments").Where(role => role.At("properties.roleDefinitionId")!.EndsWith("ba92f5b4-2d11-453d-a403-e96b0029c9fe", StringComparison.Ordinal))
            .Select(role => role.Id.Split("/providers/")[1]).Order(StringComparer.Ordinal)
            .ShouldBe([
                $"Microsoft.Storage/storageAccounts/{account}/blobServices/default/containers/artifacts",
                $"Microsoft.Storage/storageAccounts/{account}/blobServices/default/containers/findings",
                $"Microsoft.Storage/storageAccounts/{account}/blobServices/default/containers/logs",
            ]);
        deployment.AppSettings["Artifacts__Container"]!.ToString().ShouldContain("artifacts");
        deployment.AppSettings["Findings__Container"]!.ToString().ShouldContain("findings");
        deployment.AppSettings["Logs__Container"]!.ToString().ShouldContain("logs");

        static string Rule(string container, int days) =>
            """{"filters":{"blobTypes":["blockBlob"],"prefixMatch":["CONTAINER/"]},"actions":{"baseBlob":{"delete":{"daysAfterModificationGreaterThan":DAYS}}}}"""
                .Replace("CONTAINER", container, StringComparison.Ordinal)
                .Replace("DAYS", days.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    private static void Common(Deployment deployment)
    {
        deployment.Of("Microsoft.Storage/storageAccounts").Select(account => account.At("properties.allowSharedKeyAccess")).ShouldBe(["false", "false"]);
        deployment.Single("Microsoft.DurableTask/schedulers/taskHubs").Name
            .ShouldEndWith("/" + (string)JsonNode.Parse(Repository.Read("host.json"))!["extensions"]!["durableTask"]!["hubName"]!);
        deployment.Single("Microsoft.Web/sites").At("properties.functionAppConfig.runtime").ShouldBe("""{"name":"dotnet-isolated","version":"10.0"}""");
        deployment.Single("Microsoft.Web/sites").At("tags.azd-service-name").ShouldBe("app");
        deployment.Single("Microsoft.Web/sites").At("properties.functionAppConfig.deployment.storage.authentication.type").ShouldBe("UserAssignedIdentity");
        deployment.Of("Microsoft.Insights/scheduledQueryRules").Count().ShouldBe(2);
        deployment.Of("Microsoft.Insights/diagnosticSettings").Count().ShouldBe(4);

        // A role on the resource group, or on the subscription, would have an id without the provider of another resource.
        var roles = deployment.Of("Microsoft.Authorization/roleAssignments").ToArray();
        roles.Length.ShouldBe(9);
        roles.ShouldAllBe(role => role.Id.Split("/providers/", StringSplitOptions.None).Length == 3);

        deployment.Resources.Where(resource => resource.Json.ContainsKey("location") && resource.At("tags.azd-env-name") is null).ShouldBeEmpty();
    }
}

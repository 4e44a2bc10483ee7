using System.Text.RegularExpressions;

namespace AtomicDevOps.Architecture.Tests.Infra;

/// <summary>What holds for the Bicep files as they are written, on machines without a compiler too.</summary>
public sealed partial class BicepSourceTests
{
    private const string DiagnosticSettings = "Microsoft.Insights/diagnosticSettings";

    /// <summary>The oldest stable version that is current, for each type that is used.</summary>
    private static readonly Dictionary<string, string> OldestVersions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Microsoft.Authorization/roleAssignments"] = "2022-04-01",
        ["Microsoft.Authorization/roleDefinitions"] = "2022-04-01",
        ["Microsoft.DurableTask/schedulers"] = "2026-02-01",
        ["Microsoft.DurableTask/schedulers/retentionPolicies"] = "2026-02-01",
        ["Microsoft.DurableTask/schedulers/taskHubs"] = "2026-02-01",
        ["Microsoft.Insights/actionGroups"] = "2023-01-01",
        ["Microsoft.Insights/components"] = "2020-02-02",
        ["Microsoft.Insights/scheduledQueryRules"] = "2026-03-01",
        ["Microsoft.KeyVault/vaults"] = "2026-02-01",
        ["Microsoft.ManagedIdentity/userAssignedIdentities"] = "2024-11-30",
        ["Microsoft.Network/natGateways"] = "2026-01-01",
        ["Microsoft.Network/networkSecurityGroups"] = "2026-01-01",
        ["Microsoft.Network/privateDnsZones"] = "2024-06-01",
        ["Microsoft.Network/privateDnsZones/virtualNetworkLinks"] = "2024-06-01",
        ["Microsoft.Network/privateEndpoints"] = "2026-01-01",
        ["Microsoft.Network/privateEndpoints/privateDnsZoneGroups"] = "2026-01-01",
        ["Microsoft.Network/publicIPAddresses"] = "2026-01-01",
        ["Microsoft.Network/virtualNetworks"] = "2026-01-01",
        ["Microsoft.Network/virtualNetworks/subnets"] = "2026-01-01",
        ["Microsoft.OperationalInsights/workspaces"] = "2026-03-01",
        ["Microsoft.Resources/resourceGroups"] = "2025-04-01",
        ["Microsoft.Storage/storageAccounts"] = "2026-04-01",
        ["Microsoft.Storage/storageAccounts/blobServices"] = "2026-04-01",
        ["Microsoft.Storage/storageAccounts/blobServices/containers"] = "2026-04-01",
        ["Microsoft.Storage/storageAccounts/managementPolicies"] = "2026-04-01",
        ["Microsoft.Web/serverfarms"] = "2025-03-01",
        ["Microsoft.Web/sites"] = "2025-03-01",
        ["Microsoft.Web/sites/basicPublishingCredentialsPolicies"] = "2025-03-01",
        ["Microsoft.Web/sites/config"] = "2025-03-01",
    };

    /// <summary>The roles that may be given, by their ids in Azure.</summary>
    private static readonly Dictionary<string, string> Roles = new(StringComparer.Ordinal)
    {
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
        ["0ad04412-c4d5-4796-b79c-f76d14c8d402"] = "Durable Task Data Contributor",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
        ["4633458b-17de-408a-b874-0445c86b69e6"] = "Key Vault Secrets User",
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["ba92f5b4-2d11-453d-a403-e96b0029c9fe"] = "Storage Blob Data Contributor",
        ["de139f84-1756-47ae-9be6-808fbbe84772"] = "Website Contributor",
        ["b86a8fe4-44ce-4948-aee5-eccb2c155cd7"] = "Key Vault Secrets Officer",
    };

    [Fact]
    public void There_are_files_to_read()
    {
        BicepFile.All.Count.ShouldBeGreaterThan(10);
        BicepFile.All.SelectMany(file => file.Resources).Count().ShouldBeGreaterThan(40);
        BicepFile.Main.Modules.Count().ShouldBeGreaterThan(8);
    }

    [Fact]
    public void Every_declaration_that_others_see_is_described() =>
        (from file in BicepFile.All
         from declaration in file.Declarations
         where declaration.Keyword is "param" or "output" || declaration.Decorators.Contains("@export()", StringComparison.Ordinal)
         from described in declaration.Keyword is "type" ? declaration.Members.Prepend(declaration) : [declaration]
         where described.Description is not { Length: > 8 }
         select $"{file}: {described.Name}").ShouldBeEmpty();

    [Fact]
    public void Every_file_says_what_it_is_for() =>
        BicepFile.All.Where(file => !file.Text.StartsWith("metadata description = '", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void Every_resource_has_a_current_stable_version() =>
        (from resource in BicepFile.All.SelectMany(file => file.Resources)
         where !string.Equals(resource.Type, DiagnosticSettings, StringComparison.Ordinal)
         where !OldestVersions.TryGetValue(resource.Type, out var oldest)
            || !Stable.IsMatch(resource.Version)
            || string.CompareOrdinal(resource.Version, oldest) < 0
         select resource).ShouldBeEmpty();

    [Fact]
    public void Diagnostic_settings_have_the_one_preview_that_knows_groups_of_categories() =>
        BicepFile.All.SelectMany(file => file.Resources)
            .Where(resource => string.Equals(resource.Type, DiagnosticSettings, StringComparison.Ordinal))
            .Select(resource => resource.Version)
            .Distinct(StringComparer.Ordinal)
            .ShouldBe(["2021-05-01-preview"]);

    [Fact]
    public void No_parameter_is_a_secret() =>
        (from file in BicepFile.All
         from parameter in file.Parameters
         where parameter.Decorators.Contains("@secure", StringComparison.Ordinal) || SecretName.IsMatch(parameter.Name)
         select $"{file}: {parameter.Name}").ShouldBeEmpty();

    [Fact]
    public void No_output_is_a_secret() =>
        (from file in BicepFile.All
         from output in file.Outputs
         where SecretName.IsMatch(output.Name) || SecretValue.IsMatch(output.Value!)
         select $"{file}: {output.Name}").ShouldBeEmpty();

    [Fact]
    public void No_file_lists_keys_or_holds_one() => BicepFile.All.Where(file => SecretValue.IsMatch(file.Text)).ShouldBeEmpty();

    [Fact]
    public void Every_storage_account_refuses_shared_keys_and_anonymous_readers() =>
        (from resource in BicepFile.All.SelectMany(file => file.Resources)
         where resource is { Type: "Microsoft.Storage/storageAccounts", IsExisting: false }
         orderby resource.File.Path
         select $"{Path.GetFileName(resource.File.Path)} {PropertyOf(resource, "allowSharedKeyAccess")} {PropertyOf(resource, "allowBlobPublicAccess")}")
        .ShouldBe(["content.bicep false false", "storage.bicep false false"]);

    [Fact]
    public void Nothing_is_mounted() =>
        BicepFile.All.Where(file => file.Text.Contains("fileServices", StringComparison.Ordinal) || file.Text.Contains("azurestorageaccounts", StringComparison.Ordinal))
            .ShouldBeEmpty();

    [Fact]
    public void Telemetry_is_taken_from_identities_only() =>
        (from resource in BicepFile.All.SelectMany(file => file.Resources)
         where resource is { Type: "Microsoft.Insights/components", IsExisting: false }
         select PropertyOf(resource, "DisableLocalAuth")).ShouldBe(["true"]);

    [Fact]
    public void A_role_is_given_on_one_resource_and_on_nothing_larger()
    {
        var assignments = BicepFile.All.SelectMany(file => file.Resources)
            .Where(resource => string.Equals(resource.Type, "Microsoft.Authorization/roleAssignments", StringComparison.Ordinal))
            .ToArray();

        assignments.Length.ShouldBeGreaterThan(6);
        assignments.Where(assignment => assignment["scope"] is not { } scope
            || !assignment.File.Resources.Any(resource => string.Equals(resource.Declaration.Name, scope.Split("::")[^1], StringComparison.Ordinal)
                && !resource.Type.StartsWith("Microsoft.Resources/", StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [Fact]
    public void Only_known_roles_are_given_and_each_says_its_name() =>
        (from resource in BicepFile.All.SelectMany(file => file.Resources)
         where string.Equals(resource.Type, "Microsoft.Authorization/roleDefinitions", StringComparison.Ordinal)
         let id = resource["name"]!.Trim('\'')
         where !Roles.TryGetValue(id, out var name) || resource.Declaration.Description?.StartsWith(name + ": ", StringComparison.Ordinal) is not true
         select resource).ShouldBeEmpty();

    [Fact]
    public void Files_are_small_enough_to_read() =>
        BicepFile.All.Where(file => file.Text.Count(character => character == '\n') > (file == BicepFile.Main ? 300 : 180)).ShouldBeEmpty();

    [Fact]
    public void Every_module_is_used_and_every_one_that_is_used_is_there()
    {
        var used = BicepFile.All.SelectMany(file => file.Modules).Select(module => module.Target).Distinct(StringComparer.Ordinal);

        BicepFile.All.Select(file => file.Path).Where(path => path.Contains("/modules/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ShouldBe(used.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_module_is_given_the_parameters_that_it_asks_for_and_no_others() =>
        (from module in BicepFile.All.SelectMany(file => file.Modules)
         let asked = BicepFile.Named(module.Target).Parameters.ToArray()
         let unknown = module.Given.Except(asked.Select(parameter => parameter.Name), StringComparer.Ordinal)
         let missing = asked.Where(parameter => parameter.Value is null).Select(parameter => parameter.Name).Except(module.Given, StringComparer.Ordinal)
         from wrong in unknown.Concat(missing)
         select $"{module.File}: {module.Name}: {wrong}").ShouldBeEmpty();

    [Fact]
    public void Whatever_can_be_tagged_is() =>
        (from resource in BicepFile.All.SelectMany(file => file.Resources)
         where resource["location"] is not null && resource["tags"] is null
         select resource).ShouldBeEmpty();

    [Fact]
    public void The_heartbeat_that_is_missed_when_L0_is_silent_is_an_activity_of_L0()
    {
        var alerts = BicepFile.Named("infra/bicep/modules/alerts.bicep");
        var heartbeat = alerts.Parameters.Single(parameter => parameter.Name is "heartbeat").Value!.Trim('\'');

        Functions.Activities.Select(activity => activity.Name).ShouldContain(heartbeat);
        Repository.Read("src/Orchestrations/MetaControl/SystemHealthOrchestration.cs").ShouldContain(heartbeat.Replace("Platform_", "PlatformActivities.", StringComparison.Ordinal));
    }

    private static string? PropertyOf(BicepResource resource, string name) =>
        resource.Declaration.Members.Single(member => member.Name is "properties").Members
            .SingleOrDefault(member => string.Equals(member.Name, name, StringComparison.Ordinal))?.Value;

    [GeneratedRegex("^20[0-9]{2}-[0-9]{2}-[0-9]{2}$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Stable { get; }

    [GeneratedRegex("password|secret$|key$|keys$|token$|connectionString|credential", RegexOptions.IgnoreCase, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SecretName { get; }

    [GeneratedRegex(@"\blist[A-Z]\w*\(|\.keys\[|AccountKey=|SharedAccess|InstrumentationKey", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SecretValue { get; }
}

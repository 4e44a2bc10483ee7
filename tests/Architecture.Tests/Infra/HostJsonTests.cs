using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AtomicDevOps.Architecture.Tests.Docs;

namespace AtomicDevOps.Architecture.Tests.Infra;

public sealed partial class HostJsonTests
{
    /// <summary>What the Durable Functions extension takes under durableTask, as its documentation has it, and is of use here.</summary>
    private static readonly string[] DurableKeys =
    [
        "hubName", "storageProvider", "tracing", "maxConcurrentActivityFunctions", "maxConcurrentOrchestratorFunctions", "maxConcurrentEntityFunctions",
        "extendedSessionsEnabled", "extendedSessionIdleTimeoutInSeconds", "maxEntityOperationBatchSize", "overridableExistingInstanceStates",
    ];

    /// <summary>What each storage provider takes, as its documentation has it.</summary>
    private static readonly Dictionary<string, string[]> ProviderKeys = new(StringComparer.Ordinal)
    {
        ["azureManaged"] = ["connectionStringName"],
        ["AzureStorage"] = ["connectionName", "connectionStringName", "maxQueuePollingInterval", "partitionCount"],
        ["mssql"] = ["connectionStringName", "taskEventLockTimeout", "createDatabaseIfNotExists"],
        ["Netherite"] = ["StorageConnectionName", "EventHubsConnectionName", "PartitionCount"],
    };

    private static readonly JsonObject Host = JsonNode.Parse(Repository.Read("host.json"))!.AsObject();

    private static JsonObject Durable => Host["extensions"]!["durableTask"]!.AsObject();

    [Fact]
    public void The_file_has_what_a_compiled_app_needs_and_no_bundle()
    {
        Host.Select(property => property.Key).ShouldBe(["version", "functionTimeout", "logging", "extensions"]);
        ((string)Host["version"]!).ShouldBe("2.0");
        Durable.Select(property => property.Key).Except(DurableKeys, StringComparer.Ordinal).ShouldBeEmpty();
        ((string)Durable["tracing"]!["version"]!).ShouldBe("V2");
        ((bool)Durable["tracing"]!["distributedTracingEnabled"]!).ShouldBeTrue();
    }

    [Fact]
    public void The_name_of_the_task_hub_is_one_that_every_storage_provider_takes() => ((string)Durable["hubName"]!).ShouldMatch("^[A-Za-z][A-Za-z0-9]{2,44}$");

    [Fact]
    public void What_alerts_ask_for_is_never_sampled_away()
    {
        var excluded = ((string)Host["logging"]!["applicationInsights"]!["samplingSettings"]!["excludedTypes"]!).Split(';');

        excluded.ShouldContain("Request");
        foreach (var query in Directory.EnumerateFiles(Path.Combine(Repository.Root, "infra", "bicep", "queries"), "*.kql"))
        {
            File.ReadAllText(query).ShouldContain("requests\n");
        }
    }

    [Fact]
    public void The_connection_in_Azure_is_the_app_setting_that_Bicep_sets()
    {
        ((string)Durable["storageProvider"]!["type"]!).ShouldBe("azureManaged");
        BicepFile.Named("infra/bicep/modules/app-settings.bicep").Text.ShouldContain($"{Durable["storageProvider"]!["connectionStringName"]}: 'Endpoint=");
    }

    [Fact]
    public void The_page_shows_every_storage_provider_with_settings_that_it_has()
    {
        var shown = Page.BlocksOf("docs/scaling.md", "json").Select(block => JsonNode.Parse(block)!.AsObject()).Where(sample => sample.ContainsKey("type")).ToArray();

        shown.Select(sample => (string)sample["type"]!).ShouldBe(ProviderKeys.Keys, ignoreOrder: true);
        shown.Single(sample => (string)sample["type"]! is "azureManaged").ToJsonString().ShouldBe(Durable["storageProvider"]!.ToJsonString());
        (from sample in shown
         from key in sample.Select(property => property.Key)
         where key is not "type" && !ProviderKeys[(string)sample["type"]!].Contains(key, StringComparer.Ordinal)
         select $"{sample["type"]}: {key}").ShouldBeEmpty();
    }

    [Fact]
    public void The_settings_for_development_override_the_provider_and_nothing_that_is_not_there()
    {
        var values = Page.BlocksOf("docs/scaling.md", "json").Select(block => JsonNode.Parse(block)!.AsObject()).Single(sample => sample.ContainsKey("Values"))["Values"]!.AsObject();
        const string Prefix = "AzureFunctionsJobHost__";
        var paths = values.Select(value => value.Key).Where(key => key.StartsWith(Prefix, StringComparison.Ordinal)).Select(key => key[Prefix.Length..].Split("__")).ToArray();

        paths.Length.ShouldBe(2);
        foreach (var path in paths)
        {
            path.Aggregate((JsonNode?)Host, (node, name) => node?[name]).ShouldNotBeNull(string.Join('.', path));
        }

        ((string)values[$"{Prefix}extensions__durableTask__storageProvider__type"]!).ShouldBe("AzureStorage");
        values.ContainsKey((string)values[$"{Prefix}extensions__durableTask__storageProvider__connectionStringName"]!).ShouldBeTrue();
    }

    [Fact]
    public void The_page_tells_the_sizes_as_they_are()
    {
        var sizes = BicepFile.Named("infra/bicep/sizes.bicep").Of("var").Single(variable => variable.Name is "sizes");
        var page = Repository.Read("docs/scaling.md");
        foreach (var size in sizes.Members)
        {
            var values = size.Members.ToDictionary(member => member.Name, member => member.Value!, StringComparer.Ordinal);
            page.ShouldContain($"{values["maximumInstances"]} of {int.Parse(values["instanceMemoryMB"], System.Globalization.CultureInfo.InvariantCulture) / 1024} GB");
            page.ShouldContain($"| {values["alwaysReadyDurable"]}, {values["alwaysReadyHttp"]} |");
            page.ShouldContain($"| {values["completedDays"]}, {values["failedDays"]} days |");
            page.ShouldContain($"{values["logDays"]} days");
        }

        Column.Match(page).Groups["sizes"].Value.Split('|', StringSplitOptions.TrimEntries).ShouldBe(sizes.Members.Select(member => member.Name));
    }

    [GeneratedRegex(@"^\| \| (?<sizes>small[^\n]+?) \|$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Column { get; }
}

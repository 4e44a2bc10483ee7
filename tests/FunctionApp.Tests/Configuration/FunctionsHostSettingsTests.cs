using System.Reflection;
using AtomicDevOps.FunctionApp.Hosting;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.FunctionApp.Tests.Configuration;

/// <summary>What only the Functions host of Azure needs is told at start too.</summary>
public sealed class FunctionsHostSettingsTests
{
    private const string Provider = "AzureFunctionsJobHost:extensions:durableTask:storageProvider";
    private const string Scheduler = "Endpoint=https://devops.westeurope.durabletask.io;Authentication=ManagedIdentity;ClientID=6b29fc40-ca47-1067-b31d-00dd010662da";
    private const string AccountConnection = "DefaultEndpointsProtocol=https;AccountName=stdevops;AccountKey=Zm9yIHRlc3Rz;EndpointSuffix=core.windows.net";

    [Theory]
    [InlineData("AzureWebJobsStorage", null)]
    [InlineData("AzureWebJobsStorage", "stdevops")]
    [InlineData("AzureWebJobsStorage", "UseDevelopmentStorage=no")]
    [InlineData("AzureWebJobsStorage", "AccountName=stdevops;AccountKey=")]
    [InlineData("AzureWebJobsStorage:accountName", "https://stdevops.blob.core.windows.net")]
    [InlineData("AzureWebJobsStorage:blobServiceUri", "stdevops")]
    [InlineData("AzureWebJobsStorage:queueServiceUri", "stdevops")]
    [InlineData("AzureWebJobsStorage:tableServiceUri", "stdevops")]
    [InlineData("AzureWebJobsStorage:credential", "password", "AzureWebJobsStorage:accountName", "stdevops")]
    [InlineData("AzureWebJobsStorage:clientId", "identity", "AzureWebJobsStorage:accountName", "stdevops")]
    [InlineData("DURABLE_TASK_SCHEDULER_CONNECTION_STRING", null)]
    [InlineData("DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "https://devops.westeurope.durabletask.io")]
    [InlineData("DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "Endpoint=devops;Authentication=ManagedIdentity")]
    [InlineData("DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "Endpoint=https://devops.westeurope.durabletask.io;Authentication=Key")]
    [InlineData("DURABLE_TASK_SCHEDULER_CONNECTION_STRING", "Endpoint=https://devops.westeurope.durabletask.io;Authentication=ManagedIdentity;ClientID=me")]
    [InlineData("AzureFunctionsJobHost:extensions:durableTask:storageProvider:type", "Redis")]
    [InlineData("AzureFunctionsJobHost:extensions:durableTask:storageProvider:connectionStringName", "NOWHERE")]
    public void A_setting_that_is_missing_or_malformed_is_named(string key, string? value, string? otherKey = null, string? otherValue = null)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal) { [FunctionsHostSettings.SchedulerKey] = Scheduler };
        if (!key.StartsWith(FunctionsHostSettings.StorageKey, StringComparison.Ordinal))
        {
            settings[FunctionsHostSettings.StorageKey] = AccountConnection;
        }

        settings[otherKey ?? "Unused"] = otherValue;
        settings[key] = value;

        var problem = Should.Throw<InvalidOperationException>(() => Require(settings)).Message;

        problem.ShouldContain(value is "NOWHERE" ? value : key.Replace(":", "__", StringComparison.Ordinal));
        problem.ShouldContain("must be");
    }

    [Theory]
    [InlineData("AzureStorage", "connectionName", "Elsewhere")]
    [InlineData("AzureStorage", "connectionStringName", "Elsewhere")]
    [InlineData("mssql", "connectionStringName", "SQLDB_Connection")]
    [InlineData("Netherite", "StorageConnectionName", "Elsewhere", "EventHubsConnectionName", "AzureWebJobsStorage")]
    [InlineData("Netherite", "EventHubsConnectionName", "EventHubsConnection", "StorageConnectionName", "AzureWebJobsStorage")]
    public void The_connection_of_every_storage_provider_has_to_be_there(
        string type, string name, string setting, string? otherName = null, string? otherSetting = null)
    {
        var settings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [FunctionsHostSettings.StorageKey] = AccountConnection,
            [$"{Provider}:type"] = type,
            [$"{Provider}:connectionStringName"] = null,
            [$"{Provider}:{name}"] = setting,
            [$"{Provider}:{otherName ?? "unused"}"] = otherSetting,
        };

        Should.Throw<InvalidOperationException>(() => Require(settings)).Message.ShouldContain($"{setting} is missing");
        settings[setting] = AccountConnection;
        Should.NotThrow(() => Require(settings));
    }

    [Theory]
    [InlineData("mssql", "connectionStringName")]
    [InlineData("Netherite", "StorageConnectionName")]
    [InlineData("Netherite", "EventHubsConnectionName")]
    public void A_storage_provider_without_the_name_of_its_connection_is_told(string type, string name)
    {
        var hostJson = new Dictionary<string, string?>(StringComparer.Ordinal) { ["extensions:durableTask:storageProvider:type"] = type };

        Should.Throw<InvalidOperationException>(() => FunctionsHostSettings.Require(
                Of(hostJson), Of(new Dictionary<string, string?>(StringComparer.Ordinal) { [FunctionsHostSettings.StorageKey] = AccountConnection })))
            .Message.ShouldContain($"extensions:durableTask:storageProvider:{name} is missing");
    }

    [Theory]
    [InlineData("AzureWebJobsStorage", AccountConnection)]
    [InlineData("AzureWebJobsStorage", "UseDevelopmentStorage=true")]
    [InlineData("AzureWebJobsStorage", "BlobEndpoint=https://stdevops.blob.core.windows.net;SharedAccessSignature=sv=2026")]
    [InlineData("AzureWebJobsStorage:accountName", "stdevops")]
    [InlineData("AzureWebJobsStorage:blobServiceUri", "https://stdevops.blob.core.windows.net")]
    public void Every_way_to_name_a_storage_account_is_taken(string key, string value) => Should.NotThrow(() => Require(new(StringComparer.Ordinal)
    {
        [FunctionsHostSettings.SchedulerKey] = Scheduler,
        [key] = value,
    }));

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once_and_no_key_with_it()
    {
        var problem = Should.Throw<InvalidOperationException>(() => Require(new(StringComparer.Ordinal)
        {
            [FunctionsHostSettings.StorageKey] = "AccountKey=Zm9yIHRlc3Rz",
        })).Message;

        problem.ShouldContain(FunctionsHostSettings.StorageKey);
        problem.ShouldContain(FunctionsHostSettings.SchedulerKey);
        problem.ShouldNotContain("Zm9yIHRlc3Rz");
    }

    [Fact]
    public void What_scaling_shows_for_development_is_enough() => Should.NotThrow(() => Require(new(StringComparer.Ordinal)
    {
        [FunctionsHostSettings.StorageKey] = "UseDevelopmentStorage=true",
        [FunctionsHostSettings.ProviderTypeKey] = "AzureStorage",
        [FunctionsHostSettings.ProviderConnectionKey] = FunctionsHostSettings.StorageKey,
    }));

    /// <summary>The keys that are tried here.</summary>
    internal static IEnumerable<string> Tried => typeof(FunctionsHostSettingsTests).GetMethod(nameof(A_setting_that_is_missing_or_malformed_is_named))!
        .GetCustomAttributes<InlineDataAttribute>()
        .Select(data => (string)data.Data[0]!);

    private static void Require(Dictionary<string, string?> settings) =>
        FunctionsHostSettings.Require(new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "host.json")).Build(), Of(settings));

    private static IConfiguration Of(Dictionary<string, string?> settings) => new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
}

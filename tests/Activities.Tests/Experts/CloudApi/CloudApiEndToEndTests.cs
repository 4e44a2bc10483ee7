using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.EmbeddedHost.Testing;
using Azure.Core;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Activities.Tests.Experts.CloudApi;

/// <summary>The activities as an orchestration calls them, by name and through histories.</summary>
public sealed class CloudApiEndToEndTests
{
    private const string Secret = "correct-horse-battery-staple";
    private const string Present = "a-value-that-was-there-before";

    private const string Template =
        """
        {
          "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
          "contentVersion": "1.0.0.0",
          "parameters": { "password": { "type": "secureString" } },
          "resources": [{ "type": "Microsoft.Sql/servers", "name": "database", "apiVersion": "2024-01-01", "properties": { "administratorLoginPassword": "[parameters('password')]" } }]
        }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_orchestration_deploys_configures_and_scales_an_app_and_its_history_holds_no_secret()
    {
        await using var azure = await ArmStandIn.StartAsync();
        azure.PollsUntilDone = 5;
        var site = azure.AddSite("apps", "app");
        site.Settings["Database"] = Present;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Azure:SubscriptionId"] = ArmStandIn.SubscriptionId,
            ["Azure:BaseAddress"] = azure.Address.AbsoluteUri,
            ["CloudApi:Secrets:0:Name"] = "database",
            ["CloudApi:Secrets:0:Secret"] = Secret,
        }).Build();
        var data = "";
        await using var host = await DurableTestHost.StartAsync([typeof(CloudApiExpert), typeof(Rollout)], services =>
        {
            services.AddSingleton<TokenCredential>(new TestCredential());
            services.AddAzureResourceManager(configuration);
        }, options => data = options.DataDirectory);

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(new TaskName(nameof(Rollout)), "run-1", Cancellation);
        await host.RunUntilIdleAsync(Cancellation);
        var instance = await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Cancellation);

        instance.ShouldNotBeNull().RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, instance.FailureDetails?.ErrorMessage);
        var result = instance.ReadOutputAs<RolloutResult>().ShouldNotBeNull();
        result.Asked.ShouldBeGreaterThan(1, "the deployment outlives one call of the activity");
        azure.Deployments.ShouldHaveSingleItem().Value.State.ShouldBe("Succeeded");
        azure.Groups.ShouldContainKey("made");
        site.Settings.ShouldBe(new Dictionary<string, string> { ["Database"] = Present, ["Password"] = Secret }, ignoreOrder: true);
        ((int)site.FunctionAppConfig["scaleAndConcurrency"]!["maximumInstanceCount"]!).ShouldBe(50);

        var stored = string.Concat(Directory.EnumerateFiles(data, "durable.db*").Select(Read));
        stored.ShouldContain("CloudApiExpert_ChangeAppSettings");
        stored.Contains(Secret, StringComparison.Ordinal).ShouldBeFalse();
        stored.Contains(Present, StringComparison.Ordinal).ShouldBeFalse();
    }

    private static string Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    /// <param name="Asked">How often the deployment was asked for.</param>
    public sealed record RolloutResult(int Asked, string Sku);

    public static class Rollout
    {
        [Function(nameof(Rollout))]
        public static async Task<RolloutResult> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var run = context.GetInput<string>()!;
            await context.CallActivityAsync<PutResourceGroupResult>("CloudApiExpert_PutResourceGroup", new PutResourceGroupRequest("made", "westeurope"));
            var request = new DeploymentRequest(run, DeploymentScope.OfGroup("made"))
            {
                Template = JsonDocument.Parse(Template).RootElement,
                Parameters = new Dictionary<string, DeploymentParameter> { ["password"] = new() { Secret = "database" } },
                WaitFor = TimeSpan.Zero,
            };
            var asked = 1;
            while ((await context.CallActivityAsync<DeploymentResult>("CloudApiExpert_CreateDeployment", request)).Outcome == DeploymentOutcome.Running)
            {
                asked++;
                await context.CreateTimer(TimeSpan.FromMinutes(1), CancellationToken.None);
            }

            await context.CallActivityAsync<ChangeAppSettingsResult>(
                "CloudApiExpert_ChangeAppSettings",
                new ChangeAppSettingsRequest("apps", "app") { Set = new Dictionary<string, AppSettingValue> { ["Password"] = new() { Secret = "database" } } });
            var scale = await context.CallActivityAsync<SetScaleLimitsResult>(
                "CloudApiExpert_SetScaleLimits", new SetScaleLimitsRequest("apps", "app") { MaximumInstanceCount = 50 });
            return new RolloutResult(asked, scale.After.Sku);
        }
    }
}

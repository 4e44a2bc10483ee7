using System.Text.Json;
using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Experts.CloudApi;

/// <summary>
/// Activities run at least once: whatever requests and answers are lost, and however often an activity is run again, what it leaves is what
/// one undisturbed run would have left.
/// </summary>
public sealed class CloudApiRepetitionTests
{
    private const int MaxRuns = 60;
    private const string Secret = "correct-horse-battery-staple";

    private const string Template =
        """
        {
          "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          "contentVersion": "1.0.0.0",
          "resources": [{ "type": "Microsoft.Storage/storageAccounts", "name": "store", "apiVersion": "2024-01-01", "properties": { "accessTier": "Hot" } }]
        }
        """;

    private static readonly Dictionary<string, string> Ours = new() { ["owner"] = "atomic-devops" };

    private static readonly ArmFault[] Kinds = [ArmFault.RequestLost, ArmFault.AnswerLost, ArmFault.Busy, ArmFault.Throttled];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<ArmFaultAt> SingleFaults { get; } =
    [
        .. from position in Enumerable.Range(0, 24)
           from kind in Enum.GetNames<ArmFault>().Skip(1)
           select new ArmFaultAt(position, kind),
    ];

    [Fact]
    public void Any_faults_leave_what_none_would_have_left()
    {
        // No fault comes so often in a row that the client alone could always hide it, nor so often that no run ever ends.
        var fault = Gen.Frequency((3, Gen.Constant(ArmFault.None)), (2, Gen.Elements(Kinds)));

        Prop.ForAll(Gen.ArrayOf(fault).ToArbitrary(), RunAsync).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Theory, MemberData(nameof(SingleFaults))]
    public Task A_fault_that_outlasts_the_client_at_any_request_leaves_what_none_would_have_left(ArmFaultAt fault) =>
        RunAsync([.. Enumerable.Repeat(ArmFault.None, fault.Position), .. Enumerable.Repeat(Enum.Parse<ArmFault>(fault.Kind), 5)]);

    private static async Task RunAsync(ArmFault[] plan)
    {
        await using var azure = await ArmStandIn.StartAsync();
        azure.AddGroup("old", "westeurope", ("owner", "atomic-devops"));
        var site = azure.AddSite("apps", "app");
        site.Settings["Database"] = "there-before";
        foreach (var fault in plan)
        {
            azure.Faults.Enqueue(fault);
        }

        for (var round = 0; round < 2; round++)
        {
            await UntilDoneAsync(azure, expert => expert.PutResourceGroupAsync(new PutResourceGroupRequest("made", "westeurope") { Tags = Ours }, Cancellation));
            await UntilDoneAsync(azure, async expert =>
            {
                var result = await expert.CreateDeploymentAsync(
                    new DeploymentRequest("run-1", DeploymentScope.OfGroup("made")) { Template = JsonDocument.Parse(Template).RootElement }, Cancellation);
                result.Outcome.ShouldBe(DeploymentOutcome.Succeeded, result.Error?.Describe());
            });
            await UntilDoneAsync(azure, expert => expert.ChangeAppSettingsAsync(
                new ChangeAppSettingsRequest("apps", "app") { Set = new Dictionary<string, AppSettingValue> { ["Password"] = new() { Secret = "database" } } }, Cancellation));
            await UntilDoneAsync(azure, expert => expert.SetScaleLimitsAsync(new SetScaleLimitsRequest("apps", "app") { MaximumInstanceCount = 50 }, Cancellation));
            await UntilDoneAsync(azure, expert => expert.StopFunctionAppAsync(new AppReference("apps", "app"), Cancellation));
            await UntilDoneAsync(azure, expert => expert.DeleteResourceGroupAsync(new DeleteResourceGroupRequest("old", Ours), Cancellation));
        }

        azure.Groups.Keys.ShouldBe(["apps", "made"]);
        azure.Groups["made"].Tags.ShouldBe(Ours);
        azure.Groups["made"].Resources.Keys.ShouldHaveSingleItem().ShouldEndWith("/store");
        azure.Deployments.ShouldHaveSingleItem().Value.State.ShouldBe("Succeeded");
        site.Settings.ShouldBe(new Dictionary<string, string> { ["Database"] = "there-before", ["Password"] = Secret }, ignoreOrder: true);
        ((int)site.FunctionAppConfig["scaleAndConcurrency"]!["maximumInstanceCount"]!).ShouldBe(50);
        site.State.ShouldBe("Stopped");
    }

    private static async Task UntilDoneAsync(ArmStandIn azure, Func<CloudApiExpert, Task> activity)
    {
        for (var run = 1; ; run++)
        {
            // A new process each time: nothing but Azure itself remembers.
            await using var arm = ArmHarness.On(azure, ("CloudApi:Secrets:0:Name", "database"), ("CloudApi:Secrets:0:Secret", Secret));
            try
            {
                await activity(arm.Expert);
                return;
            }
            catch (ToolUnavailableException)
            {
                run.ShouldBeLessThan(MaxRuns);
            }
        }
    }
}

/// <param name="Position">The first request that it happens to, from 0.</param>
public sealed record ArmFaultAt(int Position, string Kind);

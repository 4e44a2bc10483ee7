using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools.AzureResourceManager;

namespace AtomicDevOps.Activities.Tests.Experts.CloudApi;

public sealed class CloudApiGroupTests
{
    private static readonly Dictionary<string, string> Ours = new() { ["owner"] = "atomic-devops" };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_page_of_the_groups_is_listed()
    {
        await using var arm = await ArmHarness.StartAsync();
        for (var number = 1; number <= 5; number++)
        {
            arm.Azure.AddGroup($"rg{number}", "westeurope", ("owner", "atomic-devops"));
        }

        var all = await arm.Expert.ListResourceGroupsAsync(new ListResourceGroupsRequest(), Cancellation);
        var some = await arm.Expert.ListResourceGroupsAsync(new ListResourceGroupsRequest { Most = 3 }, Cancellation);

        all.Groups.Select(group => group.Name).ShouldBe(["rg1", "rg2", "rg3", "rg4", "rg5"]);
        all.HasMore.ShouldBeFalse();
        all.Groups[0].Tags["owner"].ShouldBe("atomic-devops");
        some.Groups.Count.ShouldBe(3);
        some.HasMore.ShouldBeTrue();
    }

    [Fact]
    public async Task Groups_are_found_by_their_tag()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("ours", "westeurope", ("owner", "atomic-devops"));
        arm.Azure.AddGroup("theirs", "westeurope", ("owner", "others"));
        arm.Azure.AddGroup("nobodys");

        (await arm.Expert.ListResourceGroupsAsync(new ListResourceGroupsRequest { Tag = "owner" }, Cancellation)).Groups.Count.ShouldBe(2);
        (await arm.Expert.ListResourceGroupsAsync(new ListResourceGroupsRequest { Tag = "owner", TagValue = "atomic-devops" }, Cancellation))
            .Groups.ShouldHaveSingleItem().Name.ShouldBe("ours");
    }

    [Fact]
    public async Task A_name_may_have_letters_of_any_script()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("größe-日本");
        arm.Azure.AddSite("größe-日本", "app");

        (await arm.Expert.GetResourceGroupAsync(new ResourceGroupReference("größe-日本"), Cancellation)).ShouldNotBeNull().Name.ShouldBe("größe-日本");
        (await arm.Expert.GetScaleLimitsAsync(new AppReference("größe-日本", "app"), Cancellation)).Plan.ShouldBe(ScalePlan.FlexConsumption);
    }

    [Fact]
    public async Task A_group_that_is_not_there_is_an_answer()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("there", "northeurope");

        (await arm.Expert.GetResourceGroupAsync(new ResourceGroupReference("there"), Cancellation)).ShouldNotBeNull().Location.ShouldBe("northeurope");
        (await arm.Expert.GetResourceGroupAsync(new ResourceGroupReference("gone"), Cancellation)).ShouldBeNull();
        (await arm.Expert.ResourceGroupExistsAsync(new ResourceGroupReference("there"), Cancellation)).ShouldBeTrue();
        (await arm.Expert.ResourceGroupExistsAsync(new ResourceGroupReference("gone"), Cancellation)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_group_is_made_once_and_then_left_alone()
    {
        await using var arm = await ArmHarness.StartAsync();
        var request = new PutResourceGroupRequest("rg", "West Europe") { Tags = Ours };

        (await arm.Expert.PutResourceGroupAsync(request, Cancellation)).Outcome.ShouldBe(PutResourceGroupOutcome.Created);
        arm.Azure.Groups["rg"] = new StandInGroup("rg", "westeurope") { Tags = { ["owner"] = "atomic-devops" } };
        (await arm.Expert.PutResourceGroupAsync(request, Cancellation)).Outcome.ShouldBe(PutResourceGroupOutcome.Unchanged);

        arm.Azure.Requests.Count(sent => sent.Method is "PUT").ShouldBe(1);
    }

    [Fact]
    public async Task A_groups_other_tags_stay()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("rg", "westeurope", ("cost-centre", "42"), ("owner", "others"));

        var result = await arm.Expert.PutResourceGroupAsync(new PutResourceGroupRequest("rg", "westeurope") { Tags = Ours }, Cancellation);

        result.Outcome.ShouldBe(PutResourceGroupOutcome.Updated);
        arm.Azure.Groups["rg"].Tags.ShouldBe(new Dictionary<string, string> { ["cost-centre"] = "42", ["owner"] = "atomic-devops" }, ignoreOrder: true);
    }

    [Fact]
    public async Task A_group_never_moves()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("rg", "northeurope");

        var result = await arm.Expert.PutResourceGroupAsync(new PutResourceGroupRequest("rg", "westeurope"), Cancellation);

        result.Outcome.ShouldBe(PutResourceGroupOutcome.OtherLocation);
        result.Problem.ShouldNotBeNull().ShouldContain("northeurope");
        arm.Azure.Requests.Where(sent => sent.Method is not "GET").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_group_that_is_being_deleted_is_not_made_again()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("rg").State = "Deleting";

        (await arm.Expert.PutResourceGroupAsync(new PutResourceGroupRequest("rg", "westeurope"), Cancellation)).Outcome.ShouldBe(PutResourceGroupOutcome.BeingDeleted);
    }

    [Fact]
    public async Task A_policy_that_forbids_a_group_is_an_outcome()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.Interrupt(request => request.Method is "PUT", 403, "RequestDisallowedByPolicy", "Resource 'rg' was disallowed by policy.");

        var result = await arm.Expert.PutResourceGroupAsync(new PutResourceGroupRequest("rg", "westeurope"), Cancellation);

        result.Outcome.ShouldBe(PutResourceGroupOutcome.Refused);
        result.Problem.ShouldNotBeNull().ShouldContain("disallowed by policy");
    }

    [Fact]
    public async Task A_deletion_is_waited_for_as_Azure_asks()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("rg", "westeurope", ("owner", "atomic-devops"));

        var result = await arm.Expert.DeleteResourceGroupAsync(new DeleteResourceGroupRequest("rg", Ours), Cancellation);

        result.Outcome.ShouldBe(DeleteResourceGroupOutcome.Deleted);
        arm.Azure.Groups.ShouldBeEmpty();
        arm.Clock.Waits.ShouldBe(Enumerable.Repeat(TimeSpan.FromSeconds(15), 3));

        (await arm.Expert.DeleteResourceGroupAsync(new DeleteResourceGroupRequest("rg", Ours), Cancellation)).Outcome.ShouldBe(DeleteResourceGroupOutcome.AlreadyGone);
    }

    [Fact]
    public async Task A_deletion_that_takes_longer_goes_on_and_is_found_again()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("rg", "westeurope", ("owner", "atomic-devops"));
        arm.Azure.PollsUntilDone = 6;
        var request = new DeleteResourceGroupRequest("rg", Ours) { WaitFor = TimeSpan.FromSeconds(30) };

        (await arm.Expert.DeleteResourceGroupAsync(request, Cancellation)).Outcome.ShouldBe(DeleteResourceGroupOutcome.Deleting);
        arm.Azure.PollsUntilDone = 0;
        (await arm.Expert.DeleteResourceGroupAsync(request, Cancellation)).Outcome.ShouldBe(DeleteResourceGroupOutcome.Deleted);
    }

    [Fact]
    public async Task A_group_without_the_required_tag_is_never_deleted()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("production", "westeurope", ("owner", "others"));

        var result = await arm.Expert.DeleteResourceGroupAsync(new DeleteResourceGroupRequest("production", Ours), Cancellation);

        result.Outcome.ShouldBe(DeleteResourceGroupOutcome.NotOurs);
        arm.Azure.Requests.Where(sent => sent.Method is not "GET").ShouldBeEmpty();
        await Should.ThrowAsync<ArgumentException>(() => arm.Expert.DeleteResourceGroupAsync(
            new DeleteResourceGroupRequest("production", new Dictionary<string, string>()), Cancellation));
    }

    [Fact]
    public async Task A_lock_is_an_outcome()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("rg", "westeurope", ("owner", "atomic-devops")).Lock = "/subscriptions/s/resourceGroups/rg";

        var result = await arm.Expert.DeleteResourceGroupAsync(new DeleteResourceGroupRequest("rg", Ours), Cancellation);

        result.Outcome.ShouldBe(DeleteResourceGroupOutcome.Refused);
        result.Problem.ShouldNotBeNull().ShouldContain("ScopeLocked");
    }
}

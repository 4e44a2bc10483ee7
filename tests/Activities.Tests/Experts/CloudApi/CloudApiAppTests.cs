using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.Activities.Tests.Experts.CloudApi;

public sealed class CloudApiAppTests
{
    private const string Secret = "correct-horse-battery-staple";
    private const string Present = "a-value-that-was-there-before";
    private const string Reference = "@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/mail)";

    private static readonly AppReference App = new("rg", "app");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Settings_are_listed_by_name_without_their_values()
    {
        await using var arm = await StartAsync();
        var site = AddSite(arm);
        site.Settings["Mail"] = Reference;

        var settings = await arm.Expert.ListAppSettingsAsync(App, Cancellation);

        settings.Settings.ShouldBe(
        [
            new AppSetting("Database", AppSettingKind.Value),
            new AppSetting("Flavour", AppSettingKind.Value),
            new AppSetting("Mail", AppSettingKind.KeyVaultReference, Reference),
        ]);
        JsonSerializer.Serialize(settings, JsonDefaults.Options).ShouldNotContain(Present);
    }

    [Fact]
    public async Task A_setting_without_a_value_is_one_with_an_empty_value()
    {
        await using var arm = await StartAsync();
        AddSite(arm);
        arm.Azure.Interrupt(_ => true, _ => new ArmReply(200, JsonNode.Parse("""{"properties":{"Empty":null}}""")));

        (await arm.Expert.ListAppSettingsAsync(App, Cancellation)).Settings.ShouldBe([new AppSetting("Empty", AppSettingKind.Value)]);
    }

    [Fact]
    public async Task Some_settings_are_changed_and_the_others_stay()
    {
        await using var arm = await StartAsync();
        var site = AddSite(arm);

        var result = await arm.Expert.ChangeAppSettingsAsync(Change(), Cancellation);

        result.Set.ShouldBe(["Mail", "Password"]);
        result.Removed.ShouldBe(["Flavour"]);
        site.Settings.ShouldBe(
            new Dictionary<string, string> { ["Database"] = Present, ["Mail"] = Reference, ["Password"] = Secret }, ignoreOrder: true);
        JsonSerializer.Serialize(result, JsonDefaults.Options).ShouldNotContain(Secret);
        arm.Logs.Lines.ShouldAllBe(line => !line.Contains(Secret, StringComparison.Ordinal) && !line.Contains(Present, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Done_again_nothing_is_written_and_the_app_goes_on()
    {
        await using var arm = await StartAsync();
        var site = AddSite(arm);
        await arm.Expert.ChangeAppSettingsAsync(Change(), Cancellation);

        var again = await arm.Expert.ChangeAppSettingsAsync(Change(), Cancellation);

        (again.Set.Count, again.Removed.Count, site.Restarts).ShouldBe((0, 0, 1));
    }

    [Fact]
    public async Task Changes_at_the_same_time_lose_nothing()
    {
        await using var arm = await StartAsync();
        var site = AddSite(arm);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(number => arm.Expert.ChangeAppSettingsAsync(
            new ChangeAppSettingsRequest("rg", "app") { Set = new Dictionary<string, AppSettingValue> { [$"S{number}"] = new() { Text = "on" } } }, Cancellation)));

        site.Settings.Keys.Where(name => name.StartsWith('S')).Count().ShouldBe(10);
        site.Settings["Database"].ShouldBe(Present);
    }

    [Fact]
    public async Task A_change_by_somebody_else_at_the_same_moment_is_noticed()
    {
        await using var arm = await StartAsync();
        var site = AddSite(arm);
        arm.Azure.Interrupt(request => request.Method is "PUT", _ =>
        {
            site.Settings["Theirs"] = "new";
            return new ArmReply(200);
        });

        await Should.ThrowAsync<ToolUnavailableException>(() => arm.Expert.ChangeAppSettingsAsync(Change(), Cancellation));
        (await arm.Expert.ChangeAppSettingsAsync(Change(), Cancellation)).Set.ShouldBe(["Mail", "Password"]);

        site.Settings["Theirs"].ShouldBe("new");
    }

    [Fact]
    public async Task Values_are_in_no_error()
    {
        await using var arm = await StartAsync();
        AddSite(arm);
        arm.Azure.Interrupt(request => request.Method is "PUT", 400, "BadRequest", $"Neither '{Present}' nor '{Secret}' will do.");

        var failure = await Should.ThrowAsync<ArmRequestException>(() => arm.Expert.ChangeAppSettingsAsync(Change(), Cancellation));

        failure.Message.ShouldContain("Neither '[redacted]' nor '[redacted]' will do.");
        failure.ToString().ShouldNotContain(Secret);
        failure.ToString().ShouldNotContain(Present);
        failure.Error.Message.ShouldNotContain(Present);
    }

    [Theory]
    [InlineData("a b", "text", null, "is no app setting's name")]
    [InlineData("Password", Secret, null, "would be kept in histories")]
    [InlineData("Password", "ghp_0123456789012345678901234567890123456", null, "would be kept in histories")]
    [InlineData("Password", null, null, "either Text or Secret")]
    [InlineData("Password", "text", "database", "either Text or Secret")]
    [InlineData("Password", null, "unknown", "CloudApi:Secrets has none")]
    [InlineData("Flavour", "text", null, "not both")]
    public async Task What_cannot_be_right_is_refused_before_anything_is_sent(string name, string? text, string? secret, string problem)
    {
        await using var arm = await StartAsync();
        AddSite(arm);
        var request = Change() with { Set = new Dictionary<string, AppSettingValue> { [name] = new() { Text = text, Secret = secret } } };

        var failure = await Should.ThrowAsync<ArgumentException>(() => arm.Expert.ChangeAppSettingsAsync(request, Cancellation));

        failure.Message.ShouldContain(problem);
        failure.Message.ShouldNotContain(Secret);
        arm.Azure.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_app_that_is_not_there_is_told_so()
    {
        await using var arm = await StartAsync();
        arm.Azure.AddGroup("rg");

        (await Should.ThrowAsync<ToolNotFoundException>(() => arm.Expert.ListAppSettingsAsync(App, Cancellation))).Message.ShouldContain("ResourceNotFound");
        await Should.ThrowAsync<ToolNotFoundException>(() => arm.Expert.RestartFunctionAppAsync(App, Cancellation));
    }

    [Fact]
    public async Task An_app_is_stopped_and_started_once_and_restarted_while_it_runs()
    {
        await using var arm = await StartAsync();
        var site = AddSite(arm);

        (await arm.Expert.RestartFunctionAppAsync(App, Cancellation)).Outcome.ShouldBe(AppStateOutcome.Done);
        (await arm.Expert.StopFunctionAppAsync(App, Cancellation)).Outcome.ShouldBe(AppStateOutcome.Done);
        (await arm.Expert.StopFunctionAppAsync(App, Cancellation)).Outcome.ShouldBe(AppStateOutcome.Unchanged);
        site.State.ShouldBe("Stopped");
        (await arm.Expert.RestartFunctionAppAsync(App, Cancellation)).Outcome.ShouldBe(AppStateOutcome.NotRunning);
        (await arm.Expert.StartFunctionAppAsync(App, Cancellation)).Outcome.ShouldBe(AppStateOutcome.Done);
        (await arm.Expert.StartFunctionAppAsync(App, Cancellation)).Outcome.ShouldBe(AppStateOutcome.Unchanged);

        (site.State, site.Restarts).ShouldBe(("Running", 1));
    }

    [Fact]
    public async Task A_state_that_Azure_refuses_to_change_is_an_outcome()
    {
        await using var arm = await StartAsync();
        AddSite(arm);
        arm.Azure.Interrupt(request => request.Method is "POST", 409, "Conflict", "Cannot modify this site because another operation is in progress.");

        var result = await arm.Expert.StopFunctionAppAsync(App, Cancellation);

        result.Outcome.ShouldBe(AppStateOutcome.Refused);
        result.Problem.ShouldNotBeNull().ShouldContain("another operation is in progress");
    }

    [Fact]
    public async Task Flex_limits_are_read_and_set_and_all_else_of_the_app_stays()
    {
        await using var arm = await StartAsync();
        var site = AddSite(arm);

        var scale = await arm.Expert.GetScaleLimitsAsync(App, Cancellation);
        var result = await arm.Expert.SetScaleLimitsAsync(
            new SetScaleLimitsRequest("rg", "app") { MaximumInstanceCount = 60, InstanceMemoryMB = 4096, AlwaysReady = [new AlwaysReady("durable", 2)] }, Cancellation);

        (scale.Plan, scale.Sku, scale.Limits.MaximumInstanceCount, scale.Limits.InstanceMemoryMB).ShouldBe((ScalePlan.FlexConsumption, "FlexConsumption", 100, 2048));
        result.Outcome.ShouldBe(SetScaleLimitsOutcome.Changed);
        result.Before.Limits.MaximumInstanceCount.ShouldBe(100);
        result.After.Limits.AlwaysReady.ShouldBe([new AlwaysReady("durable", 2)]);
        site.FunctionAppConfig["scaleAndConcurrency"]!.ToJsonString().ShouldBe(
            """{"alwaysReady":[{"name":"durable","instanceCount":2}],"maximumInstanceCount":60,"instanceMemoryMB":4096,"triggers":{"http":{"perInstanceConcurrency":16}}}""");
        site.FunctionAppConfig["runtime"]!.ToJsonString().ShouldBe("""{"name":"dotnet-isolated","version":"10.0"}""");
        arm.Azure.Requests.Single(sent => sent.Method is "PATCH").Json["properties"]!.AsObject().Select(property => property.Key).ShouldBe(["functionAppConfig"]);
    }

    [Theory]
    [InlineData("Dynamic")]
    [InlineData("ElasticPremium")]
    public async Task Other_plans_limit_instances_only(string sku)
    {
        await using var arm = await StartAsync();
        var site = arm.Azure.AddSite("rg", "app", sku);

        var before = await arm.Expert.GetScaleLimitsAsync(App, Cancellation);
        var changed = await arm.Expert.SetScaleLimitsAsync(new SetScaleLimitsRequest("rg", "app") { MaximumInstanceCount = 7 }, Cancellation);
        var memory = await arm.Expert.SetScaleLimitsAsync(new SetScaleLimitsRequest("rg", "app") { InstanceMemoryMB = 2048 }, Cancellation);

        before.Limits.MaximumInstanceCount.ShouldBeNull("0 is the plan's own limit");
        changed.Outcome.ShouldBe(SetScaleLimitsOutcome.Changed);
        site.FunctionAppScaleLimit.ShouldBe(7);
        memory.Outcome.ShouldBe(SetScaleLimitsOutcome.Unsupported);
    }

    [Theory]
    [InlineData("PremiumV3", "functionapp,linux")]
    [InlineData("FlexConsumption", "app,linux")]
    public async Task An_app_without_limits_of_its_own_has_none_to_set(string sku, string kind)
    {
        await using var arm = await StartAsync();
        arm.Azure.AddSite("rg", "app", sku, kind);

        var result = await arm.Expert.SetScaleLimitsAsync(new SetScaleLimitsRequest("rg", "app") { MaximumInstanceCount = 7 }, Cancellation);

        result.Outcome.ShouldBe(SetScaleLimitsOutcome.Unsupported);
        arm.Azure.Requests.Where(sent => sent.Method is not "GET").ShouldBeEmpty();
    }

    [Fact]
    public async Task Limits_that_are_so_already_are_not_written()
    {
        await using var arm = await StartAsync();
        AddSite(arm);

        var result = await arm.Expert.SetScaleLimitsAsync(
            new SetScaleLimitsRequest("rg", "app") { MaximumInstanceCount = 100, AlwaysReady = [new AlwaysReady("http", 0)] }, Cancellation);

        result.Outcome.ShouldBe(SetScaleLimitsOutcome.Unchanged);
        arm.Azure.Requests.Where(sent => sent.Method is not "GET").ShouldBeEmpty();
    }

    [Fact]
    public async Task Limits_that_the_region_does_not_allow_are_an_outcome()
    {
        await using var arm = await StartAsync();
        AddSite(arm);

        var result = await arm.Expert.SetScaleLimitsAsync(new SetScaleLimitsRequest("rg", "app") { MaximumInstanceCount = 3 }, Cancellation);

        result.Outcome.ShouldBe(SetScaleLimitsOutcome.Refused);
        result.Problem.ShouldNotBeNull().ShouldContain("it must be between 40 and 1000");
    }

    [Fact]
    public async Task Limits_that_Azure_takes_and_does_not_apply_are_no_success()
    {
        await using var arm = await StartAsync();
        AddSite(arm).IgnoresPatches = true;

        await Should.ThrowAsync<ToolUnavailableException>(() =>
            arm.Expert.SetScaleLimitsAsync(new SetScaleLimitsRequest("rg", "app") { InstanceMemoryMB = 512 }, Cancellation));
    }

    [Fact]
    public async Task Limits_that_cannot_be_right_are_refused_before_anything_is_sent()
    {
        await using var arm = await StartAsync();
        SetScaleLimitsRequest[] wrong =
        [
            new("rg", "app"),
            new("rg", "app") { MaximumInstanceCount = 0 },
            new("rg", "app") { MaximumInstanceCount = 1001 },
            new("rg", "app") { InstanceMemoryMB = 1024 },
            new("rg", "app") { AlwaysReady = [new AlwaysReady("", 1)] },
        ];

        foreach (var request in wrong)
        {
            await Should.ThrowAsync<ArgumentException>(() => arm.Expert.SetScaleLimitsAsync(request, Cancellation));
        }

        arm.Azure.Requests.ShouldBeEmpty();
    }

    private static Task<ArmHarness> StartAsync() => ArmHarness.StartAsync(("CloudApi:Secrets:0:Name", "database"), ("CloudApi:Secrets:0:Secret", Secret));

    private static StandInSite AddSite(ArmHarness arm)
    {
        var site = arm.Azure.AddSite("rg", "app");
        site.Settings["Database"] = Present;
        site.Settings["Flavour"] = "vanilla-ice-cream";
        return site;
    }

    private static ChangeAppSettingsRequest Change() => new("rg", "app")
    {
        Set = new Dictionary<string, AppSettingValue>
        {
            ["Password"] = new() { Secret = "database" },
            ["Mail"] = new() { Text = Reference },
            ["database"] = new() { Text = Present },
        },
        Remove = ["Flavour", "Never"],
    };
}

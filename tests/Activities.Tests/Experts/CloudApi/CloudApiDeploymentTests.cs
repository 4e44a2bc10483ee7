using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Experts.CloudApi;
using AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Primitives.Json;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Experts.CloudApi;

public sealed class CloudApiDeploymentTests
{
    private const string Secret = "correct-horse-battery-staple";

    private const string Template =
        """
        {
          "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
          "contentVersion": "1.0.0.0",
          "parameters": { "tier": { "type": "string" }, "password": { "type": "secureString", "defaultValue": "" } },
          "resources": [
            { "type": "Microsoft.Storage/storageAccounts", "name": "store", "apiVersion": "2024-01-01", "properties": { "accessTier": "[parameters('tier')]" } },
            { "type": "Microsoft.Sql/servers", "name": "database", "apiVersion": "2024-01-01", "properties": { "administratorLoginPassword": "[parameters('password')]" } }
          ],
          "outputs": { "tier": { "type": "string", "value": "[parameters('tier')]" }, "leak": { "type": "string", "value": "[parameters('password')]" }, "kept": { "type": "secureString", "value": null } }
        }
        """;

    private static readonly (string Key, string Value)[] Settings =
        [("CloudApi:Secrets:0:Name", "database"), ("CloudApi:Secrets:0:Secret", Secret)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_deployment_is_begun_waited_for_and_told_with_its_outputs()
    {
        await using var arm = await StartAsync();

        var result = await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);

        result.Outcome.ShouldBe(DeploymentOutcome.Succeeded, result.Error?.Describe());
        result.Outputs["tier"].Value.GetString().ShouldBe("Hot");
        result.Resources.Count.ShouldBe(2);
        result.Duration.ShouldNotBeNull().ShouldBe(TimeSpan.FromSeconds(22.8356799), TimeSpan.FromMilliseconds(1));
        arm.Azure.Groups["rg"].Resources.Count.ShouldBe(2);
        arm.Clock.Waits.ShouldBe(Enumerable.Repeat(TimeSpan.FromSeconds(10), 3));
        arm.Azure.Requests.Where(sent => sent.Path.Contains("/operationStatuses/", StringComparison.Ordinal)).Count().ShouldBe(3);
    }

    [Fact]
    public async Task The_same_key_is_the_same_deployment()
    {
        await using var arm = await StartAsync();

        var first = await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);
        var second = await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);

        second.Name.ShouldBe(first.Name);
        second.Outcome.ShouldBe(DeploymentOutcome.Succeeded);
        arm.Azure.Requests.Count(sent => sent.Method is "PUT").ShouldBe(1);
    }

    [Fact]
    public async Task A_deployment_that_takes_longer_goes_on_and_is_found_again()
    {
        await using var arm = await StartAsync();
        arm.Azure.PollsUntilDone = 10;
        var request = Request() with { WaitFor = TimeSpan.FromSeconds(30) };

        (await arm.Expert.CreateDeploymentAsync(request, Cancellation)).Outcome.ShouldBe(DeploymentOutcome.Running);
        var result = await arm.Expert.CreateDeploymentAsync(request with { WaitFor = TimeSpan.FromMinutes(5) }, Cancellation);

        result.Outcome.ShouldBe(DeploymentOutcome.Succeeded);
        arm.Azure.Requests.Count(sent => sent.Method is "PUT").ShouldBe(1);
    }

    [Fact]
    public async Task A_beginning_whose_answer_is_lost_began_one_deployment()
    {
        await using var arm = await StartAsync();
        arm.Azure.Interrupt(request => request.Method is "PUT" && LetThrough(arm, request), _ => new ArmReply(0));

        var result = await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);

        result.Outcome.ShouldBe(DeploymentOutcome.Succeeded, result.Error?.Describe());
        arm.Azure.Deployments.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_key_stands_for_one_content()
    {
        await using var arm = await StartAsync();
        await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);

        var failure = await Should.ThrowAsync<ToolException>(() => arm.Expert.CreateDeploymentAsync(Request(tier: "Cool"), Cancellation));

        failure.Message.ShouldContain("a key stands for one content");
        arm.Azure.Requests.Count(sent => sent.Method is "PUT").ShouldBe(1);
    }

    [Fact]
    public async Task The_same_content_in_another_order_is_the_same()
    {
        await using var arm = await StartAsync();
        await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);
        var turned = new JsonObject(JsonNode.Parse(Template)!.AsObject().Reverse().Select(property => KeyValuePair.Create(property.Key, property.Value?.DeepClone())));

        var again = await arm.Expert.CreateDeploymentAsync(Request() with { Template = JsonSerializer.SerializeToElement(turned) }, Cancellation);

        again.Outcome.ShouldBe(DeploymentOutcome.Succeeded);
    }

    [Fact]
    public async Task A_failed_deployment_tells_what_failed_and_why()
    {
        await using var arm = await StartAsync();
        arm.Azure.FailingResources["database"] = (409, "Conflict", new JsonObject
        {
            ["code"] = "NameAlreadyExists",
            ["message"] = $"The name 'database' already exists, and '{Secret}' will not do.",
            ["target"] = "name",
        });

        var result = await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);

        result.Outcome.ShouldBe(DeploymentOutcome.Failed);
        result.Error.ShouldNotBeNull().Code.ShouldBe("DeploymentFailed");
        result.Error.Describe().ShouldContain("NameAlreadyExists");
        var operation = result.Operations.ShouldHaveSingleItem();
        operation.ResourceId.ShouldNotBeNull().ShouldEndWith("/Microsoft.Sql/servers/database");
        (operation.ResourceType, operation.StatusCode, operation.State).ShouldBe(("Microsoft.Sql/servers", "Conflict", "Failed"));
        operation.Error.ShouldNotBeNull().Target.ShouldBe("name");
        ShouldHoldNoSecret(result);

        var again = await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);
        again.Outcome.ShouldBe(DeploymentOutcome.Failed, "another try takes another key");
        arm.Azure.Requests.Count(sent => sent.Method is "PUT").ShouldBe(1);
    }

    [Fact]
    public async Task What_Azure_refuses_to_begin_is_an_outcome()
    {
        await using var arm = await StartAsync();
        var request = Request() with { Parameters = new Dictionary<string, DeploymentParameter>() };

        var result = await arm.Expert.CreateDeploymentAsync(request, Cancellation);

        result.Outcome.ShouldBe(DeploymentOutcome.Refused);
        result.Error.ShouldNotBeNull().Message.ShouldContain("'tier' is not provided");
        arm.Azure.Deployments.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_deployment_to_the_subscription_has_a_region()
    {
        await using var arm = await StartAsync();
        var request = Request() with { Scope = DeploymentScope.OfSubscription("westeurope") };

        var result = await arm.Expert.CreateDeploymentAsync(request, Cancellation);

        result.Outcome.ShouldBe(DeploymentOutcome.Succeeded);
        result.Id.ShouldNotBeNull().ShouldStartWith($"/subscriptions/{ArmStandIn.SubscriptionId}/providers/Microsoft.Resources/deployments/");
        ((string?)arm.Azure.Deployments.Values.ShouldHaveSingleItem().Content["location"]).ShouldBe("westeurope");
        (await arm.Expert.GetDeploymentAsync(new DeploymentReference(request.Key, new DeploymentScope()), Cancellation)).ShouldNotBeNull().Outcome.ShouldBe(DeploymentOutcome.Succeeded);
    }

    [Fact]
    public async Task A_deployment_is_told_with_all_its_steps_page_by_page()
    {
        await using var arm = await StartAsync();
        await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);

        var found = await arm.Expert.GetDeploymentAsync(new DeploymentReference("run 1/deploy", DeploymentScope.OfGroup("rg")), Cancellation);

        found.ShouldNotBeNull().Operations.Count.ShouldBe(3);
        found.Operations.Where(operation => operation.State is not "Succeeded" || operation.Error is not null).ShouldBeEmpty();
        arm.Azure.RequestsTo("GET", "/operations").Count.ShouldBe(2);
        (await arm.Expert.GetDeploymentAsync(new DeploymentReference("another", DeploymentScope.OfGroup("rg")), Cancellation)).ShouldBeNull();
    }

    [Fact]
    public async Task Validation_says_what_would_be_made_or_why_not()
    {
        await using var arm = await StartAsync();

        var valid = await arm.Expert.ValidateDeploymentAsync(Request(), Cancellation);
        var invalid = await arm.Expert.ValidateDeploymentAsync(Request() with { Template = JsonSerializer.SerializeToElement(new { resources = 1 }) }, Cancellation);

        valid.Valid.ShouldBeTrue();
        valid.Resources.Count.ShouldBe(2);
        invalid.Valid.ShouldBeFalse();
        invalid.Error.ShouldNotBeNull().Code.ShouldBe("InvalidTemplate");
        invalid.Error.AdditionalInfo.ShouldBe(["TemplateViolation"]);
        arm.Azure.Deployments.ShouldBeEmpty();
    }

    [Fact]
    public async Task Validation_that_is_answered_later_is_waited_for()
    {
        await using var arm = await StartAsync();
        arm.Azure.ValidatesLater = true;

        (await arm.Expert.ValidateDeploymentAsync(Request(), Cancellation)).Resources.Count.ShouldBe(2);

        arm.Clock.Waits.ShouldBe(Enumerable.Repeat(TimeSpan.FromSeconds(15), 3));
    }

    [Fact]
    public async Task What_if_tells_every_kind_of_change()
    {
        await using var arm = await StartAsync();
        var request = Request() with { WaitFor = TimeSpan.FromMinutes(5) };

        var before = await arm.Expert.WhatIfDeploymentAsync(request, Cancellation);
        await arm.Expert.CreateDeploymentAsync(request, Cancellation);
        var after = await arm.Expert.WhatIfDeploymentAsync(request, Cancellation);
        var changed = await arm.Expert.WhatIfDeploymentAsync(Request(tier: "Cool"), Cancellation);
        arm.Azure.Groups["rg"].Resources["/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/old"] = [];
        var complete = await arm.Expert.WhatIfDeploymentAsync(request with { Mode = DeploymentMode.Complete }, Cancellation);

        before.Prediction.Changes.ShouldAllBe(change => change.Kind == WhatIfChangeKind.Create);
        before.Changes.ShouldBeTrue();
        after.Prediction.Changes.ShouldAllBe(change => change.Kind == WhatIfChangeKind.NoChange);
        after.Changes.ShouldBeFalse();
        changed.Prediction.Changes.Select(change => change.Kind).ShouldBe([WhatIfChangeKind.Modify, WhatIfChangeKind.NoChange]);
        changed.Prediction.Changes[0].Properties.ShouldBe([new WhatIfPropertyChange("properties.accessTier", WhatIfPropertyChangeKind.Modify, "\"Hot\"", "\"Cool\"")]);
        complete.Prediction.Changes.Single(change => change.Kind == WhatIfChangeKind.Delete).ResourceId.ShouldEndWith("/old");
    }

    [Fact]
    public async Task What_if_shows_no_secrets()
    {
        await using var arm = await StartAsync();
        await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);
        var server = arm.Azure.Groups["rg"].Resources.Single(resource => resource.Key.EndsWith("/database", StringComparison.Ordinal)).Value;
        server["administratorLoginPassword"] = "the-password-before";

        var result = await arm.Expert.WhatIfDeploymentAsync(Request(), Cancellation);

        var change = result.Prediction.Changes[1].Properties.ShouldHaveSingleItem();
        change.ShouldBe(new WhatIfPropertyChange("properties.administratorLoginPassword", WhatIfPropertyChangeKind.Modify, "[redacted]", "[redacted]"));
        ShouldHoldNoSecret(result);
        JsonSerializer.Serialize(result, JsonDefaults.Options).ShouldNotContain("the-password-before");
    }

    [Theory]
    [InlineData("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a/config/appsettings", "properties.Flavour", "x")]
    [InlineData("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a", "properties.siteConfig.appSettings", "x")]
    [InlineData("/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a", "properties.siteConfig", "{\"connectionStrings\":[]}")]
    [InlineData("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/secrets/s", "properties.value", "x")]
    [InlineData("/subscriptions/s/resourceGroups/g/providers/Microsoft.Cache/redis/r", "properties.primaryKey", "x")]
    public void What_may_be_a_secret_is_not_shown(string resource, string path, string value)
    {
        var json = value.StartsWith('{') ? JsonDocument.Parse(value).RootElement : JsonSerializer.SerializeToElement(value);
        var wire = new WireWhatIf("Succeeded", new WireWhatIfProperties([new WireWhatIfChange(resource, "Modify", null, [new WireWhatIfPropertyChange(path, "Modify", json, null, null)])], null), null);

        var change = WhatIfReader.Read(wire, static text => text).Changes.ShouldHaveSingleItem().Properties.ShouldHaveSingleItem();

        (change.Before, change.After).ShouldBe(("[redacted]", null));
    }

    [Fact]
    public void A_change_of_an_unknown_kind_counts_as_one()
    {
        var wire = new WireWhatIf("Succeeded", new WireWhatIfProperties([new WireWhatIfChange("/r", "Teleport", null, null)], null), null);

        WhatIfReader.Read(wire, static text => text).Changes.ShouldHaveSingleItem().Kind.ShouldBe(WhatIfChangeKind.Unknown);
    }

    [Fact]
    public async Task A_what_if_that_takes_too_long_is_a_timeout()
    {
        await using var arm = await StartAsync();
        arm.Azure.PollsUntilDone = 100;

        await Should.ThrowAsync<ToolTimeoutException>(() => arm.Expert.WhatIfDeploymentAsync(Request(), Cancellation));
    }

    [Fact]
    public async Task A_what_if_that_fails_later_is_an_outcome()
    {
        await using var arm = await StartAsync();
        arm.Azure.Interrupt(
            request => request.Path.Contains("/operationresults/", StringComparison.Ordinal),
            _ => new ArmReply(200, JsonNode.Parse("""{"status":"Failed","error":{"code":"InvalidTemplateDeployment","message":"No."}}""")));

        var result = await arm.Expert.WhatIfDeploymentAsync(Request(), Cancellation);

        result.Outcome.ShouldBe(WhatIfOutcome.Refused);
        result.Prediction.Error.ShouldNotBeNull().Code.ShouldBe("InvalidTemplateDeployment");
    }

    [Fact]
    public async Task A_running_deployment_can_be_cancelled_and_only_that()
    {
        await using var arm = await StartAsync();
        arm.Azure.PollsUntilDone = 100;
        var reference = new DeploymentReference("run 1/deploy", DeploymentScope.OfGroup("rg"));

        (await arm.Expert.CancelDeploymentAsync(reference, Cancellation)).Outcome.ShouldBe(CancelDeploymentOutcome.NotFound);
        (await arm.Expert.CreateDeploymentAsync(Request() with { WaitFor = TimeSpan.Zero }, Cancellation)).Outcome.ShouldBe(DeploymentOutcome.Running);
        (await arm.Expert.DeleteDeploymentAsync(new DeleteDeploymentRequest(reference.Key, reference.Scope), Cancellation)).Outcome.ShouldBe(DeleteDeploymentOutcome.StillRunning);
        (await arm.Expert.CancelDeploymentAsync(reference, Cancellation)).Outcome.ShouldBe(CancelDeploymentOutcome.Canceled);
        (await arm.Expert.CancelDeploymentAsync(reference, Cancellation)).Outcome.ShouldBe(CancelDeploymentOutcome.AlreadyEnded);
        (await arm.Expert.CreateDeploymentAsync(Request(), Cancellation)).Outcome.ShouldBe(DeploymentOutcome.Canceled);
    }

    [Fact]
    public async Task A_deployments_record_is_deleted_once()
    {
        await using var arm = await StartAsync();
        await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);
        var request = new DeleteDeploymentRequest("run 1/deploy", DeploymentScope.OfGroup("rg"));

        (await arm.Expert.DeleteDeploymentAsync(request, Cancellation)).Outcome.ShouldBe(DeleteDeploymentOutcome.Deleted);
        (await arm.Expert.DeleteDeploymentAsync(request, Cancellation)).Outcome.ShouldBe(DeleteDeploymentOutcome.AlreadyGone);
        arm.Azure.Deployments.ShouldBeEmpty();
        arm.Azure.Groups["rg"].Resources.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_secret_reaches_Azure_and_nothing_else()
    {
        await using var arm = await StartAsync();

        var result = await arm.Expert.CreateDeploymentAsync(Request(), Cancellation);

        var sent = arm.Azure.Requests.Single(request => request.Method is "PUT");
        ((string?)sent.Json["properties"]!["parameters"]!["password"]!["value"]).ShouldBe(Secret);
        result.Outputs["leak"].Value.GetString().ShouldBe("[redacted]");
        result.Outputs.Keys.ShouldBe(["tier", "leak"]);
        ShouldHoldNoSecret(result);
        arm.Logs.Lines.ShouldAllBe(line => !line.Contains(Secret, StringComparison.Ordinal));
        sent.Json["tags"]!.ToJsonString().ShouldNotContain(Secret);
    }

    [Fact]
    public async Task A_secret_in_what_Azure_says_is_taken_out()
    {
        await using var arm = await StartAsync();
        arm.Azure.Interrupt(request => request.Method is "PUT", 403, "AuthorizationFailed", $"No, not with '{Secret}'.");

        var failure = await Should.ThrowAsync<ArmRequestException>(() => arm.Expert.CreateDeploymentAsync(Request(), Cancellation));

        failure.Message.ShouldContain("[redacted]");
        failure.ToString().ShouldNotContain(Secret);
    }

    [Fact]
    public async Task A_vaults_secret_is_named_to_Azure()
    {
        await using var arm = await StartAsync();
        var request = Request() with
        {
            Parameters = new Dictionary<string, DeploymentParameter>
            {
                ["tier"] = Value("Hot"),
                ["password"] = new() { KeyVault = new KeyVaultSecret("/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v", "database") },
            },
        };

        await arm.Expert.ValidateDeploymentAsync(request, Cancellation);

        arm.Azure.Requests.ShouldHaveSingleItem().Json["properties"]!["parameters"]!["password"]!.ToJsonString()
            .ShouldBe("""{"reference":{"keyVault":{"id":"/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"},"secretName":"database"}}""");
    }

    [Fact]
    public async Task What_cannot_be_right_is_refused_before_anything_is_sent()
    {
        await using var arm = await StartAsync();
        var right = Request();
        (DeploymentRequest Request, string Problem)[] wrong =
        [
            (right with { Key = "" }, "1–200 characters"),
            (right with { Key = new string('x', 201) }, "it has 201"),
            (right with { Scope = new DeploymentScope() }, "either a resource group"),
            (right with { Scope = new DeploymentScope { ResourceGroup = "rg", Location = "westeurope" } }, "either a resource group"),
            (right with { Template = null }, "either a template"),
            (right with { Template = JsonSerializer.SerializeToElement(1) }, "JSON object"),
            (right with { Template = null, TemplateUri = new Uri("https://storage.example/t.json?sig=abc") }, "without a query"),
            (right with { Scope = DeploymentScope.OfSubscription("westeurope"), Mode = DeploymentMode.Complete }, "only be incremental"),
            (right with { WaitFor = TimeSpan.FromHours(1) }, "WaitFor is 01:00:00"),
            (WithPassword(Value("plain")), "password is secure"),
            (WithPassword(new DeploymentParameter()), "one of Value, Secret and KeyVault"),
            (WithPassword(new DeploymentParameter { Secret = "unknown" }), "CloudApi:Secrets has none"),
            (right with { Parameters = new Dictionary<string, DeploymentParameter> { ["tier"] = Value(Secret) } }, "tier is secure or holds a secret"),
        ];

        foreach (var (request, problem) in wrong)
        {
            var failure = await Should.ThrowAsync<ArgumentException>(() => arm.Expert.CreateDeploymentAsync(request, Cancellation), problem);
            failure.Message.ShouldContain(problem);
            failure.Message.ShouldNotContain(Secret);
        }

        arm.Azure.Requests.ShouldBeEmpty();

        DeploymentRequest WithPassword(DeploymentParameter password) =>
            right with { Parameters = new Dictionary<string, DeploymentParameter> { ["tier"] = Value("Hot"), ["password"] = password } };
    }

    [Fact]
    public void Every_key_makes_a_name_that_Azure_takes_and_different_keys_different_names() =>
        Prop.ForAll<NonNull<string>, NonNull<string>>((one, other) =>
        {
            var (first, second) = ($"x{one.Get}", $"x{other.Get}");
            if (first.Length > 200 || second.Length > 200)
            {
                return true;
            }

            var name = DeploymentKey.AddressOf(first, new DeploymentScope()).Name;
            return string.Equals(AzureName.Deployment(name), name, StringComparison.Ordinal)
                && string.Equals(name, DeploymentKey.AddressOf(first, new DeploymentScope()).Name, StringComparison.Ordinal)
                && (string.Equals(first, second, StringComparison.Ordinal)
                    || !string.Equals(name, DeploymentKey.AddressOf(second, new DeploymentScope()).Name, StringComparison.Ordinal));
        }).QuickCheckThrowOnFailure();

    private static async Task<ArmHarness> StartAsync()
    {
        var arm = await ArmHarness.StartAsync(Settings);
        arm.Azure.AddGroup("rg");
        return arm;
    }

    private static DeploymentRequest Request(string tier = "Hot") => new("run 1/deploy", DeploymentScope.OfGroup("rg"))
    {
        Template = JsonDocument.Parse(Template).RootElement,
        Parameters = new Dictionary<string, DeploymentParameter> { ["tier"] = Value(tier), ["password"] = new() { Secret = "database" } },
    };

    private static DeploymentParameter Value(string text) => new() { Value = JsonSerializer.SerializeToElement(text) };

    /// <summary>Lets Azure do what it is asked to, so that only the answer is lost.</summary>
    private static bool LetThrough(ArmHarness arm, ArmExchange request)
    {
        var id = request.Path;
        arm.Azure.Deployments[id] = new ArmStandIn.StandInDeployment(id, id.Split('/')[^1], request.Json) { ResourceGroup = "rg", PollsLeft = 2 };
        return true;
    }

    private static void ShouldHoldNoSecret<T>(T result) => JsonSerializer.Serialize(result, JsonDefaults.Options).ShouldNotContain(Secret);
}

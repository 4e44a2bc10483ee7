using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Primitives.Agents;
using Azure.Identity;

namespace AtomicDevOps.Activities.Tests.Tools.AzureResourceManager;

/// <summary>How requests get to Azure and refusals come back, whatever they are about.</summary>
public sealed class ArmTransportTests
{
    private static readonly SiteAddress Site = new("rg", "app");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_carries_the_token_and_the_version_and_says_who_asks()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddSite("rg", "app");

        await arm.Client.GetFunctionAppAsync(Site, Cancellation);

        var request = arm.Azure.Requests.ShouldHaveSingleItem();
        request.Path.ShouldBe($"/subscriptions/{ArmStandIn.SubscriptionId}/resourceGroups/rg/providers/Microsoft.Web/sites/app");
        request.Query["api-version"].ShouldBe("2025-03-01");
        request.Header("Authorization").ShouldBe($"Bearer {ArmStandIn.Token}");
        request.Header("User-Agent").ShouldNotBeNull().ShouldStartWith("AtomicDevOps");
        arm.Credential.Asked.ShouldHaveSingleItem().Scopes.ShouldBe([$"{arm.Azure.Root}/.default"]);
    }

    [Fact]
    public async Task Without_a_subscription_nothing_is_sent_and_the_error_names_the_key()
    {
        await using var arm = await ArmHarness.StartAsync(("Azure:SubscriptionId", ""));

        (await Should.ThrowAsync<ToolException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation))).Message.ShouldContain("Azure:SubscriptionId");
        (await Should.ThrowAsync<ToolException>(() => arm.Client.GetResourceGroupAsync("rg", Cancellation))).Message.ShouldContain("Azure:SubscriptionId");
        foreach (var probe in arm.Probes)
        {
            var result = await probe.ProbeAsync(Cancellation);
            result.Health.ShouldBe(AgentHealth.NotConfigured);
            result.Detail.ShouldContain("Azure:SubscriptionId");
        }

        arm.Azure.Requests.ShouldBeEmpty();
        arm.Credential.Asked.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_limit_is_waited_for_as_long_as_Azure_says(bool isTyped)
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddSite("rg", "app");
        arm.Azure.Interrupt(_ => true, 429, "SubscriptionRequestsThrottled", "Number of requests exceeded the limit.", ("Retry-After", "17"), ("x-ms-ratelimit-remaining-subscription-reads", "0"));

        await (isTyped ? arm.Client.GetResourceGroupAsync("rg", Cancellation) : arm.Client.GetFunctionAppAsync(Site, Cancellation) as Task);

        arm.Clock.Waits.ShouldContain(TimeSpan.FromSeconds(17));
        arm.Azure.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_limit_beyond_the_longest_wait_ends_the_call_and_tells_when_to_ask_again()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddSite("rg", "app");
        arm.Azure.Interrupt(_ => true, 429, "SubscriptionRequestsThrottled", "Number of requests exceeded the limit.", ("Retry-After", "600"));

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        failure.RetryAfter.ShouldBe(TimeSpan.FromSeconds(600));
        arm.Azure.Requests.Count.ShouldBe(1);

        await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));
        arm.Azure.Requests.Count.ShouldBe(1, "nothing of that kind goes out before the limit is over");
    }

    [Fact]
    public async Task A_limit_on_reads_holds_no_writes_back()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddSite("rg", "app");
        arm.Azure.Interrupt(_ => true, 429, "SubscriptionRequestsThrottled", "Number of requests exceeded the limit.", ("Retry-After", "600"));
        await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        await arm.Client.StopSiteAsync(Site, Cancellation);

        arm.Azure.RequestsTo("POST", "/stop").ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_limit_ends_with_its_time()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddSite("rg", "app");
        arm.Azure.Interrupt(_ => true, 429, "SubscriptionRequestsThrottled", "Number of requests exceeded the limit.", ("Retry-After", "600"));
        await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        arm.Clock.Advance(TimeSpan.FromSeconds(601));

        (await arm.Client.GetFunctionAppAsync(Site, Cancellation)).State.ShouldBe("Running");
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(504)]
    [InlineData(408)]
    [InlineData(0)]
    public async Task A_short_trouble_is_tried_again_by_one_layer_only(int status)
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddSite("rg", "app");
        arm.Azure.Interrupt(_ => true, _ => ArmStandIn.Error(status, "ServerError", "Try again."), times: 3);

        (await arm.Client.GetFunctionAppAsync(Site, Cancellation)).State.ShouldBe("Running");

        arm.Azure.Requests.Count.ShouldBe(4);
        arm.Clock.Waits.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_trouble_that_lasts_ends_after_four_requests_in_all()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.Interrupt(_ => true, _ => ArmStandIn.Error(500, "InternalServerError", "The server is on fire."), times: 100);

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.GetResourceGroupAsync("rg", Cancellation));

        failure.Message.ShouldContain("The server is on fire.");
        arm.Azure.Requests.Count.ShouldBe(4);
    }

    [Fact]
    public async Task A_restart_whose_answer_is_lost_is_not_sent_again()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddSite("rg", "app");
        arm.Azure.Interrupt(_ => true, _ => new ArmReply(0));

        await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.RestartSiteAsync(Site, Cancellation));

        arm.Azure.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task An_Azure_that_is_not_there_is_unavailable()
    {
        var arm = await ArmHarness.StartAsync();
        await arm.Azure.DisposeAsync();

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        failure.Message.ShouldContain(arm.Azure.Address.Authority);
        (await arm.Probes[0].ProbeAsync(Cancellation)).Health.ShouldBe(AgentHealth.Unhealthy);
        await arm.DisposeAsync();
    }

    [Fact]
    public async Task A_refused_token_is_named_with_the_settings_to_check()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Credential.Token = "eyJanother.token.altogether";

        var failure = await Should.ThrowAsync<ArmRequestException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        failure.Status.ShouldBe(HttpStatusCode.Unauthorized);
        failure.Error.Code.ShouldBe("InvalidAuthenticationToken");
        failure.Message.ShouldContain("Azure:Credential");
        failure.ToString().ShouldNotContain("another");
    }

    [Fact]
    public async Task A_challenge_for_further_claims_is_met()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddSite("rg", "app");
        var claims = Convert.ToBase64String("{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"1\"}}}"u8);
        arm.Azure.Interrupt(
            _ => true,
            401,
            "TokenRevoked",
            "Continuous access evaluation resulted in challenge.",
            ("WWW-Authenticate", $"Bearer realm=\"\", authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\"{claims}\""));

        (await arm.Client.GetFunctionAppAsync(Site, Cancellation)).State.ShouldBe("Running");

        arm.Credential.Asked.Last().Claims.ShouldNotBeNull().ShouldContain("essential");
    }

    [Fact]
    public async Task A_missing_role_is_told_in_Azures_own_words()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.Interrupt(
            _ => true, 403, "AuthorizationFailed", "The client 'x' does not have authorization to perform action 'Microsoft.Web/sites/read' over scope '/subscriptions/s'.");

        var failure = await Should.ThrowAsync<ArmRequestException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        failure.Status.ShouldBe(HttpStatusCode.Forbidden);
        failure.Message.ShouldContain("Microsoft.Web/sites/read");
        failure.Message.ShouldContain("lacks the role");
    }

    [Fact]
    public async Task A_subscription_that_cannot_be_seen_is_no_missing_thing_in_it()
    {
        await using var arm = await ArmHarness.StartAsync(("Azure:SubscriptionId", "00000000-2222-3333-4444-555555555555"));

        var failure = await Should.ThrowAsync<ArmRequestException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        failure.Message.ShouldContain("Azure:SubscriptionId");
    }

    [Fact]
    public async Task A_missing_credential_is_no_outage()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Credential.Failure = new CredentialUnavailableException("Azure CLI not installed");

        var failure = await Should.ThrowAsync<ToolException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        failure.ShouldNotBeOfType<ToolUnavailableException>();
        failure.Message.ShouldContain("Azure:Credential is Automatic");
        failure.Message.ShouldContain("Azure CLI not installed");
        arm.Credential.Asked.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_token_service_that_is_away_is_an_outage()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Credential.Failure = new AuthenticationFailedException("no token", new Azure.RequestFailedException(503, "busy"));

        await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));
    }

    [Fact]
    public async Task The_whole_of_an_error_is_kept()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.Interrupt(_ => true, _ => ArmStandIn.Error(
            409,
            "InvalidTemplateDeployment",
            "The template deployment failed because of policy violation.",
            details:
            [
                new JsonObject
                {
                    ["code"] = "RequestDisallowedByPolicy",
                    ["target"] = "storage",
                    ["message"] = "Resource 'storage' was disallowed by policy.",
                    ["additionalInfo"] = new JsonArray(new JsonObject
                    {
                        ["type"] = "PolicyViolation",
                        ["info"] = new JsonObject { ["policyDefinitionDisplayName"] = "Allowed locations", ["policyAssignmentName"] = "a1" },
                    }),
                },
            ]));

        var failure = await Should.ThrowAsync<ArmRequestException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        var detail = failure.Error.Details.ShouldHaveSingleItem();
        (detail.Code, detail.Target).ShouldBe(("RequestDisallowedByPolicy", "storage"));
        detail.AdditionalInfo.ShouldBe(["PolicyViolation: Allowed locations"]);
        failure.Message.ShouldContain("InvalidTemplateDeployment: The template deployment failed because of policy violation. ← RequestDisallowedByPolicy");
    }

    [Theory]
    [InlineData("""{"Code":"BadRequest","Message":"The parameter is wrong.","Target":null,"Details":[{"ErrorEntity":{}}],"Innererror":null}""", "BadRequest: The parameter is wrong.")]
    [InlineData("""{"code":"BadRequest","message":"The $filter is invalid."}""", "BadRequest: The $filter is invalid.")]
    [InlineData("""{"error":"plain words"}""", "plain words")]
    [InlineData("""{"error":{"code":"Conflict","message":"{\"error\":{\"code\":\"Inner\",\"message\":\"true reason\"}}"}}""", "Conflict ← Inner: true reason")]
    [InlineData("<html>proxy</html>", "no reason given")]
    [InlineData("[]", "no reason given")]
    [InlineData("""{"error":{"code":7}}""", "no reason given")]
    public void Every_shape_of_an_error_is_read(string body, string description) =>
        CloudError.Read(System.Text.Encoding.UTF8.GetBytes(body), static text => text).Describe().ShouldBe(description);

    [Fact]
    public async Task What_is_not_Azures_is_a_clear_error()
    {
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.Interrupt(_ => true, _ => new ArmReply(200, JsonValue.Create("a login page")));

        var failure = await Should.ThrowAsync<ToolException>(() => arm.Client.GetFunctionAppAsync(Site, Cancellation));

        failure.Message.ShouldContain("Azure:BaseAddress");
    }

    [Fact]
    public async Task The_token_goes_to_no_other_host()
    {
        await using var other = await ArmStandIn.StartAsync();
        await using var arm = await ArmHarness.StartAsync();
        arm.Azure.AddGroup("rg");
        arm.Azure.Interrupt(
            request => request.Path.EndsWith("/resourcegroups", StringComparison.OrdinalIgnoreCase),
            _ => new ArmReply(200, new JsonObject { ["value"] = new JsonArray(), ["nextLink"] = $"{other.Root}/subscriptions?api-version=2025-04-01" }));
        arm.Azure.Interrupt(
            request => request.Method is "DELETE",
            _ => new ArmReply(202).With(("Location", $"{other.Root}/operation?api-version=2025-04-01"), ("Retry-After", "1")));

        var paging = await Should.ThrowAsync<ToolException>(async () => await arm.Client.ListResourceGroupsAsync(null, Cancellation).ToListAsync(Cancellation));
        var polling = await Should.ThrowAsync<ToolException>(() => arm.Client.DeleteResourceGroupAsync("rg", TimeSpan.FromMinutes(1), Cancellation));

        paging.Message.ShouldContain("would get the token");
        polling.Message.ShouldContain("would get the token");
        other.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_silent_Azure_is_given_up_after_the_configured_time()
    {
        await using var arm = await ArmHarness.StartAsync(("Azure:Timeout", "00:00:01"));
        using var silence = new ManualResetEventSlim();
        arm.Azure.Interrupt(
            _ => true,
            _ =>
            {
                silence.Wait(TimeSpan.FromMinutes(1), Cancellation);
                return new ArmReply(0);
            });

        var failure = await Should.ThrowAsync<ToolUnavailableException>(() => arm.Client.RestartSiteAsync(Site, Cancellation));
        silence.Set();

        failure.Message.ShouldContain("00:00:01");
    }

    [Fact]
    public async Task A_caller_who_gives_up_gets_no_tool_error()
    {
        await using var arm = await ArmHarness.StartAsync();
        using var source = new CancellationTokenSource();
        arm.Azure.Interrupt(_ => true, _ =>
        {
            source.Cancel();
            return new ArmReply(0);
        });

        await Should.ThrowAsync<OperationCanceledException>(() => arm.Client.GetFunctionAppAsync(Site, source.Token));
    }

    [Fact]
    public async Task The_probes_tell_of_the_subscription_and_the_limits()
    {
        await using var arm = await ArmHarness.StartAsync();

        var results = await Task.WhenAll(arm.Probes.Select(probe => probe.ProbeAsync(Cancellation)));

        arm.Probes.Select(probe => probe.Agent).ShouldBe(["Azure Resource Manager", "CloudApiExpert"]);
        results.ShouldAllBe(result => result.Health == AgentHealth.Healthy && result.Detail.StartsWith("Subscription 'Platform' is Enabled, 24"));

        arm.Azure.SubscriptionState = "Warned";
        (await arm.Probes[0].ProbeAsync(Cancellation)).Health.ShouldBe(AgentHealth.Degraded);
        arm.Azure.SubscriptionState = "Disabled";
        (await arm.Probes[0].ProbeAsync(Cancellation)).Health.ShouldBe(AgentHealth.Unhealthy);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("rg/providers")]
    [InlineData("rg?x=1")]
    [InlineData("rg.")]
    [InlineData("")]
    [InlineData("rg\n")]
    public async Task A_name_cannot_leave_its_place_in_an_address(string name)
    {
        await using var arm = await ArmHarness.StartAsync();

        await Should.ThrowAsync<ArgumentException>(() => arm.Client.GetResourceGroupAsync(name, Cancellation));
        await Should.ThrowAsync<ArgumentException>(() => arm.Client.GetFunctionAppAsync(new SiteAddress("rg", name.Length == 0 ? "-" : name), Cancellation));
        await Should.ThrowAsync<ArgumentException>(() => arm.Client.GetFunctionAppAsync(new SiteAddress(name, "app"), Cancellation));

        arm.Azure.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_is_logged_of_what_is_sent_and_answered()
    {
        await using var arm = await ArmHarness.StartAsync();
        var site = arm.Azure.AddSite("rg", "app");
        site.Settings["Password"] = "correct-horse-battery";

        await arm.Client.ListAppSettingsAsync(Site, Cancellation);

        arm.Logs.Lines.ShouldAllBe(line => !line.Contains("correct-horse", StringComparison.Ordinal) && !line.Contains(ArmStandIn.Token, StringComparison.Ordinal));
        JsonSerializer.Serialize(await arm.Client.GetFunctionAppAsync(Site, Cancellation)).ShouldNotContain("packages");
    }
}

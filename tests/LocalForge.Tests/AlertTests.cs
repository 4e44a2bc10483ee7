using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.LocalForge.Alerts;

namespace AtomicDevOps.LocalForge.Tests;

public sealed class AlertTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_alert_is_delivered_signed_to_the_webhooks_that_take_its_event()
    {
        const string Secret = "It's a secret to everybody";
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var forge = await TestForge.StartAsync();
        using var hook = await forge.PostAsync(
            $"{TestForge.Hello}/hooks", new { config = new { url = receiver.Url, content_type = "json", secret = Secret }, events = new[] { "code_scanning_alert" } });
        await TestForge.ReadAsync(hook, 201);
        await receiver.NextAsync("ping");

        await forge.Server.Administration.RaiseAlertAsync("octo/hello", new DependabotAlert("created", "pip", "django"), Cancellation);
        var number = await forge.Server.Administration.RaiseAlertAsync("octo/hello", new CodeScanningAlert("created", "CodeQL", "py/sql-injection"), Cancellation);

        var delivery = await receiver.NextAsync();
        delivery.Event.ShouldBe("code_scanning_alert");
        delivery.Headers["X-Hub-Signature-256"].ShouldBe(
            "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), delivery.Body)));
        ((long?)delivery.Payload["alert"]!["number"]).ShouldBe(number);
        ((string?)delivery.Payload["alert"]!["tool"]!["name"]).ShouldBe("CodeQL");
        ((string?)delivery.Payload["ref"]).ShouldBe("refs/heads/main");
        ((string?)delivery.Payload["sender"]!["login"]).ShouldBe("github");
    }

    [Fact]
    public async Task What_GitHub_would_not_raise_is_refused()
    {
        await using var forge = await TestForge.StartAsync();
        var administration = forge.Server.Administration;

        (await Should.ThrowAsync<ArgumentException>(() => administration.RaiseAlertAsync("octo/hello", new DependabotAlert("invented", "pip", "django"), Cancellation)))
            .Message.ShouldContain("reintroduced");
        (await Should.ThrowAsync<ArgumentException>(() => administration.RaiseAlertAsync("octo/hello", new CodeScanningAlert("created", "t", "r") { Branch = "nothing" }, Cancellation)))
            .Message.ShouldContain("nothing");
        await Should.ThrowAsync<ArgumentException>(() => administration.RaiseAlertAsync("octo/none", new SecretScanningAlert("created", "t"), Cancellation));
    }
}

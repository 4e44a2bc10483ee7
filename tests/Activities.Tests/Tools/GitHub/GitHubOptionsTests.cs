using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

public sealed class GitHubOptionsTests
{
    [Theory]
    [InlineData("BaseAddress", "http://ghe.example.com/api/v3/", "https")]
    [InlineData("BaseAddress", "ftp://ghe.example.com/", "BaseAddress")]
    [InlineData("BaseAddress", "https://user:word@ghe.example.com/", "GitHub:Token")]
    [InlineData("Token", "two words", "GitHub:Token")]
    [InlineData("RateLimitWait", "01:00:00", "00:15:00")]
    [InlineData("Timeout", "00:00:00", "00:00:01")]
    [InlineData("MaxConcurrency", "0", "1 to 100")]
    [InlineData("CacheBytes", "-1", "0")]
    [InlineData("App:ClientId", "both", "GitHub:Token and GitHub:App")]
    public void A_wrong_setting_is_named_with_what_would_be_right(string key, string value, string expected)
    {
        using var network = new ScriptedNetwork(_ => throw new InvalidOperationException("nothing is to be sent"));
        using var github = new GitHubHarness(network, (key, value));

        var failure = Should.Throw<OptionsValidationException>(() => github.Options);

        failure.Message.ShouldContain("GitHub:");
        failure.Message.ShouldContain(expected);
        failure.Message.ShouldNotContain("user:word");
    }

    [Fact]
    public void An_incomplete_app_is_told_everything_that_is_missing()
    {
        using var network = new ScriptedNetwork(_ => throw new InvalidOperationException("nothing is to be sent"));
        using var github = new GitHubHarness(network, ("Token", ""), ("App:InstallationId", "0"));

        var message = Should.Throw<OptionsValidationException>(() => github.Options).Message;

        message.ShouldContain("ClientId");
        message.ShouldContain("InstallationId");
        message.ShouldContain("PrivateKey");
    }

    [Fact]
    public void A_key_that_is_none_is_refused_without_being_printed()
    {
        using var network = new ScriptedNetwork(_ => throw new InvalidOperationException("nothing is to be sent"));
        using var github = new GitHubHarness(
            network, ("Token", ""), ("App:AppId", "1"), ("App:InstallationId", "2"), ("App:PrivateKey", "not-a-key-at-all"));

        var message = Should.Throw<OptionsValidationException>(() => github.Options).Message;

        message.ShouldContain("PEM");
        message.ShouldNotContain("not-a-key-at-all");
    }

    [Fact]
    public void A_key_file_that_is_missing_is_named()
    {
        using var network = new ScriptedNetwork(_ => throw new InvalidOperationException("nothing is to be sent"));
        using var github = new GitHubHarness(
            network, ("Token", ""), ("App:AppId", "1"), ("App:InstallationId", "2"), ("App:PrivateKeyFile", "/nowhere/key.pem"));

        Should.Throw<OptionsValidationException>(() => github.Options).Message.ShouldContain("/nowhere/key.pem");
    }

    [Fact]
    public void Plain_http_is_for_loopback()
    {
        using var network = new ScriptedNetwork(_ => throw new InvalidOperationException("nothing is to be sent"));
        using var github = new GitHubHarness(network, ("BaseAddress", "http://127.0.0.1:3000/api/v3"));

        github.Options.BaseAddress.Port.ShouldBe(3000);
    }

    [Fact]
    public void A_good_app_is_taken()
    {
        using var key = RSA.Create(2048);
        using var network = new ScriptedNetwork(_ => throw new InvalidOperationException("nothing is to be sent"));
        using var github = new GitHubHarness(
            network, ("Token", ""), ("App:AppId", "1"), ("App:InstallationId", "2"), ("App:PrivateKey", key.ExportPkcs8PrivateKeyPem()));

        github.Options.App.ShouldNotBeNull().InstallationId.ShouldBe(2);
    }
}

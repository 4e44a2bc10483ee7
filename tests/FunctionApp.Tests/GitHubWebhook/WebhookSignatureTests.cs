using System.Text;
using AtomicDevOps.FunctionApp.GitHubWebhook;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.FunctionApp.Tests.GitHubWebhook;

public sealed class WebhookSignatureTests
{
    private const string Secret = "It's a Secret to Everybody";

    [Fact]
    public void Signs_the_example_in_GitHubs_documentation() =>
        WebhookSignature.Sign("Hello, World!"u8, Secret)
            .ShouldBe("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");

    [Fact]
    public void Accepts_what_it_signed_and_nothing_else() =>
        Prop.ForAll<string, string, byte>((body, secret, flip) =>
        {
            var bytes = Encoding.UTF8.GetBytes(body ?? string.Empty);
            var key = "k" + secret;
            var signature = WebhookSignature.Sign(bytes, key);
            WebhookSignature.IsValid(signature, bytes, key).ShouldBeTrue();
            WebhookSignature.IsValid(signature, bytes, "other", key).ShouldBeTrue();
            WebhookSignature.IsValid(signature, bytes, key + "x").ShouldBeFalse();
            WebhookSignature.IsValid(signature, [.. bytes, flip], key).ShouldBeFalse();
            var at = 7 + (flip % 64);
            var changed = signature[..at] + (signature[at] == '0' ? '1' : '0') + signature[(at + 1)..];
            WebhookSignature.IsValid(changed, bytes, key).ShouldBeFalse();
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256=")]
    [InlineData("sha1=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    [InlineData("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1")]
    [InlineData("sha256=zz7107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")]
    public void Refuses_what_is_no_signature(string? signature) =>
        WebhookSignature.IsValid(signature, "Hello, World!"u8, Secret).ShouldBeFalse();

    [Fact]
    public void Without_a_secret_nothing_is_valid() =>
        WebhookSignature.IsValid(WebhookSignature.Sign("x"u8, string.Empty), "x"u8, null, string.Empty).ShouldBeFalse();
}

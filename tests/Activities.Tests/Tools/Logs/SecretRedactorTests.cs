using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.Activities.Tests.Tools.Logs;

public sealed class SecretRedactorTests
{
    [Theory]
    [InlineData("x ghp_abcdefghijklmnopqrstuvwxyz0123456789 y")]
    [InlineData("Authorization: Bearer abc.def-ghi")]
    [InlineData("https://user:pass@example.org/x")]
    [InlineData("AKIAIOSFODNN7EXAMPLE")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----")]
    public void Known_shapes_of_tokens_are_redacted(string text) => new SecretRedactor([]).Redact(text).ShouldContain(SecretRedactor.Replacement);

    [Theory]
    [InlineData("12 passed in 0.3s, see https://example.org/a@b and tests/test_token.py:3")]
    [InlineData("commit 2e65efe2a145dda7ee51d1741299f848e5bf752e")]
    public void Ordinary_text_is_left_alone(string text) => new SecretRedactor([]).Redact(text).ShouldBe(text);

    [Fact]
    public void Secrets_of_the_configuration_are_known_by_their_keys()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["GitHub:WebhookSecret"] = "correct horse",
                ["GitHub:BaseAddress"] = "battery staple",
            })
            .Build();

        SecretRedactor.FromConfiguration(configuration).Redact("correct horse battery staple").ShouldBe($"{SecretRedactor.Replacement} battery staple");
    }
}

using AtomicDevOps.Activities.Tools.Logs;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Configuration;

namespace AtomicDevOps.Activities.Tests.Tools.Logs;

public sealed class SecretRedactorTests
{
    private const string Letters = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zaB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0z";

    /// <summary>What shapes of tokens begin with, cut so that no scanner takes this file for one that holds any.</summary>
    private static readonly string[] Prefixes =
    [
        .. "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- AKIA ASIA xoxb- xoxp- npm_ pypi- oy2 dckr_pat_ dckr_oat_ hf_ AIza sk_live_ rk_test_ SG. abc8Q~ hvs. hvb. dop_v1_ doo_v1_ dor_v1_ sk- eyJ"
            .Split(' '),
    ];

    private static readonly string[] Others =
    [
        "Authorization: ", "AUTHORIZATION=", "bearer ", "Basic ", "token ", "https://", "Postgres://", "user:pass@", "@host", "AccountKey=", "SharedAccessKey = ",
        "accesskey=", "ClientSecret=", "password=", "Pwd = ", "?sig=", "&code=", "&access_token=", "?client_secret=", "aws_secret_access_key: ", "-----BEGIN RSA PRIVATE",
        " KEY-----", "\n", "-----END PRIVATE", " ", ";", ".", "\"", "/", "é", new('0', 64), new('A', 16), new('a', 43), Letters, Letters[..20], Letters[..36], Letters + Letters,
    ];

    [Fact]
    public void Searching_first_redacts_what_matching_every_shape_would()
    {
        var redactor = new SecretRedactor([]);
        var text = Gen.Elements<string>([.. Prefixes, .. Others]).ListOf(12).Select(static pieces => string.Concat(pieces));

        Prop.ForAll(text.ToArbitrary(), each => string.Equals(redactor.Redact(each), SecretRedactor.RedactShapes(each), StringComparison.Ordinal)).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    /// <summary>Else the property above would hold of text that is no secret at all.</summary>
    [Fact]
    public void Every_prefix_begins_a_token_that_is_redacted()
    {
        string[] rests = [new('A', 16), new('0', 64), Letters[..20], Letters[..30], Letters[..35], Letters[..36], Letters, Letters.ToLowerInvariant()[..43], $"{Letters[..20]}.{Letters}", $"{Letters[..20]}.ey" + $"J{Letters}.{Letters}"];

        Prefixes.Where(prefix => !rests.Any(rest => SecretRedactor.RedactShapes($"x {prefix}{rest}").Contains(SecretRedactor.Replacement, StringComparison.Ordinal))).ShouldBeEmpty();
    }

    [Fact]
    public void Text_without_a_secret_is_given_back_as_it_is()
    {
        const string Text = "GET https://api.example.com/repos/owner/name/pulls/12?per_page=100 answered 200";

        new SecretRedactor(["correct-horse-battery-staple"]).Redact(Text).ShouldBeSameAs(Text);
    }

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

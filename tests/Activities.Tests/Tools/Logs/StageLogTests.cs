using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Logs;

public sealed class StageLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Text_is_read_from_an_offset_and_gone_after_the_run()
    {
        var log = Log();
        await log.AppendAsync("pipeline:a", "build", "one\ntwo\n", Token);

        (await log.ReadAsync("pipeline:a", "build", 4, Token)).ShouldBe("two\n");
        (await log.ReadAsync("pipeline:a", "test", 0, Token)).ShouldBeEmpty();
        (await log.ReadAsync("pipeline:a", "build", 100, Token)).ShouldBeEmpty();
        await log.DeleteAsync("pipeline:a", Token);
        (await log.ReadAsync("pipeline:a", "build", 0, Token)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Past_its_limit_the_beginning_and_the_end_remain()
    {
        var log = Log();
        for (var i = 0; i < 2_000; i++)
        {
            await log.AppendAsync("r", "s", $"line {i}\n", Token);
        }

        var text = await log.ReadAsync("r", "s", 0, Token);

        text.ShouldStartWith("line 0\n");
        text.ShouldContain("left out");
        text.ShouldEndWith("line 1999\n");
        text.Length.ShouldBeLessThan(8_000);
    }

    [Fact]
    public async Task A_secret_that_comes_in_two_pieces_is_redacted()
    {
        var log = Log("hunter2hunter2");

        await log.AppendAsync("r", "s", "the password is hunter2", Token);
        await log.AppendAsync("r", "s", "hunter2 indeed\n", Token);

        (await log.ReadAsync("r", "s", 0, Token)).ShouldBe($"the password is {SecretRedactor.Replacement} indeed\n");
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

    private FileStageLog Log(params string[] secrets) =>
        new(Options.Create(new LogsOptions { Directory = _directory.Path, StageBytes = 4096 }), new SecretRedactor(secrets));
}

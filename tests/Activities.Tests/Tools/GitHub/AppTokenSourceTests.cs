using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.GitHub;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.GitHubHarness;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.ScriptedNetwork;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

public sealed class AppTokenSourceTests : IDisposable
{
    private const string Branch = """{"name":"main","commit":{"sha":"abc"}}""";

    private readonly RSA _key = RSA.Create(2048);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task The_app_proves_itself_by_a_signed_token_that_lives_at_most_ten_minutes()
    {
        using var network = new ScriptedNetwork(_ => Json(TokenJson("ghs_1", DateTimeOffset.MaxValue)));
        using var github = CreateHarness(network);

        (await github.Tokens.GetTokenAsync(Cancellation)).ShouldBe("ghs_1");

        var request = network.Requests.ShouldHaveSingleItem();
        request.Method.ShouldBe("POST");
        request.Uri.AbsolutePath.ShouldBe("/app/installations/42/access_tokens");
        var parts = request.Header("Authorization").ShouldNotBeNull()["Bearer ".Length..].Split('.');
        parts.Length.ShouldBe(3);
        _key.VerifyData(
            Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"),
            Base64Url.DecodeFromChars(parts[2]),
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1).ShouldBeTrue();
        using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
        header.RootElement.GetProperty("alg").GetString().ShouldBe("RS256");
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
        var now = github.Clock.GetUtcNow().ToUnixTimeSeconds();
        claims.RootElement.GetProperty("iss").GetString().ShouldBe("Iv1.client");
        claims.RootElement.GetProperty("iat").GetInt64().ShouldBe(now - 60);
        (claims.RootElement.GetProperty("exp").GetInt64() - now).ShouldBeInRange(60, 600);
    }

    [Fact]
    public async Task A_token_is_used_until_shortly_before_its_end_and_then_renewed()
    {
        GitHubHarness? harness = null;
        using var network = new ScriptedNetwork(request => Json(TokenJson($"ghs_{request.Index}", harness!.Clock.GetUtcNow().AddHours(1))));
        using var github = harness = CreateHarness(network);

        (await github.Tokens.GetTokenAsync(Cancellation)).ShouldBe("ghs_0");
        github.Clock.Advance(TimeSpan.FromMinutes(54));
        (await github.Tokens.GetTokenAsync(Cancellation)).ShouldBe("ghs_0");
        github.Clock.Advance(TimeSpan.FromMinutes(2));
        (await github.Tokens.GetTokenAsync(Cancellation)).ShouldBe("ghs_1");
        network.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Many_callers_at_once_ask_for_one_token()
    {
        GitHubHarness? harness = null;
        using var network = new ScriptedNetwork(_ => Json(TokenJson("ghs_1", harness!.Clock.GetUtcNow().AddHours(1))));
        using var github = harness = CreateHarness(network);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(async () => await github.Tokens.GetTokenAsync(Cancellation), Cancellation)));

        network.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_token_that_still_holds_is_used_while_GitHub_gives_no_new_one()
    {
        GitHubHarness? harness = null;
        using var network = new ScriptedNetwork(request => request.Index == 0
            ? Json(TokenJson("ghs_0", harness!.Clock.GetUtcNow().AddHours(1)))
            : Json("{}", HttpStatusCode.BadGateway));
        using var github = harness = CreateHarness(network);

        await github.Tokens.GetTokenAsync(Cancellation);
        github.Clock.Advance(TimeSpan.FromMinutes(56));
        (await github.Tokens.GetTokenAsync(Cancellation)).ShouldBe("ghs_0");

        github.Clock.Advance(TimeSpan.FromMinutes(4));
        await Should.ThrowAsync<ToolUnavailableException>(async () => await github.Tokens.GetTokenAsync(Cancellation));
    }

    [Fact]
    public async Task A_token_refused_before_its_time_is_renewed_once()
    {
        GitHubHarness? harness = null;
        using var network = new ScriptedNetwork(request => request switch
        {
            { Method: "POST" } => Json(TokenJson($"ghs_{request.Index}", harness!.Clock.GetUtcNow().AddHours(1))),
            _ when request.Header("Authorization") is "Bearer ghs_0" => Json("""{"message":"Bad credentials"}""", HttpStatusCode.Unauthorized),
            _ => Json(Branch),
        });
        using var github = harness = CreateHarness(network);

        (await github.Client.GetBranchAsync(Repository, "main", Cancellation)).Sha.ShouldBe("abc");
        network.Requests.Count.ShouldBe(4);
    }

    [Fact]
    public async Task Refusal_of_every_token_ends_as_an_error()
    {
        GitHubHarness? harness = null;
        using var network = new ScriptedNetwork(request => request.Method is "POST"
            ? Json(TokenJson($"ghs_{request.Index}", harness!.Clock.GetUtcNow().AddHours(1)))
            : Json("""{"message":"Bad credentials"}""", HttpStatusCode.Unauthorized));
        using var github = harness = CreateHarness(network);

        await Should.ThrowAsync<GitHubRequestException>(() => github.Client.GetBranchAsync(Repository, "main", Cancellation));
        network.Requests.Count.ShouldBe(4);
    }

    [Fact]
    public async Task An_app_that_GitHub_does_not_know_is_told_which_settings_to_check()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"message":"A JSON web token could not be decoded"}""", HttpStatusCode.Unauthorized));
        using var github = CreateHarness(network);

        var failure = await Should.ThrowAsync<ToolException>(async () => await github.Tokens.GetTokenAsync(Cancellation));

        failure.Message.ShouldContain("GitHub:App:ClientId");
        network.Requests.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task The_apps_comments_are_those_of_its_bot()
    {
        using var network = new ScriptedNetwork(_ => Json("""{"id":99,"slug":"atomic-devops"}"""));
        using var github = CreateHarness(network);

        (await github.Client.GetIdentityAsync(Cancellation)).ShouldBe(new GitHubIdentity("atomic-devops[bot]", 99));
        (await github.Client.GetIdentityAsync(Cancellation)).AppId.ShouldBe(99);
        network.Requests.ShouldHaveSingleItem().Header("Authorization").ShouldNotBeNull().Split('.').Length.ShouldBe(3);
    }

    private GitHubHarness CreateHarness(HttpMessageHandler network) => new(
        network,
        ("Token", ""),
        ("App:ClientId", "Iv1.client"),
        ("App:InstallationId", "42"),
        ("App:PrivateKey", _key.ExportRSAPrivateKeyPem().Replace("\n", "\\n", StringComparison.Ordinal)));

    private static string TokenJson(string token, DateTimeOffset expiresAt) => $$"""{"token":"{{token}}","expires_at":"{{expiresAt:O}}"}""";
}

using System.Text;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

public sealed class GitHubCredentialSourceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("https://api.github.com/", "https://github.com/octo/hello.git")]
    [InlineData("https://api.octo.ghe.com/", "https://octo.ghe.com/octo/hello.git")]
    [InlineData("https://ghe.example.com/api/v3/", "https://GHE.example.com/octo/hello.git")]
    [InlineData("http://127.0.0.1:3000/", "http://127.0.0.1:3000/octo/hello.git")]
    public async Task Git_gets_the_token_for_the_configured_site(string api, string remote)
        => (await AskAsync(api, remote)).ShouldBe($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"x-access-token:{GitHubHarness.Token}"))}");

    [Theory]
    [InlineData("https://api.github.com/", "https://github.com.evil.example/octo/hello.git")]
    [InlineData("https://api.github.com/", "https://gitlab.com/octo/hello.git")]
    [InlineData("https://api.github.com/", "http://github.com/octo/hello.git")]
    [InlineData("https://api.github.com/", "https://github.com:8443/octo/hello.git")]
    [InlineData("https://api.github.com/", "ssh://git@github.com/octo/hello.git")]
    [InlineData("https://api.github.com/", "https://github.com@evil.example/octo/hello.git")]
    [InlineData("https://ghe.example.com/api/v3/", "https://github.com/octo/hello.git")]
    [InlineData("http://127.0.0.1:3000/", "http://127.0.0.1:3001/octo/hello.git")]
    public async Task Any_other_address_gets_nothing(string api, string remote)
        => (await AskAsync(api, remote)).ShouldBeNull();

    private static async Task<string?> AskAsync(string api, string remote)
    {
        using var network = new ScriptedNetwork(_ => throw new InvalidOperationException("nothing is to be sent"));
        using var github = new GitHubHarness(network, ("BaseAddress", api));
        return await github.GitCredentials.GetAuthorizationHeaderAsync(new Uri(remote), Cancellation);
    }
}

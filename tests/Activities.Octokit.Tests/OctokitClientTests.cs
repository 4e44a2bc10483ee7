using AtomicDevOps.Activities.Tests.Tools.GitHub;
using AtomicDevOps.Activities.Tools.GitHub;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using static AtomicDevOps.Activities.Tests.Tools.GitHub.ScriptedNetwork;

namespace AtomicDevOps.Activities.Tests.Tools;

public sealed class OctokitClientTests
{
    [Fact]
    public void The_tests_of_the_client_are_about_Octokit_s_here()
    {
        using var network = new ScriptedNetwork(_ => Json("{}"));
        using var github = new GitHubHarness(network);

        github.Client.ShouldBeOfType<OctokitGitHubClient>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Octokit_is_chosen_before_and_after_the_tool_is_added(bool before)
    {
        var configuration = new ConfigurationBuilder().Build();
        var services = new ServiceCollection();
        _ = before ? services.AddOctokit().AddGitHub(configuration) : services.AddGitHub(configuration).AddOctokit();

        services.Where(service => service.ServiceType == typeof(IGitHubClient)).ShouldHaveSingleItem().ImplementationType.ShouldBe(typeof(OctokitGitHubClient));
    }
}

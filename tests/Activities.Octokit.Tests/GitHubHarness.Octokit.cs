using AtomicDevOps.Activities.Tools.GitHub;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Activities.Tests.Tools.GitHub;

internal sealed partial class GitHubHarness
{
    static partial void ChooseClient(IServiceCollection services) => services.AddOctokit();
}

using System.Runtime.CompilerServices;
using AtomicDevOps.Activities.Tools.Artifacts;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Experts.GitHub;

/// <summary>
/// Knows how to get things done on GitHub so that doing them again does no harm: each activity first looks what is there already, also
/// what an earlier call left whose answer was lost, and then does what is missing.
/// </summary>
[Agent(AgentLayer.ToolExpertise, AgentName, "Reads and changes pull requests, checks, comments, issues, branches, releases and code scanning on GitHub.")]
public sealed partial class GitHubExpert(IGitHubClient github, IArtifactStore artifacts, TimeProvider timeProvider)
{
    internal const string AgentName = nameof(GitHubExpert);

    private async Task<bool> IsOursAsync(GitHubAccount author, CancellationToken cancellationToken)
    {
        var identity = await github.GetIdentityAsync(cancellationToken);
        return string.Equals(author.Login, identity.Login, StringComparison.OrdinalIgnoreCase);
    }

    private static async Task<List<T>> TakeAsync<T>(IAsyncEnumerable<T> items, int most, CancellationToken cancellationToken)
        => await items.Take(most).ToListAsync(cancellationToken);

    private static void Require(bool isRight, string message, [CallerArgumentExpression(nameof(isRight))] string? expression = null)
    {
        if (!isRight)
        {
            throw new ArgumentException(message, expression);
        }
    }
}

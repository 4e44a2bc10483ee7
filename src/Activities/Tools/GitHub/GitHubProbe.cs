using System.Globalization;
using System.Net;
using AtomicDevOps.Primitives.Agents;

namespace AtomicDevOps.Activities.Tools.GitHub;

/// <summary>Asks for the rate limit, which costs nothing; the answer also tells whether the token is good.</summary>
internal sealed class GitHubProbe(string agent, IGitHubClient github, IGitHubTokenSource tokens, GitHubTransport transport) : IAgentProbe
{
    /// <summary>Below this share of the limit the work may soon stand still.</summary>
    private const double LowShare = 0.05;

    public string Agent => agent;

    public async Task<AgentProbeResult> ProbeAsync(CancellationToken cancellationToken)
    {
        if (transport.Pause is var pause && pause > TimeSpan.Zero)
        {
            return new AgentProbeResult(
                AgentHealth.Degraded,
                string.Create(CultureInfo.InvariantCulture, $"GitHub's rate limit is reached; requests go on in {pause.TotalSeconds:0} s."));
        }

        try
        {
            if (await tokens.GetTokenAsync(cancellationToken) is null)
            {
                return new AgentProbeResult(AgentHealth.NotConfigured, "No token: set GitHub:Token or GitHub:App.");
            }

            var limit = await github.GetRateLimitAsync(cancellationToken);
            var detail = string.Create(
                CultureInfo.InvariantCulture, $"{limit.Remaining} of {limit.Limit} requests left until {limit.ResetsAt.UtcDateTime:HH:mm} UTC.");
            return new AgentProbeResult(limit.Remaining < limit.Limit * LowShare ? AgentHealth.Degraded : AgentHealth.Healthy, detail);
        }
        catch (ToolNotFoundException)
        {
            // A GitHub Enterprise Server with rate limits switched off answers 404 here; it answers, and so it is there.
            return new AgentProbeResult(AgentHealth.Healthy, "GitHub answers; it has no rate limit.");
        }
        catch (GitHubRequestException exception) when (exception.Status == HttpStatusCode.Unauthorized)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
        catch (ToolException exception)
        {
            return new AgentProbeResult(AgentHealth.Unhealthy, exception.Message);
        }
    }
}

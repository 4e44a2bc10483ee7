using System.Runtime.CompilerServices;
using AtomicDevOps.Activities.Tools.AzureResourceManager;
using AtomicDevOps.Activities.Tools.Logs;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Experts.CloudApi;

/// <summary>
/// Knows how to get things done in Azure so that doing them again does no harm: each activity looks what is there, does what is missing, and says
/// what it found. What may be a secret never leaves it: requests name secrets, and results hold none.
/// </summary>
[Agent(AgentLayer.ToolExpertise, AgentName, "Reads and changes resource groups, deployments and function apps in Azure, and reads its activity log.")]
public sealed partial class CloudApiExpert(
    IAzureResourceManagerClient arm, IOptions<CloudApiOptions> options, SecretRedactor redactor, TimeProvider timeProvider)
{
    internal const string AgentName = nameof(CloudApiExpert);

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    private static void Require(bool isRight, string message, [CallerArgumentExpression(nameof(isRight))] string? expression = null)
    {
        if (!isRight)
        {
            throw new ArgumentException(message, expression);
        }
    }

    private static void RequireWait(TimeSpan wait) =>
        Require(wait >= TimeSpan.Zero && wait <= LongestWait, $"WaitFor is {wait}; right would be 00:00:00 to {LongestWait}.");

    private string SecretOf(string name, string purpose) =>
        options.Value.Secrets.FirstOrDefault(secret => string.Equals(secret.Name, name, StringComparison.Ordinal))?.Secret
        ?? throw new ArgumentException($"{purpose} names the secret '{name}', and CloudApi:Secrets has none of that name.", nameof(name));

    /// <summary>Whether a text that is kept in histories holds one of the secrets that are known, or what looks like one.</summary>
    private bool LooksSecret(string text) => !string.Equals(redactor.Redact(text), text, StringComparison.Ordinal);
}

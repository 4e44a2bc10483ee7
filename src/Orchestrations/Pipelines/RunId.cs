using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>
/// Instance ids of runs. The same piece of work has the same id, so that starting it twice starts it once; a run's parts have the run's id
/// with a name behind it, so that one query finds them all. Durable Functions allows ids of up to 100 characters.
/// </summary>
public static class RunId
{
    /// <summary>What the id of every run begins with.</summary>
    public const string Prefix = "pipeline:";

    /// <summary>The orchestrator that a run is an instance of; its parts are instances of others.</summary>
    public const string Orchestrator = "MetaOrchestrator";

    private const int LongestRepository = 34;
    private const int ShaDigits = 20;
    private const int LongestKey = 32;

    /// <summary>What the ids of all runs of a repository begin with.</summary>
    public static string ForRepository(RepositoryName repository) => $"{Prefix}{Segment(repository)}:";

    /// <summary>What the ids of all runs of a pull request begin with.</summary>
    public static string ForPullRequest(RepositoryName repository, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Segment(repository)}:{number}:");

    /// <param name="key">What tells one request for the pull request from another: its head's commit id, or a request's own id.</param>
    public static string ForPullRequest(RepositoryName repository, int number, string key) => ForPullRequest(repository, number) + Key(key);

    public static string ForPush(RepositoryName repository, string sha) => $"{Prefix}{Segment(repository)}:push:{Key(sha)}";

    /// <param name="key">What tells one request to sweep the repository from another: the time that a timer fired at, or a request's own id.</param>
    public static string ForSweep(RepositoryName repository, string key) => $"{Prefix}{Segment(repository)}:sweep:{Key(key)}";

    /// <summary>The id of a part of the run.</summary>
    public static string Part(string runId, string part) => $"{runId}:{part}";

    /// <summary>Whether the id is one of a run's parts.</summary>
    public static bool IsPartOf(string runId, string instanceId) =>
        instanceId.Length > runId.Length + 1 && instanceId.StartsWith(runId, StringComparison.Ordinal) && instanceId[runId.Length] == ':';

    private static string Segment(RepositoryName repository)
    {
        var name = $"{repository.Owner}:{repository.Name}".ToLowerInvariant();
        return name.Length <= LongestRepository
            ? name
            : $"{name[..(LongestRepository - 17)]}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..16]}";
    }

    private static string Key(string key)
    {
        if (key.Length is 40 or 64 && key.All(char.IsAsciiHexDigit))
        {
            return key[..ShaDigits].ToLowerInvariant();
        }

        return key.Length <= LongestKey && key.All(character => char.IsAsciiLetterOrDigit(character) || character is '-')
            ? key
            : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..LongestKey];
    }
}

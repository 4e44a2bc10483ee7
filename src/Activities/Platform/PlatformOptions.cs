using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Tools.GitHub;

namespace AtomicDevOps.Activities.Platform;

/// <summary>What the operator of the platform decides, from configuration section <c>Platform</c>.</summary>
public sealed class PlatformOptions
{
    public const string Section = "Platform";

    /// <summary>
    /// The repositories that the platform works for: <c>owner/name</c> or <c>owner/*</c>. None means every repository that its credentials reach.
    /// </summary>
    public IList<string> Repositories { get; init; } = [];

    /// <summary>Where tests run. Local runs them as the platform's own user: for trusted repositories only.</summary>
    public PipelineRunner Runner { get; set; } = PipelineRunner.Container;

    /// <summary>Where people reach the platform, for links in check runs and comments; without it there are no links.</summary>
    public Uri? PublicAddress { get; set; }

    /// <summary>How long L0 waits between two looks at every agent.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "1.00:00:00", ErrorMessage = "Platform:HealthInterval has to be from 00:00:05 to 1.00:00:00.")]
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromMinutes(1);

    public bool Allows(RepositoryName repository)
    {
        ArgumentNullException.ThrowIfNull(repository);
        return Repositories.Count == 0 || Repositories.Any(pattern => Matches(pattern, repository));
    }

    internal static bool IsPattern(string pattern) =>
        RepositoryName.TryParse(pattern.EndsWith("/*", StringComparison.Ordinal) ? $"{pattern[..^1]}any" : pattern, out _);

    private static bool Matches(string pattern, RepositoryName repository) =>
        pattern.EndsWith("/*", StringComparison.Ordinal)
            ? string.Equals(pattern[..^2], repository.Owner, StringComparison.OrdinalIgnoreCase)
            : string.Equals(pattern, repository.ToString(), StringComparison.OrdinalIgnoreCase);
}

[JsonConverter(typeof(JsonStringEnumConverter<PipelineRunner>))]
public enum PipelineRunner
{
    /// <summary>In locked-down containers.</summary>
    Container,

    /// <summary>By the machine's own pytest, without building an image.</summary>
    Local,
}

using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Orchestrations.Domains.Scm;

/// <param name="Path">The agents that lead here.</param>
public sealed record ScmCheckRequest(string RunId, AgentPath Path, WorkItem Work)
{
    /// <summary>Where people read more about the run.</summary>
    public Uri? RunUrl { get; init; }
}

/// <param name="Stages">The stage <c>policy</c>.</param>
public sealed record ScmCheckResult(ScmOutcome Outcome, string Summary, IReadOnlyList<StageStatus> Stages)
{
    /// <summary>What is to be checked; there unless the outcome is <see cref="ScmOutcome.Refused"/>.</summary>
    public Change? Change { get; init; }

    /// <summary>The repository's own settings; there where the outcome is <see cref="ScmOutcome.Allowed"/>.</summary>
    public PipelineConfiguration? Configuration { get; init; }

    /// <summary>The lines of the change that keep it from being built, where there are such.</summary>
    public IReadOnlyList<CheckAnnotation> Annotations { get; init; } = [];

    /// <summary>What the change touches; there where the outcome is <see cref="ScmOutcome.Allowed"/>.</summary>
    public ChangeScope? Scope { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ScmOutcome>))]
public enum ScmOutcome
{
    /// <summary>It may be built.</summary>
    Allowed,

    /// <summary>A rule does not hold; the author can mend it.</summary>
    Rejected,

    /// <summary>There is nothing to build: no such repository, branch or pull request, or it is closed.</summary>
    Refused,

    /// <summary>The head is another commit by now, which has a run of its own.</summary>
    Superseded,

    /// <summary>A tool failed, so nothing is known.</summary>
    Errored,
}

/// <param name="Files">How many files change.</param>
/// <param name="DocumentationOnly">Nothing that is built or executed changes.</param>
public sealed record ChangeScope(int Files, bool DocumentationOnly)
{
    private static readonly string[] DocumentationExtensions = [".md", ".rst", ".txt", ".adoc", ".png", ".jpg", ".jpeg", ".svg", ".gif"];

    public static ChangeScope Of(PullRequestFiles files) =>
        new(files.Files.Count, files.Files.Count > 0 && !files.Truncated && files.Files.All(file => IsDocumentation(file.Path) && (file.PreviousPath is not { } previous || IsDocumentation(previous))));

    private static bool IsDocumentation(string path)
    {
        // A requirements.txt is text, but it decides what runs.
        var name = path[(path.LastIndexOf('/') + 1)..];
        return DocumentationExtensions.Any(extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase))
            && !name.Contains("requirements", StringComparison.OrdinalIgnoreCase)
            && !name.Contains("constraints", StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>Merge the pull request, if its head is still the commit that was checked.</summary>
public sealed record ScmMergeRequest(string RunId, AgentPath Path, Change Change, MergeMethod Method);

/// <param name="Merge">What GitHub did; nothing where it could not be asked.</param>
/// <param name="Stages">The stage <c>merge</c>.</param>
public sealed record ScmMergeResult(MergePullRequestResult? Merge, IReadOnlyList<StageStatus> Stages);

/// <summary>Tell the people on the pull request how the run ended, in one comment.</summary>
public sealed record ScmReportRequest(string RunId, AgentPath Path, Change Change, PipelineResult Result)
{
    public Uri? RunUrl { get; init; }
}

/// <summary>May this person command runs of this repository?</summary>
public sealed record ScmAuthorizeRequest(string RunId, AgentPath Path, RepositoryName Repository, string Login);

/// <summary>Show on GitHub how a stage stands that belongs to the layer above; one such stage a run.</summary>
public sealed record ScmShowRequest(string RunId, AgentPath Path, PutCheckRunRequest CheckRun);

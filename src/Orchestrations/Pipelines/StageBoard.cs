using AtomicDevOps.Activities.Experts.GitHub;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Parallel;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.DurableTask;

namespace AtomicDevOps.Orchestrations.Pipelines;

/// <summary>How a stage ended, as its own code sees it.</summary>
internal sealed record StageOutcome(StageState State, string Summary)
{
    public string? Details { get; init; }

    public IReadOnlyList<CheckAnnotation> Annotations { get; init; } = [];

    public static StageOutcome Passed(string summary) => new(StageState.Passed, summary);

    public static StageOutcome Skipped(string summary) => new(StageState.Skipped, summary);

    public static StageOutcome Failed(string summary, string? details = null) => new(StageState.Failed, summary) { Details = details };
}

/// <summary>What a run's instance shows as its custom status.</summary>
/// <param name="Stages">In the order in which they were planned.</param>
public sealed record StageProgress(IReadOnlyList<StageStatus> Stages);

/// <summary>
/// Runs stages and tells people about them: in the instance's custom status and, where a commit is known, by one check run a stage.
/// Telling never holds up the work; <see cref="SettleAsync"/> waits until everything is told.
/// </summary>
internal sealed class StageBoard
{
    private const int MaximumDetails = 4_000;

    private readonly OrchestrationWorkflowContext _context;
    private readonly WorkflowPrimitive<PutCheckRunRequest, CheckRunReference> _putCheckRun;
    private readonly List<StageStatus> _stages;
    private readonly Dictionary<string, Task> _reports = new(StringComparer.Ordinal);
    private Change? _change;
    private Uri? _runUrl;
    private bool _muted;

    /// <param name="putCheckRun">The way to GitHub from the layer that the stages belong to.</param>
    /// <param name="planned">The stages that are shown before they begin.</param>
    public StageBoard(
        OrchestrationWorkflowContext context, WorkflowPrimitive<PutCheckRunRequest, CheckRunReference> putCheckRun, params IEnumerable<string> planned)
    {
        _context = context;
        _putCheckRun = putCheckRun;
        _stages = [.. planned.Select(name => new StageStatus(name, StageState.Pending))];
    }

    public IReadOnlyList<StageStatus> Stages => _stages;

    /// <summary>From now on stages are check runs on this change's head.</summary>
    /// <param name="runUrl">Where people read more.</param>
    public void ReportOn(Change change, Uri? runUrl)
    {
        _change = change;
        _runUrl = runUrl;
    }

    /// <summary>Stops telling GitHub where the run that takes over tells about the same head.</summary>
    public void MuteFor(CancellationRequest cancellation) =>
        _muted |= _change is not null && string.Equals(cancellation.NewHeadSha, _change.HeadSha, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Runs a stage. What has begun is waited for, also when the run is cancelled meanwhile, so that nothing of it goes on unseen;
    /// it then counts as cancelled.
    /// </summary>
    /// <param name="work">Gives the outcome; a tool's failure ends the stage as errored.</param>
    public async Task<StageOutcome> RunAsync(string stage, WorkflowContext context, Func<WorkflowContext, Task<StageOutcome>> work)
    {
        var status = new StageStatus(stage, StageState.Running) { StartedAt = _context.UtcNow };
        Show(status);
        Report(status, annotations: []);

        StageOutcome outcome;
        try
        {
            outcome = await work(context);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            outcome = new StageOutcome(StageState.Cancelled, "The run was cancelled.");
        }
        catch (Exception exception) when (exception is TaskFailedException or ParallelFailedException)
        {
            outcome = new StageOutcome(StageState.Errored, Failure.From(exception).Message);
        }

        if (context.CancellationToken.IsCancellationRequested)
        {
            outcome = new StageOutcome(StageState.Cancelled, "The run was cancelled.");
        }

        status = status with
        {
            State = outcome.State,
            Summary = outcome.Summary,
            Details = outcome.Details is { Length: > MaximumDetails } details ? "…" + details[^MaximumDetails..] : outcome.Details,
            CompletedAt = _context.UtcNow,
        };
        Show(status);
        Report(status, outcome.Annotations);
        return outcome;
    }

    /// <summary>Shows that a running stage waits for a person, and how to answer.</summary>
    public void Wait(string stage, string summary)
    {
        var waiting = _stages.Single(each => string.Equals(each.Name, stage, StringComparison.Ordinal)) with
        {
            State = StageState.Waiting,
            Summary = summary,
        };
        Show(waiting);
        Report(waiting, annotations: []);
    }

    /// <summary>Ends the stages that never began.</summary>
    public void SkipPending(string summary, string? except = null)
    {
        foreach (var stage in _stages.Where(stage => stage.State == StageState.Pending && !string.Equals(stage.Name, except, StringComparison.Ordinal)).ToArray())
        {
            Show(stage with { State = StageState.Skipped, Summary = summary });
        }
    }

    /// <exception cref="TaskFailedException">GitHub could not be told how a stage ended.</exception>
    public Task SettleAsync() => Task.WhenAll(_reports.Values);

    private void Report(StageStatus status, IReadOnlyList<CheckAnnotation> annotations) =>
        _reports[status.Name] = ReportAfterAsync(_reports.GetValueOrDefault(status.Name, Task.CompletedTask), status, annotations);

    // One after another: two at once would each find no check run yet, and each make one.
    private async Task ReportAfterAsync(Task previous, StageStatus status, IReadOnlyList<CheckAnnotation> annotations)
    {
        try
        {
            await previous;
        }
        catch (TaskFailedException)
        {
            // This report goes the same way and says what is wrong with it.
        }

        await ReportAsync(status, annotations);
    }

    private async Task ReportAsync(StageStatus status, IReadOnlyList<CheckAnnotation> annotations)
    {
        if (_change is null || _muted)
        {
            return;
        }

        var request = new PutCheckRunRequest(
            _change.Repository,
            _change.HeadSha,
            $"Atomic DevOps / {status.Name}",
            $"atomic-devops:{status.Name}",
            status.State is StageState.Running or StageState.Waiting ? CheckRunStatus.InProgress : CheckRunStatus.Completed)
        {
            Conclusion = Conclusion(status.State),
            StartedAt = status.StartedAt,
            CompletedAt = status.CompletedAt,
            DetailsUrl = _runUrl,
            Output = status.Summary is null ? null : new CheckRunOutput(Title(status), Markdown.Plain(status.Summary), Text(status.Details)),
            Annotations = annotations,
        };
        var checkRun = await _putCheckRun.ExecuteAsync(request, _context);
        var current = _stages.Single(stage => string.Equals(stage.Name, status.Name, StringComparison.Ordinal));
        Show(current with { CheckRun = checkRun.HtmlUrl });
    }

    private void Show(StageStatus status)
    {
        var index = _stages.FindIndex(stage => string.Equals(stage.Name, status.Name, StringComparison.Ordinal));
        if (index < 0)
        {
            _stages.Add(status);
        }
        else
        {
            _stages[index] = status;
        }

        _context.Orchestration.SetCustomStatus(new StageProgress([.. _stages]));
    }

    private static string Title(StageStatus status) => status.State switch
    {
        StageState.Errored => "Could not be checked",
        _ => status.State.ToString(),
    };

    private static string? Text(string? details)
    {
        if (details is null)
        {
            return null;
        }

        var fence = Markdown.Fence(details);
        return $"{fence}text\n{details}\n{fence}";
    }

    private static CheckRunConclusion? Conclusion(StageState state) => state switch
    {
        StageState.Passed => CheckRunConclusion.Success,
        StageState.Failed => CheckRunConclusion.Failure,
        StageState.Skipped => CheckRunConclusion.Skipped,
        StageState.Cancelled => CheckRunConclusion.Cancelled,
        StageState.Errored => CheckRunConclusion.Failure,
        _ => null,
    };
}

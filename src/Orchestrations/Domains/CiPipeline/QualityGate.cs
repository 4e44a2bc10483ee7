using AtomicDevOps.Orchestrations.Pipelines;

namespace AtomicDevOps.Orchestrations.Domains.CiPipeline;

/// <summary>The verdict over all stages. A stage that could not be checked is never taken for one that passed.</summary>
internal sealed record QualityGate(PipelineVerdict Verdict, string Summary)
{
    public StageOutcome Outcome => Verdict switch
    {
        PipelineVerdict.Passed => StageOutcome.Passed(Summary),
        PipelineVerdict.Errored => new StageOutcome(StageState.Errored, Summary),
        _ => StageOutcome.Failed(Summary),
    };

    public static QualityGate Judge(IReadOnlyList<StageStatus> stages)
    {
        var failed = Names(stages, StageState.Failed);
        if (failed.Length > 0)
        {
            return new QualityGate(PipelineVerdict.Failed, $"Failed: {string.Join(", ", failed)}.");
        }

        var errored = Names(stages, StageState.Errored);
        if (errored.Length > 0)
        {
            return new QualityGate(PipelineVerdict.Errored, $"Could not be checked: {string.Join(", ", errored)}.");
        }

        return new QualityGate(PipelineVerdict.Passed, $"Passed: {string.Join(", ", Names(stages, StageState.Passed))}.");
    }

    private static string[] Names(IReadOnlyList<StageStatus> stages, StageState state) =>
        [.. stages.Where(stage => stage.State == state).Select(stage => stage.Name)];
}

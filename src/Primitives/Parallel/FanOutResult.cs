using System.Text.Json.Serialization;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Parallel;

/// <summary>What a collecting fan-out came to.</summary>
/// <param name="Outcomes">One a branch, in the branches' order.</param>
public sealed record FanOutResult<T>(IReadOnlyList<Outcome<T>> Outcomes)
{
    /// <summary>The results of the branches that succeeded, in the branches' order.</summary>
    [JsonIgnore]
    public IReadOnlyList<T> Succeeded => [.. Outcomes.Where(outcome => outcome.Succeeded).Select(outcome => outcome.Value!)];

    /// <summary>The branches that failed, in the branches' order.</summary>
    [JsonIgnore]
    public IReadOnlyList<BranchFailure> Failed =>
        [.. Outcomes.Index().Where(entry => !entry.Item.Succeeded).Select(entry => new BranchFailure(entry.Index, entry.Item.Failure!))];
}

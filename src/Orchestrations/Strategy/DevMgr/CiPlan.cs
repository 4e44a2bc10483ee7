using System.Text.Json.Serialization;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Tools.PyTest;
using AtomicDevOps.Orchestrations.Domains.Scm;

namespace AtomicDevOps.Orchestrations.Strategy.DevMgr;

/// <summary>How thoroughly a change is checked.</summary>
/// <param name="Reason">Why, in words that can stand in a report.</param>
public sealed record CiPlan(CiScope Scope, PyTestStrategy Strategy, string Reason)
{
    /// <summary>Fast where nothing that is executed changes or the author still works on it, full otherwise. The repository's own choice comes first.</summary>
    public static CiPlan Decide(TestConfiguration test, ChangeScope scope, bool isDraft) => test.Strategy switch
    {
        TestStrategyChoice.Fast => new CiPlan(CiScope.Fast, PyTestStrategy.Fast, "the repository asks for fast tests"),
        TestStrategyChoice.Thorough => new CiPlan(CiScope.Full, PyTestStrategy.Thorough, "the repository asks for thorough tests"),
        TestStrategyChoice.Coverage => new CiPlan(CiScope.Full, PyTestStrategy.Coverage, "the repository asks for coverage"),
        _ when scope.DocumentationOnly => new CiPlan(CiScope.Fast, PyTestStrategy.Fast, "only documentation changes"),
        _ when isDraft => new CiPlan(CiScope.Fast, PyTestStrategy.Fast, "the pull request is a draft"),
        _ when test.Coverage is not null => new CiPlan(CiScope.Full, PyTestStrategy.Coverage, "code changes, and coverage has a threshold"),
        _ => new CiPlan(CiScope.Full, PyTestStrategy.Thorough, "code changes"),
    };
}

[JsonConverter(typeof(JsonStringEnumConverter<CiScope>))]
public enum CiScope
{
    Fast,
    Full,
}

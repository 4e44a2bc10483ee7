using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>The engine's meter. What nobody listens to is not measured.</summary>
internal sealed class EngineMetrics
{
    public const string MeterName = "AtomicDevOps.EmbeddedHost";

    private readonly Counter<long> _turns;
    private readonly Histogram<double> _activities;
    private readonly Histogram<double> _commits;
    private readonly Histogram<int> _changes;

    public EngineMetrics(IMeterFactory meters, Func<int> instancesInMemory, Func<int> waitingTurns, Func<int> waitingActivities)
    {
        var meter = meters.Create(MeterName);
        _turns = meter.CreateCounter<long>("atomicdevops.engine.turns", "{turn}", "Turns of orchestrators that are on disk.");
        _activities = meter.CreateHistogram<double>("atomicdevops.engine.activity.duration", "s", "How long activities ran.");
        _commits = meter.CreateHistogram<double>("atomicdevops.engine.commit.duration", "s", "How long transactions of the store took.");
        _changes = meter.CreateHistogram<int>("atomicdevops.engine.commit.changes", "{change}", "How many changes shared a transaction.");
        meter.CreateObservableUpDownCounter(
            "atomicdevops.engine.instances", instancesInMemory, "{instance}", "Instances that are in memory.");
        meter.CreateObservableUpDownCounter(
            "atomicdevops.engine.turns.waiting", waitingTurns, "{instance}", "Instances that wait for a free place to take a turn.");
        meter.CreateObservableUpDownCounter(
            "atomicdevops.engine.activities.waiting", waitingActivities, "{activity}", "Activities that wait for a free place to run.");
    }

    public void TurnTaken() => _turns.Add(1);

    /// <returns>A time stamp, or zero if nobody wants to know how long it takes.</returns>
    public long BeginActivity() => _activities.Enabled ? Stopwatch.GetTimestamp() : 0;

    public void EndActivity(long began, string outcome)
    {
        if (began != 0)
        {
            _activities.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
        }
    }

    /// <inheritdoc cref="BeginActivity"/>
    public long BeginCommit() => _commits.Enabled ? Stopwatch.GetTimestamp() : 0;

    public void EndCommit(long began, int changes)
    {
        if (began != 0)
        {
            _commits.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        _changes.Record(changes);
    }
}

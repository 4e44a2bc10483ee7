using AtomicDevOps.EmbeddedHost.Engine.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Rewind;

/// <summary>
/// What a failed instance goes on from: its history up to the last result that was a failure, without the failures that the code had not
/// yet acted on. Tasks that failed are open again; what succeeded later keeps its result, unless the code asked for it only because of a
/// failure. A critical section ended with the failure, so a history that would stop inside of one stops before the code asks for its locks.
/// </summary>
internal sealed class RewoundHistory
{
    private readonly Dictionary<int, Decision> _open = [];

    private RewoundHistory(IReadOnlyList<RecordedTurn> turns, IReadOnlyList<Arrival> redelivered)
    {
        Redelivered = redelivered;
        foreach (var turn in turns)
        {
            Close(turn.Arrivals);
            foreach (var decision in turn.Decisions)
            {
                Open(decision);
            }

            Turns.Add((turn, _open.Values.Count(static open => open is TaskScheduled)));
        }

        Close(redelivered);
    }

    /// <summary>The turns that stay, each with the number of activities that are owed after it.</summary>
    public List<(RecordedTurn Turn, int Owed)> Turns { get; } = [];

    /// <summary>What had come after them and counts still, in order.</summary>
    public IReadOnlyList<Arrival> Redelivered { get; }

    public IEnumerable<TimerCreated> OpenTimers => _open.Values.OfType<TimerCreated>();

    public IEnumerable<SubOrchestrationScheduled> OpenSubOrchestrations => _open.Values.OfType<SubOrchestrationScheduled>();

    public static RewoundHistory Of(OrchestrationIdentity identity, IReadOnlyList<RecordedTurn> history, ExecutionEnvironment environment)
    {
        var cut = history.Count - 1;
        while (cut > 0 && !history[cut].Arrivals.Any(IsFailure))
        {
            cut--;
        }

        if (!history[cut].Arrivals.Any(IsFailure))
        {
            cut = history.Count - 1;
        }

        while (true)
        {
            var kept = history.Take(cut).Select(Forget).ToList();
            var repeated = Math.Min(CountOutsideOfSection(kept), CountRepeated(identity, kept, environment));
            if (repeated == kept.Count)
            {
                return new RewoundHistory(kept, Redeliverable(kept, history.Skip(cut)));
            }

            cut = repeated;
        }
    }

    /// <summary>A failure that a turn answered with a decision, such as the timer of a retry, is part of the instance's past.</summary>
    private static RecordedTurn Forget(RecordedTurn turn) => turn.Decisions.Count > 0
        ? turn
        : turn with { Arrivals = [.. turn.Arrivals.Where(static arrival => !IsFailure(arrival))] };

    /// <returns>How many of the turns come before the one that asks for the locks of a section that they do not leave; all if there is none.</returns>
    private static int CountOutsideOfSection(List<RecordedTurn> turns)
    {
        var section = new OpenCriticalSection();
        var outside = turns.Count;
        foreach (var (index, turn) in turns.Index())
        {
            foreach (var decision in turn.Decisions)
            {
                section.Record(decision);
                outside = decision is EntityLockRequested ? index : outside;
            }
        }

        return section.Release is null ? turns.Count : outside;
    }

    /// <returns>How many of the turns the code still takes as they are.</returns>
    private static int CountRepeated(OrchestrationIdentity identity, List<RecordedTurn> turns, ExecutionEnvironment environment)
    {
        var executor = new OrchestrationExecutor(identity, environment, customStatus: null, static () => { });
        for (var index = 0; index < turns.Count; index++)
        {
            try
            {
                executor.Replay(turns[index]);
            }
            catch (NonDeterministicOrchestrationException)
            {
                return index;
            }
        }

        return turns.Count;
    }

    private static List<Arrival> Redeliverable(List<RecordedTurn> kept, IEnumerable<RecordedTurn> dropped)
    {
        var decisions = kept.SelectMany(static turn => turn.Decisions).ToList();
        var asked = decisions.Select(static decision => decision.AwaitedTaskId).ToHashSet();
        var requested = decisions.Select(static decision => decision switch
        {
            EntityCalled called => called.RequestId,
            EntityLockRequested locks => locks.RequestId,
            _ => default(Guid?),
        }).ToHashSet();
        return [.. dropped.SelectMany(static turn => turn.Arrivals).Where(arrival => arrival switch
        {
            ExecutionStarted or TaskFailed or SubOrchestrationFailed => false,
            TaskOutcome outcome => asked.Contains(outcome.TaskId),
            EntityResponse response => requested.Contains(response.RequestId),
            _ => true,
        })];
    }

    private static bool IsFailure(Arrival arrival) => arrival is TaskFailed or SubOrchestrationFailed;

    private void Open(Decision decision)
    {
        if (decision is TimerCanceled canceled)
        {
            _open.Remove(canceled.TaskId);
        }
        else if (decision.AwaitedTaskId is { } taskId)
        {
            _open.Add(taskId, decision);
        }
    }

    private void Close(IEnumerable<Arrival> arrivals)
    {
        foreach (var outcome in arrivals.OfType<TaskOutcome>())
        {
            _open.Remove(outcome.TaskId);
        }
    }
}

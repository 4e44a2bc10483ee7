using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Engine.Rewind;

/// <summary>An instance to be rewound, with those of its sub-orchestrations that failed.</summary>
internal sealed record Rewinding(StoredInstance Instance, RewoundHistory History, IReadOnlyDictionary<int, Rewinding> Children)
{
    /// <summary>Reads what a rewind of a failed instance needs.</summary>
    public static Rewinding Prepare(EngineStore store, StoredInstance instance, ExecutionEnvironment environment)
    {
        var history = RewoundHistory.Of(instance.Identity, [.. store.History(instance.Sequence)], environment);
        var children = new Dictionary<int, Rewinding>();
        foreach (var sub in history.OpenSubOrchestrations)
        {
            if (store.Find(sub.InstanceId) is { Status: OrchestrationRuntimeStatus.Failed } state
                && store.Load(state.Sequence) is { } child
                && child.Parent?.Sequence == instance.Sequence
                && child.Parent.TaskId == sub.TaskId)
            {
                children.Add(sub.TaskId, Prepare(store, child, environment));
            }
        }

        return new Rewinding(instance, history, children);
    }
}

/// <summary>Lets a failed instance and its failed sub-orchestrations go on from before their failures.</summary>
internal sealed class RewindWrite(DurableTaskEngine engine, Rewinding rewinding, string? reason) : ClientWrite<bool>(engine)
{
    private readonly List<(long Sequence, List<Mail> Mail)> _resumed = [];
    private TurnEffects _effects = new();
    private bool _isRefused;

    public override void Apply(StoreSession session)
    {
        _resumed.Clear();
        _effects = new TurnEffects();
        _isRefused = !IsFailed(session, rewinding);
        if (!_isRefused)
        {
            Rewind(session, rewinding);
        }
    }

    /// <returns>False if the instance is no longer as it was read.</returns>
    protected override bool Release()
    {
        if (_isRefused)
        {
            return false;
        }

        Engine.Release(_effects);
        foreach (var (sequence, mail) in _resumed)
        {
            Engine.Post(sequence, [.. mail]);
        }

        return true;
    }

    private static bool IsFailed(StoreSession session, Rewinding one)
        => session.FindInstance(one.Instance.Identity.InstanceId) is { Status: OrchestrationRuntimeStatus.Failed } state
            && state.Sequence == one.Instance.Sequence
            && one.Children.Values.All(child => IsFailed(session, child));

    private void Rewind(StoreSession session, Rewinding one)
    {
        var sequence = one.Instance.Sequence;
        var at = Engine.UtcNow;
        session.Revive(sequence, at);
        foreach (var (number, (turn, owed)) in one.History.Turns.Index())
        {
            session.AppendTurn(sequence, number, turn.At, owed, HistoryCodec.Write(turn.Arrivals, turn.Decisions));
        }

        foreach (var timer in one.History.OpenTimers)
        {
            session.InsertTimer(sequence, timer.TaskId, timer.FireAt);
            _effects.Timers.Add(new PendingTimer(sequence, timer.TaskId, timer.FireAt));
        }

        var mail = new List<Mail> { Mail.Resume };
        foreach (var arrival in one.History.Redelivered.Prepend(new ExecutionRewound(reason)))
        {
            mail.Add(new Mail(arrival, session.InsertMessage(sequence, arrival)!.Value.MessageId));
        }

        _resumed.Add((sequence, mail));
        foreach (var sub in one.History.OpenSubOrchestrations)
        {
            if (one.Children.TryGetValue(sub.TaskId, out var child))
            {
                Rewind(session, child);
            }
            else
            {
                new SubOrchestrationStart(one.Instance.Sequence, one.Instance.Identity, sub).Apply(session, at, _effects);
            }
        }
    }
}

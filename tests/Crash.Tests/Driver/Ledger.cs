using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using AtomicDevOps.Crash.Tests.Worker;
using AtomicDevOps.Crash.Tests.Workloads;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>One time that an event was raised.</summary>
/// <param name="SentAt">The ledger's clock.</param>
internal sealed record RaisedEvent(string Event, string Payload, long SentAt)
{
    /// <summary>The ledger's clock; null while nobody knows whether it is stored.</summary>
    public long? AcknowledgedAt { get; set; }

    /// <summary>The worker answered with an error: it is not stored.</summary>
    public bool IsRefused { get; set; }
}

/// <summary>An instance that is to be started, and what is known of it.</summary>
internal sealed class LedgerInstance(string id, Workload workload, WorkloadInput input)
{
    private readonly List<RaisedEvent> _raised = [];

    public string Id => id;

    public Workload Workload => workload;

    public WorkloadInput Input => input;

    /// <summary>When the start was acknowledged, by the ledger's clock; null while nobody knows whether it is stored.</summary>
    public long? StartedAt { get; set; }

    /// <summary>The earliest of the times at which it was asked to begin.</summary>
    public DateTime EarliestStart { get; set; } = DateTime.MaxValue;

    /// <summary>The events that wait for an answer; the start goes by the empty name.</summary>
    public HashSet<string> InFlight { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<RaisedEvent> Raised => _raised;

    public bool IsAcknowledged(string name)
        => _raised.Exists(raised => raised.AcknowledgedAt is not null && string.Equals(raised.Event, name, StringComparison.Ordinal));

    public RaisedEvent Raise(string name, long at)
    {
        var time = _raised.Count(raised => string.Equals(raised.Event, name, StringComparison.Ordinal)) + 1;
        _raised.Add(new RaisedEvent(name, Events.Payload(name, time), at));
        return _raised[^1];
    }

    /// <summary>Pairs of payloads of which the first was acknowledged before the second was sent; both were consumed for sure.</summary>
    public IEnumerable<(string Earlier, string Later)> OrderedEvents()
        => from earlier in Consumed()
           from later in Consumed()
           where earlier.AcknowledgedAt < later.SentAt
           select (earlier.Payload, later.Payload);

    /// <param name="knownAt">Acknowledgements after that are left out.</param>
    public LedgerInstance Copy(long knownAt)
    {
        var copy = new LedgerInstance(id, workload, input) { StartedAt = Known(StartedAt), EarliestStart = EarliestStart };
        copy._raised.AddRange(_raised.Select(raised => raised with { AcknowledgedAt = Known(raised.AcknowledgedAt) }));
        return copy;

        long? Known(long? at) => at <= knownAt ? at : null;
    }

    public override string ToString() => id;

    /// <summary>All that were acknowledged, but what came after the first last event, for which the instance does not wait.</summary>
    public IEnumerable<RaisedEvent> Consumed()
        => _raised.Where(static raised => raised.AcknowledgedAt is not null && !string.Equals(raised.Event, Workload.LastEvent, StringComparison.Ordinal));
}

/// <summary>Something to ask of the worker.</summary>
/// <param name="Event">Null to start the instance.</param>
internal sealed record Operation(LedgerInstance Instance, RaisedEvent? Event, string Command, string[] Parts)
{
    public string Name => Event?.Event ?? string.Empty;
}

/// <summary>What is to be asked of the worker, what it was asked, and what it acknowledged.</summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly Random _random;
    private readonly List<LedgerInstance> _instances;
    private long _clock;

    private Ledger(List<LedgerInstance> instances, Random random)
    {
        _instances = instances;
        _random = random;
    }

    public IReadOnlyList<LedgerInstance> Instances => _instances;

    /// <summary>Counts what was sent and acknowledged.</summary>
    public long Clock
    {
        get
        {
            lock (_gate)
            {
                return _clock;
            }
        }
    }

    /// <summary>Answers that were errors.</summary>
    public List<string> Refusals { get; } = [];

    /// <summary>The same seed and count give the same instances and events, whatever happens to the worker.</summary>
    /// <param name="instancesOfEach">Instances of each workload.</param>
    /// <param name="paddingLength">Characters that each input carries beside what it needs.</param>
    public static Ledger Draw(int seed, int instancesOfEach, int paddingLength = 0)
    {
        var ledger = new Ledger([], new Random(seed));
        for (var i = 0; i < instancesOfEach; i++)
        {
            ledger.DrawOneOfEach(paddingLength);
        }

        return ledger;
    }

    /// <summary>Adds an instance of each workload.</summary>
    public void DrawOneOfEach(int paddingLength)
    {
        lock (_gate)
        {
            var number = _instances.Count / Workload.All.Count;
            _instances.AddRange(Workload.All.Select(workload => new LedgerInstance(
                string.Create(CultureInfo.InvariantCulture, $"{workload.Name}-{number}"),
                workload,
                workload.Draw(_random) with { Padding = new string((char)('a' + (number % 26)), paddingLength) })));
        }
    }

    /// <summary>Takes something that is to be done now: a start, or an event of an instance whose start is acknowledged.</summary>
    /// <param name="active">How many of the instances may be begun with.</param>
    public bool TryTake(int active, [NotNullWhen(true)] out Operation? operation)
    {
        lock (_gate)
        {
            var first = _random.Next(active);
            for (var i = 0; i < active; i++)
            {
                operation = Next(_instances[(first + i) % active]);
                if (operation is not null)
                {
                    operation.Instance.InFlight.Add(operation.Name);
                    return true;
                }
            }
        }

        operation = null;
        return false;
    }

    /// <param name="answer">Null if the worker died before it answered: then nobody knows.</param>
    public void Record(Operation operation, Answer? answer)
    {
        lock (_gate)
        {
            var instance = operation.Instance;
            instance.InFlight.Remove(operation.Name);
            if (answer is null)
            {
                return;
            }

            if (!answer.IsAcknowledgement)
            {
                Refusals.Add(answer.Rest);
                if (operation.Event is { } refused)
                {
                    refused.IsRefused = true;
                }
            }
            else if (operation.Event is { } raised)
            {
                raised.AcknowledgedAt = ++_clock;
            }
            else
            {
                instance.StartedAt = ++_clock;
            }
        }
    }

    /// <summary>For a copy of the store to go on with: all that was asked, and what was acknowledged.</summary>
    /// <param name="knownAt">By the ledger's clock; acknowledgements after that are left out.</param>
    /// <param name="active">How many of the instances have been begun with.</param>
    public Ledger Copy(long knownAt, int active)
    {
        lock (_gate)
        {
            return new Ledger([.. _instances.Take(active).Select(instance => instance.Copy(knownAt))], new Random(0)) { _clock = _clock };
        }
    }

    private Operation? Next(LedgerInstance instance)
    {
        if (instance.StartedAt is null)
        {
            return instance.InFlight.Count > 0 ? null : Start(instance);
        }

        var events = instance.Workload.EventsOf(instance.Input);
        if (events.FirstOrDefault(name => !instance.IsAcknowledged(name) && !instance.InFlight.Contains(name)) is { } next)
        {
            return Raise(instance, next);
        }

        return events.Count > 0 && instance.InFlight.Count == 0 && !instance.IsAcknowledged(Workload.LastEvent)
            ? Raise(instance, Workload.LastEvent)
            : null;
    }

    private Operation Start(LedgerInstance instance)
    {
        var delay = instance.Workload.StartDelay(instance.Input);
        var startAt = DateTime.UtcNow + (delay ?? TimeSpan.Zero);
        instance.EarliestStart = startAt < instance.EarliestStart ? startAt : instance.EarliestStart;
        var due = delay is null ? 0 : startAt.Ticks;
        return new Operation(
            instance,
            null,
            WorkerProgram.Start,
            [instance.Workload.Name, instance.Id, due.ToString(CultureInfo.InvariantCulture), instance.Input.ToJson()]);
    }

    private Operation Raise(LedgerInstance instance, string name)
    {
        var raised = instance.Raise(name, ++_clock);
        return new Operation(instance, raised, WorkerProgram.Raise, [instance.Id, Events.EventName, raised.Payload]);
    }
}

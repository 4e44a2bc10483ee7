using System.Text.Json;
using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>
/// One kind of orchestration in the mix: what the worker runs, and what must have come of it whatever happened to the worker. Every kind in
/// this assembly takes part; a new one is a class of its own and nothing else.
/// </summary>
internal abstract class Workload
{
    public static IReadOnlyList<Workload> All { get; } =
    [
        .. typeof(Workload).Assembly.GetTypes()
            .Where(static type => type.IsSubclassOf(typeof(Workload)) && !type.IsAbstract)
            .OrderBy(static type => type.Name, StringComparer.Ordinal)
            .Select(static type => (Workload)Activator.CreateInstance(type)!),
    ];

    /// <summary>The orchestrator's name.</summary>
    public string Name => GetType().Name;

    public static Workload Named(string name) => All.Single(workload => string.Equals(workload.Name, name, StringComparison.Ordinal));

    /// <summary>Adds the orchestrators; the worker has added the activities of <see cref="Steps"/>.</summary>
    public abstract void AddTo(FunctionRegistry functions);

    public virtual WorkloadInput Draw(Random random) => new(random.Next(2, 9), random.Next(1, 100), random.Next(0, 12));

    /// <summary>The events that the driver raises, each until it is acknowledged; after them it raises <see cref="LastEvent"/>.</summary>
    public virtual IReadOnlyList<string> EventsOf(WorkloadInput input) => [];

    /// <summary>How long after its start an instance begins; null for at once.</summary>
    public virtual TimeSpan? StartDelay(WorkloadInput input) => null;

    /// <summary>The value that an instance must come to, with or without crashes.</summary>
    public abstract string Expected(WorkloadInput input);

    /// <summary>What else must hold of this kind.</summary>
    public virtual void Check(LedgerInstance instance, WorkloadOutput output, Attempts attempts)
    {
    }

    public const string LastEvent = "last";
}

/// <param name="Size">How many steps, branches, generations or events.</param>
/// <param name="Start">The value that the instance starts from.</param>
/// <param name="Milliseconds">How long each step takes, and timers wait at least.</param>
/// <param name="Padding">Fills the disk.</param>
internal sealed record WorkloadInput(int Size, int Start, int Milliseconds, string Padding = "")
{
    public string ToJson() => JsonSerializer.Serialize(this);
}

/// <param name="Value">The same in every run.</param>
/// <param name="Steps">Every step whose result the orchestration has seen.</param>
/// <param name="Received">The events in the order in which the orchestration got them.</param>
internal sealed record WorkloadOutput(string Value, IReadOnlyList<StepRecord> Steps, IReadOnlyList<string> Received)
{
    public static WorkloadOutput FromJson(string json)
        => JsonSerializer.Deserialize<WorkloadOutput>(json) ?? throw new InvalidDataException($"Not an output: {json}");
}

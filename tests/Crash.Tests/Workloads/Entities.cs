using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>
/// Critical sections over an entity of the instance's own and one that it shares with others, some of which end with the execution. Every
/// operation counts once, in order, and nobody else's comes between two of one section.
/// </summary>
internal sealed class Entities : Workload
{
    private const int SharedEntities = 3;
    private const int SectionsPerExecution = 3;

    public override void AddTo(FunctionRegistry functions) => functions
        .AddEntity(nameof(Log), static invocation => invocation.RunAsync(new Log()))
        .AddEntity(nameof(Tally), static invocation => invocation.RunAsync(new Tally()))
        .AddOrchestrator($"{Name}.Signals", static async context =>
        {
            // Started by an operation, and so once.
            await context.Entities.SignalEntityAsync(EntityInstanceId.FromString(context.GetInput<string>()!), "append", "from a started one");
            return 0;
        })
        .AddOrchestrator(Name, static async context =>
        {
            var state = context.GetInput<State>()!;
            var input = new WorkloadInput(state.Size, state.Start, state.Milliseconds, state.Padding);
            var log = new EntityInstanceId(nameof(Log), context.InstanceId);
            var tally = new EntityInstanceId(nameof(Tally), string.Create(CultureInfo.InvariantCulture, $"{input.Start % SharedEntities}"));
            var steps = state.Steps is null ? new Steps(context, input) : new Steps(context, input, state.Steps);
            for (var i = state.Next; i < input.Size; i++)
            {
                await context.Entities.SignalEntityAsync(log, "append", $"before {i}");
                var section = await context.Entities.LockEntitiesAsync(tally, log);
                var before = await context.Entities.CallEntityAsync<int>(tally, "total");
                await steps.AddAsync(string.Create(CultureInfo.InvariantCulture, $"inside {i}"), 0);
                await context.Entities.CallEntityAsync(log, "append", $"inside {i}");
                var after = await context.Entities.CallEntityAsync<int>(tally, "add", context.InstanceId);
                if (after != before + 1)
                {
                    throw new InvalidOperationException($"The tally went from {before} to {after} inside of a critical section.");
                }

                if (i % SectionsPerExecution == SectionsPerExecution - 1 && i + 1 < input.Size)
                {
                    // Locked still.
                    context.ContinueAsNew(state with { Next = i + 1, Steps = steps.State });
                    return null;
                }

                await section.DisposeAsync();
            }

            await context.Entities.CallEntityAsync(log, "start");
            while (await context.Entities.CallEntityAsync<int>(log, "count") < (2 * input.Size) + 1)
            {
                await context.CreateTimer(TimeSpan.FromMilliseconds(20), CancellationToken.None);
            }

            var lines = await context.Entities.CallEntityAsync<List<string>>(log, "lines");
            var counted = await context.Entities.CallEntityAsync<int>(tally, "of", context.InstanceId);
            return steps.Complete(string.Create(CultureInfo.InvariantCulture, $"{counted}: {string.Join(", ", lines)}"));
        });

    public override string Expected(WorkloadInput input) => string.Create(
        CultureInfo.InvariantCulture,
        $"{input.Size}: {string.Join(", ", Enumerable.Range(0, input.Size).SelectMany(i => new[] { $"before {i}", $"inside {i}" }).Append("from a started one"))}");

    private sealed record State(int Size, int Start, int Milliseconds, string Padding = "", int Next = 0, StepsState? Steps = null);

    private sealed class Log : TaskEntity<List<string>>
    {
        public void Append(string line) => State.Add(line);

        public int Count() => State.Count;

        public List<string> Lines() => State;

        public void Start() => Context.ScheduleNewOrchestration($"{nameof(Entities)}.Signals", Context.Id.ToString());
    }

    private sealed class Tally : TaskEntity<Dictionary<string, int>>
    {
        public int Add(string instanceId)
        {
            State[instanceId] = Of(instanceId) + 1;
            return Total();
        }

        public int Of(string instanceId) => State.GetValueOrDefault(instanceId);

        public int Total() => State.Values.Sum();
    }
}

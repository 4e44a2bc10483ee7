using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EngineLoad;

/// <summary>The orchestrations and activities of all workloads. Each orchestration returns its parcel with the steps taken.</summary>
internal sealed class LoadFunctions : IDisposable
{
    /// <summary>Calls <see cref="Parcel.Steps"/> activities, one after another.</summary>
    public const string Chain = "Chain";

    /// <summary>Calls <see cref="Parcel.Steps"/> activities at once.</summary>
    public const string FanOut = "FanOut";

    /// <summary>Waits for the event <see cref="Go"/> and returns its parcel.</summary>
    public const string Wait = "Wait";

    /// <summary>As <see cref="Wait"/>, but records the parcel before and after, and shows by its custom status that it waits.</summary>
    public const string RecordedWait = "RecordedWait";

    /// <summary>Sleeps for <see cref="Parcel.Steps"/> seconds.</summary>
    public const string Sleep = "Sleep";

    /// <summary>Runs a <see cref="Chain"/> twice as sub-orchestrations, then calls an activity.</summary>
    public const string Family = "Family";

    /// <summary>Continues as new <see cref="Parcel.Steps"/> times, with an activity each.</summary>
    public const string Loop = "Loop";

    /// <summary>A timer of 50 ms, then <see cref="Parcel.Steps"/> activities one after another.</summary>
    public const string Nap = "Nap";

    /// <summary>Has a counter, an entity, count up <see cref="Parcel.Steps"/> times.</summary>
    public const string Count = "Count";

    /// <summary>Moves <see cref="Parcel.Steps"/> from one account, an entity, to another one, with both locked.</summary>
    public const string Transfer = "Transfer";

    public const string Go = "go";
    public const string Waiting = "waiting";

    private const string Advance = "Advance";
    private const string Record = "Record";
    private const int Counters = 20;
    private const int Accounts = 200;
    private static readonly TimeSpan NapTime = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly string _recordFile;
    private StreamWriter? _record;
    private long _activityRuns;

    /// <param name="dataDirectory">Where the record of <see cref="RecordedWait"/> is kept.</param>
    public LoadFunctions(string dataDirectory) => _recordFile = RecordFile(dataDirectory);

    /// <summary>How often an activity has run in this process.</summary>
    public long ActivityRuns => Interlocked.Read(ref _activityRuns);

    /// <summary>One line for each run of the recording activity: the parcel's number and what it had taken.</summary>
    public static string RecordFile(string dataDirectory) => Path.Combine(dataDirectory, "record");

    /// <summary>The counter of a <see cref="Count"/>.</summary>
    public static EntityInstanceId CounterOf(Parcel parcel) => new(nameof(Counter), FormattableString.Invariant($"{parcel.Number % Counters}"));

    public void AddTo(FunctionRegistry functions) => functions
        .AddEntity(nameof(Counter), static invocation => invocation.RunAsync(new Counter()))
        .AddEntity(nameof(Account), static invocation => invocation.RunAsync(new Account()))
        .AddActivity(Advance, activity =>
        {
            Interlocked.Increment(ref _activityRuns);
            var parcel = Input(activity);
            return Task.FromResult<object?>(parcel with { Taken = parcel.Taken + 1 });
        })
        .AddActivity(Record, activity =>
        {
            Interlocked.Increment(ref _activityRuns);
            var parcel = Input(activity);
            Append(FormattableString.Invariant($"{parcel.Number} {parcel.Taken}"));
            return Task.FromResult<object?>(parcel with { Taken = parcel.Taken + 1 });
        })
        .AddOrchestrator(Chain, async context => await ChainAsync(context, Input(context)))
        .AddOrchestrator(FanOut, async context =>
        {
            var input = Input(context);
            var results = await Task.WhenAll(Enumerable.Range(0, input.Steps)
                .Select(number => context.CallActivityAsync<Parcel>(Advance, Parcel.Create(number, steps: 1))));
            var right = results.Where((result, number) => result == Parcel.Create(number, steps: 1).Done()).Count();
            return input with { Taken = right };
        })
        .AddOrchestrator(Wait, async context => await context.WaitForExternalEvent<Parcel>(Go))
        .AddOrchestrator(RecordedWait, async context =>
        {
            var first = await context.CallActivityAsync<Parcel>(Record, Input(context));
            context.SetCustomStatus(Waiting);
            var raised = await context.WaitForExternalEvent<Parcel>(Go);
            return await context.CallActivityAsync<Parcel>(Record, raised with { Taken = first.Taken });
        })
        .AddOrchestrator(Sleep, async context =>
        {
            var input = Input(context);
            await context.CreateTimer(TimeSpan.FromSeconds(input.Steps), CancellationToken.None);
            return input.Done();
        })
        .AddOrchestrator(Family, async context =>
        {
            var input = Input(context);
            var children = await Task.WhenAll(Enumerable.Range(0, 2)
                .Select(_ => context.CallSubOrchestratorAsync<Parcel>(Chain, input with { Steps = input.Steps - 1 })));
            return children[0] == children[1]
                ? await context.CallActivityAsync<Parcel>(Advance, children[0] with { Steps = input.Steps })
                : throw new InvalidDataException($"Two equal sub-orchestrations gave {children[0]} and {children[1]}.");
        })
        .AddOrchestrator(Loop, async context =>
        {
            var parcel = await context.CallActivityAsync<Parcel>(Advance, Input(context));
            if (parcel.Taken < parcel.Steps)
            {
                context.ContinueAsNew(parcel);
            }

            return parcel;
        })
        .AddOrchestrator(Nap, async context =>
        {
            await context.CreateTimer(NapTime, CancellationToken.None);
            return await ChainAsync(context, Input(context));
        })
        .AddOrchestrator(Count, async context =>
        {
            var input = Input(context);
            var last = 0L;
            for (var step = 0; step < input.Steps; step++)
            {
                var counted = await context.Entities.CallEntityAsync<long>(CounterOf(input), nameof(Counter.Add), 1);
                last = counted > last ? counted : throw new InvalidDataException($"A counter went from {last} to {counted}.");
            }

            return input.Done();
        })
        .AddOrchestrator(Transfer, async context => await TransferAsync(context, Input(context)));

    public void Dispose() => _record?.Dispose();

    private static async Task<Parcel> ChainAsync(TaskOrchestrationContext context, Parcel parcel)
    {
        for (var step = parcel.Taken; step < parcel.Steps; step++)
        {
            parcel = await context.CallActivityAsync<Parcel>(Advance, parcel);
        }

        return parcel;
    }

    private static async Task<Parcel> TransferAsync(TaskOrchestrationContext context, Parcel parcel)
    {
        var from = Account(parcel.Number);
        var to = Account(parcel.Number * 7L + 3);
        await using (await context.Entities.LockEntitiesAsync(from, to))
        {
            var before = await context.Entities.CallEntityAsync<long>(from, nameof(EngineLoad.Account.Add), 0);
            await context.Entities.CallEntityAsync<long>(from, nameof(EngineLoad.Account.Add), -parcel.Steps);
            await context.Entities.CallEntityAsync<long>(to, nameof(EngineLoad.Account.Add), parcel.Steps);
            var after = await context.Entities.CallEntityAsync<long>(from, nameof(EngineLoad.Account.Add), 0);
            return after == before - (from == to ? 0 : parcel.Steps)
                ? parcel.Done()
                : throw new InvalidDataException($"'{from}' held {before} and, less {parcel.Steps}, {after}, though it was locked.");
        }

        static EntityInstanceId Account(long number) => new(nameof(EngineLoad.Account), FormattableString.Invariant($"{number % Accounts}"));
    }

    private static Parcel Input(TaskOrchestrationContext context)
        => context.GetInput<Parcel>() ?? throw new InvalidDataException($"Instance '{context.InstanceId}' has no input.");

    private static Parcel Input(ActivityInvocation activity)
        => (Parcel?)activity.GetInput(typeof(Parcel)) ?? throw new InvalidDataException($"Activity '{activity.Name}' of '{activity.InstanceId}' has no input.");

    private void Append(string line)
    {
        lock (_gate)
        {
            _record ??= new StreamWriter(_recordFile, append: true) { AutoFlush = true };
            _record.WriteLine(line);
        }
    }
}

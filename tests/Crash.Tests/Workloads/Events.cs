using System.Globalization;
using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>
/// Events from outside, with activities between them and over several executions; what the value is made of is each event once, whatever the
/// driver had to raise again. Half of the instances start later and get their events before.
/// </summary>
internal sealed class Events : Workload
{
    public const string EventName = "item";

    private const int EventsPerExecution = 3;
    private const int EventsPerStep = 2;

    public override WorkloadInput Draw(Random random) => base.Draw(random) with { Size = random.Next(1, 12) };

    public override void AddTo(FunctionRegistry functions) => functions.AddOrchestrator(Name, static async context =>
    {
        var state = context.GetInput<State>()!;
        var input = new WorkloadInput(state.Size, state.Start, state.Milliseconds, state.Padding);
        var steps = state.Steps is null ? new Steps(context, input) : new Steps(context, input, state.Steps);
        List<string> received = [.. state.Received ?? []];
        if (received.Count == 0)
        {
            await steps.AddAsync("begin", 0);
        }

        for (var i = 0; i < EventsPerExecution; i++)
        {
            received.Add(await context.WaitForExternalEvent<string>(EventName));
            if (string.Equals(EventOf(received[^1]), LastEvent, StringComparison.Ordinal))
            {
                return steps.Complete(Value(received.Select(EventOf)), received);
            }

            if (received.Count % EventsPerStep == 0)
            {
                await steps.AddAsync(string.Create(CultureInfo.InvariantCulture, $"after event {received.Count}"), 0);
            }
        }

        context.ContinueAsNew(state with { Steps = steps.State, Received = received });
        return null;
    });

    public override IReadOnlyList<string> EventsOf(WorkloadInput input)
        => [.. Enumerable.Range(0, input.Size).Select(static i => string.Create(CultureInfo.InvariantCulture, $"event {i}"))];

    public override TimeSpan? StartDelay(WorkloadInput input)
        => input.Start % 2 == 0 ? TimeSpan.FromMilliseconds(3 * input.Start) : null;

    public override string Expected(WorkloadInput input) => Value([.. EventsOf(input), LastEvent]);

    public override void Check(LedgerInstance instance, WorkloadOutput output, Attempts attempts)
    {
        output.Received.ShouldBeUnique($"{instance}: an event was consumed twice");
        var index = output.Received.Index().ToDictionary(static item => item.Item, static item => item.Index, StringComparer.Ordinal);
        foreach (var (earlier, later) in instance.OrderedEvents())
        {
            index[earlier].ShouldBeLessThan(index[later], $"{instance}: {later} was raised after {earlier} had been acknowledged");
        }

        var known = instance.Raised.Select(static raised => raised.Payload).ToHashSet(StringComparer.Ordinal);
        output.Received.ShouldAllBe(received => known.Contains(received), $"{instance}: an event that nobody raised");
        foreach (var refused in instance.Raised.Where(static raised => raised.IsRefused))
        {
            output.Received.ShouldNotContain(refused.Payload, $"{instance}: raising this event was refused");
        }

        attempts.Of(instance.Id).ShouldAllBe(attempt => attempt.At >= instance.EarliestStart, $"{instance} ran before it was to start");
    }

    /// <summary>A payload is the event, and which time it is raised.</summary>
    public static string Payload(string item, int time) => string.Create(CultureInfo.InvariantCulture, $"{item}#{time}");

    private static string EventOf(string payload) => payload[..payload.IndexOf('#', StringComparison.Ordinal)];

    private static string Value(IEnumerable<string> events) => string.Join(", ", events.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private sealed record State(
        int Size, int Start, int Milliseconds, string Padding = "", StepsState? Steps = null, IReadOnlyList<string>? Received = null);
}

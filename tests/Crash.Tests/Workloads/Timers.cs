using System.Globalization;
using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>Timers that fire, timers that are cancelled, and waits that time out; no timer fires early.</summary>
internal sealed class Timers : Workload
{
    public override void AddTo(FunctionRegistry functions) => functions.AddOrchestrator(Name, static async context =>
    {
        var input = context.GetInput<WorkloadInput>()!;
        var steps = new Steps(context, input);
        var value = input.Start;
        for (var i = 0; i < input.Size; i++)
        {
            var dueTime = context.CurrentUtcDateTime.AddMilliseconds(input.Milliseconds * (i + 1));
            using var cancellation = new CancellationTokenSource();
            var tomorrow = context.CreateTimer(TimeSpan.FromDays(1), cancellation.Token);
            var fired = await Task.WhenAny(context.CreateTimer(dueTime, CancellationToken.None), tomorrow);
            if (fired == tomorrow || context.CurrentUtcDateTime < dueTime)
            {
                throw new InvalidOperationException($"A timer fired early: at {context.CurrentUtcDateTime:O}, due {dueTime:O}.");
            }

            cancellation.Cancel();
            value = await steps.AddAsync(Step(i), value, dueTime);
        }

        try
        {
            await context.WaitForExternalEvent<string>("never", TimeSpan.FromMilliseconds(input.Milliseconds));
        }
        catch (TaskCanceledException)
        {
            value = await steps.AddAsync("timed out", value);
        }

        return steps.Complete(value);
    });

    public override string Expected(WorkloadInput input) => (input.Start + input.Size + 1).ToString(CultureInfo.InvariantCulture);

    public override void Check(LedgerInstance instance, WorkloadOutput output, Attempts attempts)
        => attempts.ShouldRunInOrder(instance.Id, [.. Enumerable.Range(0, instance.Input.Size).Select(Step), "timed out"]);

    private static string Step(int index) => string.Create(CultureInfo.InvariantCulture, $"after timer {index}");
}

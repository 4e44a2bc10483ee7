using System.Globalization;
using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>A saga: steps are done until one fails, then what was done is undone in reverse.</summary>
internal sealed class Compensation : Workload
{
    private const string Failing = "failing";

    public override void AddTo(FunctionRegistry functions) => functions.AddOrchestrator(Name, static async context =>
    {
        var input = context.GetInput<WorkloadInput>()!;
        var steps = new Steps(context, input);
        var undo = new Stack<int>();
        var trace = new List<string>();
        try
        {
            for (var i = 0; i < Done(input); i++)
            {
                await steps.AddAsync(Do(i), i);
                undo.Push(i);
                trace.Add(Do(i));
            }

            await steps.FailAsync(Failing);
        }
        catch (TaskFailedException)
        {
            while (undo.TryPop(out var i))
            {
                await steps.AddAsync(Undo(i), i);
                trace.Add(Undo(i));
            }
        }

        return steps.Complete(string.Join(", ", trace));
    });

    public override string Expected(WorkloadInput input)
        => string.Join(", ", Enumerable.Range(0, Done(input)).Select(Do).Concat(Enumerable.Range(0, Done(input)).Reverse().Select(Undo)));

    public override void Check(LedgerInstance instance, WorkloadOutput output, Attempts attempts)
    {
        var done = Enumerable.Range(0, Done(instance.Input)).ToList();
        attempts.ShouldRunInOrder(instance.Id, [.. done.Select(Do), Failing, .. Enumerable.Reverse(done).Select(Undo)]);
    }

    private static int Done(WorkloadInput input) => input.Start % (input.Size + 1);

    private static string Do(int index) => string.Create(CultureInfo.InvariantCulture, $"do {index}");

    private static string Undo(int index) => string.Create(CultureInfo.InvariantCulture, $"undo {index}");
}

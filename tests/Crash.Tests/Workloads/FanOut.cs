using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>Activities at once, then one more that has seen all their results.</summary>
internal sealed class FanOut : Workload
{
    public override void AddTo(FunctionRegistry functions) => functions.AddOrchestrator(Name, static async context =>
    {
        var input = context.GetInput<WorkloadInput>()!;
        var steps = new Steps(context, input);
        var values = await steps.AddAsync(
            [.. Enumerable.Range(0, input.Size).Select(i => (string.Create(CultureInfo.InvariantCulture, $"branch {i}"), input.Start + i))]);
        return steps.Complete(await steps.AddAsync("join", values.Sum()));
    });

    public override string Expected(WorkloadInput input)
        => (Enumerable.Range(0, input.Size).Sum(i => input.Start + i + 1) + 1).ToString(CultureInfo.InvariantCulture);
}

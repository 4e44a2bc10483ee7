using System.Globalization;
using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>Activities one after another.</summary>
internal sealed class Chain : Workload
{
    public override void AddTo(FunctionRegistry functions) => functions.AddOrchestrator(Name, static async context =>
    {
        var input = context.GetInput<WorkloadInput>()!;
        var steps = new Steps(context, input);
        var value = input.Start;
        for (var i = 0; i < input.Size; i++)
        {
            value = await steps.AddAsync(Step(i), value);
        }

        return steps.Complete(value);
    });

    public override string Expected(WorkloadInput input) => (input.Start + input.Size).ToString(CultureInfo.InvariantCulture);

    public override void Check(LedgerInstance instance, WorkloadOutput output, Attempts attempts)
        => attempts.ShouldRunInOrder(instance.Id, Enumerable.Range(0, instance.Input.Size).Select(Step));

    private static string Step(int index) => string.Create(CultureInfo.InvariantCulture, $"step {index}");
}

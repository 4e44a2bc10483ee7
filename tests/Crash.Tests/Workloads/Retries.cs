using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>Activities that fail and are tried again.</summary>
internal sealed class Retries : Workload
{
    public override WorkloadInput Draw(Random random) => base.Draw(random) with { Size = random.Next(1, 4) };

    public override void AddTo(FunctionRegistry functions) => functions.AddOrchestrator(Name, static async context =>
    {
        var input = context.GetInput<WorkloadInput>()!;
        var steps = new Steps(context, input);
        var value = input.Start;
        for (var i = 0; i < input.Size; i++)
        {
            value = await steps.AddWithRetriesAsync(string.Create(CultureInfo.InvariantCulture, $"retried {i}"), value);
        }

        return steps.Complete(value);
    });

    public override string Expected(WorkloadInput input) => (input.Start + input.Size).ToString(CultureInfo.InvariantCulture);
}

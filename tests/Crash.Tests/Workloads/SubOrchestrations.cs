using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>Children at once, with ids given and made up, and one that fails.</summary>
internal sealed class SubOrchestrations : Workload
{
    private const string Child = "Child";
    private const string FailingChild = "FailingChild";

    public override WorkloadInput Draw(Random random) => base.Draw(random) with { Size = random.Next(1, 5) };

    public override void AddTo(FunctionRegistry functions) => functions
        .AddOrchestrator(Name, static async context =>
        {
            var input = context.GetInput<WorkloadInput>()!;
            var steps = new Steps(context, input);
            var children = Enumerable.Range(0, input.Size).Select(i => context.CallSubOrchestratorAsync<WorkloadOutput>(
                Child,
                input with { Start = input.Start + i },
                i % 2 == 0
                    ? new TaskOptions().WithInstanceId(string.Create(CultureInfo.InvariantCulture, $"{context.InstanceId}/{i}"))
                    : null)).ToList();
            var failing = context.CallSubOrchestratorAsync<WorkloadOutput>(FailingChild, input);
            var value = 0;
            foreach (var output in await Task.WhenAll(children))
            {
                value += int.Parse(output.Value, CultureInfo.InvariantCulture);
                steps.AddRange(output);
            }

            try
            {
                await failing;
            }
            catch (TaskFailedException)
            {
                value = await steps.AddAsync("after failure", value);
            }

            return steps.Complete(value);
        })
        .AddOrchestrator(Child, static async context =>
        {
            var input = context.GetInput<WorkloadInput>()!;
            var steps = new Steps(context, input);
            return steps.Complete(await steps.AddAsync("second", await steps.AddAsync("first", input.Start)));
        })
        .AddOrchestrator(FailingChild, static async context =>
        {
            await new Steps(context, context.GetInput<WorkloadInput>()!).FailAsync("failing");
            return null;
        });

    public override string Expected(WorkloadInput input)
        => (Enumerable.Range(0, input.Size).Sum(i => input.Start + i + 2) + 1).ToString(CultureInfo.InvariantCulture);
}

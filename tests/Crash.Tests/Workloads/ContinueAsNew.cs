using System.Globalization;
using AtomicDevOps.Crash.Tests.Driver;
using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>One step an execution, each execution continuing as new, the last two without any step at all.</summary>
internal sealed class ContinueAsNew : Workload
{
    public override void AddTo(FunctionRegistry functions) => functions.AddOrchestrator(Name, static async context =>
    {
        var state = context.GetInput<State>()!;
        var input = new WorkloadInput(state.Size, state.Start, state.Milliseconds, state.Padding);
        var steps = state.Steps is null ? new Steps(context, input) : new Steps(context, input, state.Steps);
        if (state.Execution == state.Size + 2)
        {
            return steps.Complete(state.Start);
        }

        var value = state.Start + 1;
        if (state.Execution < state.Size)
        {
            value = await steps.AddAsync(Step(state.Execution), state.Start);
        }

        context.ContinueAsNew(state with { Start = value, Execution = state.Execution + 1, Steps = steps.State });
        return null;
    });

    public override string Expected(WorkloadInput input) => (input.Start + input.Size + 2).ToString(CultureInfo.InvariantCulture);

    public override void Check(LedgerInstance instance, WorkloadOutput output, Attempts attempts)
        => attempts.ShouldRunInOrder(instance.Id, Enumerable.Range(0, instance.Input.Size).Select(Step));

    private static string Step(int execution) => string.Create(CultureInfo.InvariantCulture, $"execution {execution}");

    private sealed record State(int Size, int Start, int Milliseconds, string Padding = "", int Execution = 0, StepsState? Steps = null);
}

using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>Events from one orchestration to another: each comes once, in the order of sending.</summary>
internal sealed class Messages : Workload
{
    private const string Receiver = "Receiver";
    private const string Message = "message";
    private const int MessagesPerExecution = 2;

    public override void AddTo(FunctionRegistry functions) => functions
        .AddOrchestrator(Name, static async context =>
        {
            var input = context.GetInput<WorkloadInput>()!;
            var steps = new Steps(context, input);
            var receiverId = $"{context.InstanceId}/receiver";
            var receiver = context.CallSubOrchestratorAsync<string>(
                Receiver, new State(input.Size, []), new TaskOptions().WithInstanceId(receiverId));
            for (var i = 0; i < input.Size; i++)
            {
                context.SendEvent(receiverId, Message, i);
                if (i % 3 == 2)
                {
                    await steps.AddAsync(string.Create(CultureInfo.InvariantCulture, $"after message {i}"), 0);
                }
            }

            context.SendEvent(receiverId, Message, input.Size);
            return steps.Complete(await receiver);
        })
        .AddOrchestrator(Receiver, static async context =>
        {
            var state = context.GetInput<State>()!;
            List<int> received = [.. state.Received];
            for (var i = 0; i < MessagesPerExecution; i++)
            {
                received.Add(await context.WaitForExternalEvent<int>(Message));
                if (received[^1] == state.Last)
                {
                    return string.Join(", ", received);
                }
            }

            context.ContinueAsNew(state with { Received = received });
            return null;
        });

    public override string Expected(WorkloadInput input) => string.Join(", ", Enumerable.Range(0, input.Size + 1));

    private sealed record State(int Last, IReadOnlyList<int> Received);
}

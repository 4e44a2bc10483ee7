using System.Globalization;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.DurableTask;

namespace AtomicDevOps.Crash.Tests.Workloads;

/// <summary>Events from one orchestration to another: each comes once, in the order of sending.</summary>
internal sealed class Messages : Workload
{
    private const string Receiver = "Receiver";
    private const string Message = "message";

    public override void AddTo(FunctionRegistry functions) => functions
        .AddOrchestrator(Name, static async context =>
        {
            var input = context.GetInput<WorkloadInput>()!;
            var steps = new Steps(context, input);
            var receiverId = $"{context.InstanceId}/receiver";
            var receiver = context.CallSubOrchestratorAsync<string>(Receiver, input.Size, new TaskOptions().WithInstanceId(receiverId));
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
            var received = new List<int>();
            while (received.Count == 0 || received[^1] != context.GetInput<int>())
            {
                received.Add(await context.WaitForExternalEvent<int>(Message));
            }

            return string.Join(", ", received);
        });

    public override string Expected(WorkloadInput input) => string.Join(", ", Enumerable.Range(0, input.Size + 1));
}

using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Commands;

/// <summary>Orchestrators for operators to look at.</summary>
public static class OperatedFunctions
{
    private static readonly ConcurrentDictionary<string, bool> Broken = new(StringComparer.Ordinal);

    private sealed class Tally : TaskEntity<int>
    {
        public int Add(int amount) => State += amount;
    }

    [Function("Echo")]
    public static async Task<string> EchoAsync([OrchestrationTrigger] TaskOrchestrationContext context, string input)
    {
        context.SetCustomStatus(input);
        return await context.CallActivityAsync<string>("Same", input);
    }

    [Function("Same")]
    public static string Same([ActivityTrigger] string input) => input;

    [Function("Tallies")]
    public static async Task TalliesAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        await context.Entities.SignalEntityAsync(new EntityInstanceId("Tally", "b"), "Add", 2);
        await using (await context.Entities.LockEntitiesAsync(new EntityInstanceId("Tally", "a")))
        {
            await context.Entities.CallEntityAsync<int>(new EntityInstanceId("Tally", "a"), "Add", 1);
        }
    }

    [Function("Tally")]
    public static Task TallyAsync([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync(new Tally());

    [Function("WaitForGo")]
    public static Task<string> WaitForGoAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.WaitForExternalEvent<string>("Go", CancellationToken.None);

    [Function("Parent")]
    public static Task<string> ParentAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        context.CallSubOrchestratorAsync<string>(
            "WaitForGo", options: new TaskOptions().WithInstanceId(context.InstanceId + "-child"));

    [Function("FailOnce")]
    public static Task FailOnceAsync([OrchestrationTrigger] TaskOrchestrationContext context, string key) =>
        context.CallActivityAsync("BreakOnce", key);

    [Function("BreakOnce")]
    public static void BreakOnce([ActivityTrigger] string key)
    {
        if (Broken.TryAdd(key, true))
        {
            throw new InvalidOperationException("the first time");
        }
    }

    [Function("Fail")]
    public static Task FailAsync([OrchestrationTrigger] TaskOrchestrationContext context) => context.CallActivityAsync("Break");

    [Function("Break")]
    public static void Break([ActivityTrigger] object? input) =>
        throw new InvalidOperationException("on purpose", new TimeoutException("the cause"));

    public static async Task RunAsync(this DurableTaskClient client, string name, string id, object? input = null)
    {
        await client.StartAsync(name, id, input);
        await client.WaitForInstanceCompletionAsync(id, TestContext.Current.CancellationToken);
    }

    public static async Task StartAsync(this DurableTaskClient client, string name, string id, object? input = null)
    {
        await client.ScheduleNewOrchestrationInstanceAsync(
            name, input, new StartOrchestrationOptions(id), TestContext.Current.CancellationToken);
        await client.WaitForInstanceStartAsync(id, TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until the instance has this status.</summary>
    public static async Task ReachAsync(this DurableTaskClient client, string id, OrchestrationRuntimeStatus status)
    {
        while ((await client.GetInstanceAsync(id, TestContext.Current.CancellationToken))!.RuntimeStatus != status)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}

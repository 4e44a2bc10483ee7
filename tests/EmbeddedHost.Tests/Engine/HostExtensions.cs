using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EmbeddedHost.Tests.Engine;

internal static class HostExtensions
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Starts an orchestration, skips all time until nothing is left to do, and reads the instance.</summary>
    public static async Task<OrchestrationMetadata> RunAsync(this DurableTestHost host, string orchestrator, object? input = null)
    {
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator, input, Token);
        await host.RunUntilIdleAsync(Token);
        return await host.ReadAsync(id);
    }

    public static async Task<OrchestrationMetadata> ReadAsync(this DurableTestHost host, string id)
        => (await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Token)).ShouldNotBeNull($"instance {id}");

    /// <summary>The output of an instance that must have completed.</summary>
    public static T? Output<T>(this OrchestrationMetadata instance)
    {
        instance.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, $"{instance} {instance.FailureDetails}");
        return instance.ReadOutputAs<T>();
    }

    public static FunctionRegistry AddActivity<TIn, TOut>(this FunctionRegistry functions, string name, Func<TIn, TOut> run)
        => functions.AddActivity(name, activity => Task.FromResult<object?>(run((TIn)activity.GetInput(typeof(TIn))!)));
}

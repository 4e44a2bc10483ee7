using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Client;

public sealed class RewindTests : ConformanceTest
{
    private readonly List<string> _runs = [];

    private bool _isBroken = true;

    [Fact]
    public async Task Failed_activities_run_again_and_the_others_keep_their_results()
    {
        Requires(HostFeature.Rewind);

        await using var host = await StartAsync(tasks => AddWork(tasks).AddOrchestrator("Both", static async context =>
        {
            var kept = context.CallActivityAsync<string>("Work", "kept");
            var broken = context.CallActivityAsync<string>("Break", "broken");
            return string.Join(' ', await Task.WhenAll(kept, broken));
        }));
        var failed = await host.RunAsync("Both");
        failed.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("kept broken");
        _runs.Order(StringComparer.Ordinal).ShouldBe(["broken", "broken", "kept"]);
    }

    [Fact]
    public async Task Failed_sub_orchestrations_are_rewound_too()
    {
        Requires(HostFeature.Rewind);

        await using var host = await StartAsync(tasks => AddWork(tasks)
            .AddOrchestrator("Parent", static context => context.CallSubOrchestratorAsync<string>("Child"))
            .AddOrchestrator("Child", static async context =>
                await context.CallActivityAsync<string>("Work", "kept") + await context.CallActivityAsync<string>("Break", "broken")));
        var failed = await host.RunAsync("Parent");
        failed.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);

        (await RewindAsync(host, failed.InstanceId)).Output<string>().ShouldBe("keptbroken");
        _runs.ShouldBe(["kept", "broken", "broken"]);
    }

    [Fact]
    public async Task Only_an_instance_that_is_there_and_failed_can_be_rewound()
    {
        Requires(HostFeature.Rewind);

        await using var host = await StartAsync(static tasks => tasks.AddOrchestrator("Fine", static _ => Task.FromResult("fine")));
        var fine = await host.RunAsync("Fine");

        await Should.ThrowAsync<InvalidOperationException>(() => host.Client.RewindInstanceAsync(fine.InstanceId, "why not", Token));
        await Should.ThrowAsync<ArgumentException>(() => host.Client.RewindInstanceAsync("nobody", "why not", Token));
    }

    private async Task<OrchestrationMetadata> RewindAsync(IDurableHost host, string id)
    {
        _isBroken = false;
        await host.Client.RewindInstanceAsync(id, "mended", Token);
        return await host.SettleAsync(id);
    }

    private ITaskSet AddWork(ITaskSet tasks) => tasks
        .AddActivity("Work", (string value) => Run(value, isBroken: false))
        .AddActivity("Break", (string value) => Run(value, _isBroken));

    private string Run(string value, bool isBroken)
    {
        lock (_runs)
        {
            _runs.Add(value);
        }

        return isBroken ? throw new IOException("broken") : value;
    }
}

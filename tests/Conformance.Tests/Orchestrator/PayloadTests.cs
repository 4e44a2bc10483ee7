using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.Conformance.Tests.Orchestrator;

public sealed class PayloadTests : ConformanceTest
{
    [Fact]
    public async Task Payloads_are_json_with_names_as_written_fields_nulls_and_enums_by_number()
    {
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<Order, Order>("Echo", (context, input) => context.CallActivityAsync<Order>("Echo", input))
            .AddActivity("Echo", (Order order) => order));

        var instance = await host.RunAsync("Echo", new Order { Name = "é<", Day = DayOfWeek.Friday, Count = 3 });

        const string Expected = """{"Name":"\u00E9\u003C","Day":5,"Missing":null,"Count":3}""";
        instance.SerializedInput.ShouldBe(Expected);
        instance.SerializedOutput.ShouldBe(Expected);
    }

    [Fact]
    public async Task Inputs_outputs_events_statuses_and_results_of_megabytes_arrive_whole()
    {
        var large = new string('x', 2_000_000) + "é";
        await using var host = await StartAsync(tasks => tasks
            .AddOrchestrator<string, string>("Carries", async (context, input) =>
            {
                var fromActivity = await context.CallActivityAsync<string>("Echo", input);
                var fromChild = await context.CallSubOrchestratorAsync<string>("Child", fromActivity);
                context.SetCustomStatus(fromChild);
                return fromChild + await context.WaitForExternalEvent<string>("more");
            })
            .AddOrchestrator<string, string>("Child", (_, input) => Task.FromResult(input))
            .AddActivity("Echo", (string value) => value));
        var id = await host.BeginAsync("Carries", large);
        await host.SettleAsync();
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "more", large, Token);

        var instance = await host.SettleAsync(id);

        string.Equals(instance.Output<string>(), large + large, StringComparison.Ordinal).ShouldBeTrue();
        string.Equals(instance.ReadInputAs<string>(), large, StringComparison.Ordinal).ShouldBeTrue();
        string.Equals(instance.ReadCustomStatusAs<string>(), large, StringComparison.Ordinal).ShouldBeTrue();
    }

    [Fact]
    public async Task A_null_input_and_a_null_output_are_no_payload()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<string?, string?>("Echo", (_, input) => Task.FromResult(input)));

        var instance = await host.RunAsync("Echo");

        instance.SerializedInput.ShouldBeNull();
        instance.SerializedOutput.ShouldBeNull();
        instance.Output<string?>().ShouldBeNull();
    }

    [Fact]
    public async Task The_input_can_be_read_from_the_context_too()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int[], int>(
            "Sums", (context, input) => Task.FromResult(input.Sum() + context.GetInput<int[]>()!.Length)));

        (await host.RunAsync("Sums", new[] { 1, 2, 3 })).Output<int>().ShouldBe(9);
    }

    [Fact]
    public async Task An_input_of_another_shape_fails_the_instance()
    {
        await using var host = await StartAsync(tasks => tasks.AddOrchestrator<int, int>("Doubles", (_, input) => Task.FromResult(2 * input)));

        (await host.RunAsync("Doubles", "two")).RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);
    }

    private sealed class Order
    {
        public int Count;

        public string? Name { get; init; }

        public DayOfWeek Day { get; init; }

        public string? Missing { get; init; }
    }
}

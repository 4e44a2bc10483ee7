using System.Diagnostics;
using AtomicDevOps.Conformance.Tests.Harness;
using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.EmbeddedHost.Tests.Engine;
using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Tests.Tracing;

public sealed class TracingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private const string MixedTree =
        """
        create_orchestration:Mixed@(2.0) producer
          orchestration:Mixed@(2.0) server
            activity:Double@(2.0) client
              activity:Double@(2.0) server
            activity:Double@(2.0) client
              activity:Double@(2.0) server
            orchestration:Child client
              orchestration:Child server
                activity:Double client
                  activity:Double server
            orchestration:Mixed:timer internal
            orchestration_event:ready producer
        """;

    [Fact]
    public async Task Replays_for_want_of_memory_write_no_span_again()
    {
        using var spans = new RecordedSpans();
        await using var host = await DurableTestHost.StartAsync(
            static functions => AddMixed(functions), configure: static options => options.MaxInstancesInMemory = 1);
        var root = spans.StartRoot();

        var id = await host.Client.StartUnderAsync(root, "Mixed", 1, new StartOrchestrationOptions { Version = "2.0" });
        await host.RunUntilIdleAsync(Token);
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Token);
        await host.RunUntilIdleAsync(Token);
        await host.Client.RaiseEventAsync(id, "go", cancellation: Token);
        await host.RunUntilIdleAsync(Token);

        spans.Tree(root.SpanId).ShouldBe(MixedTree, StringCompareShould.IgnoreLineEndings);
    }

    [Fact]
    public async Task A_span_lasts_from_the_turn_that_asked_to_the_turn_that_got_the_answer()
    {
        using var spans = new RecordedSpans();
        await using var host = await DurableTestHost.StartAsync(static functions => AddMixed(functions));
        var began = host.Time.GetUtcNow().UtcDateTime;

        var id = await host.Client.StartUnderAsync(spans.StartRoot(), "Mixed", 1, new StartOrchestrationOptions { Version = "2.0" });
        await host.RunUntilIdleAsync(Token);
        await host.RestartAsync();
        host.Time.AdvanceTo(new DateTimeOffset(began.AddHours(3)));
        await host.Client.RaiseEventAsync(id, "go", cancellation: Token);
        await host.RunUntilIdleAsync(Token);

        Times(spans["orchestration:Mixed:timer"]).ShouldBe((began, began.AddHours(1)));
        Times(spans["orchestration:Child", ActivityKind.Client]).ShouldBe((began.AddHours(3), began.AddHours(3)));
        Times(spans["orchestration:Mixed@(2.0)"]).ShouldBe((began, began.AddHours(3)));

        static (DateTime, DateTime) Times(Activity span)
            => (span.StartTimeUtc, span.StartTimeUtc + (span.Duration.Ticks == 1 ? TimeSpan.Zero : span.Duration));
    }

    [Fact]
    public async Task A_terminated_instance_ends_its_span_as_an_error()
    {
        using var spans = new RecordedSpans();
        await using var host = await DurableTestHost.StartAsync(static functions => AddMixed(functions));

        var id = await host.Client.StartUnderAsync(spans.StartRoot(), "Waits");
        await host.RunUntilIdleAsync(Token);
        spans.All.ShouldHaveSingleItem().OperationName.ShouldBe("create_orchestration:Waits");
        await host.Client.TerminateInstanceAsync(id, cancellation: Token);
        await host.RunUntilIdleAsync(Token);

        Error(spans["orchestration:Waits"]).ShouldBe("Terminated");
        spans["orchestration:Waits"].GetTagItem("durabletask.task.status").ShouldBe("Terminated");
    }

    [Fact]
    public async Task Each_execution_of_an_eternal_orchestration_has_a_span_in_the_same_trace()
    {
        using var spans = new RecordedSpans();
        await using var host = await DurableTestHost.StartAsync(static functions => AddMixed(functions)
            .AddOrchestrator("Eternal", static async context =>
            {
                var round = context.GetInput<int>();
                await context.CallActivityAsync<int>("Double", round);
                if (round < 3)
                {
                    context.ContinueAsNew(round + 1);
                }

                return round;
            }));
        var root = spans.StartRoot();

        await host.Client.StartUnderAsync(root, "Eternal", 1);
        await host.RunUntilIdleAsync(Token);

        spans.Tree(root.SpanId).ShouldBe(
            """
            create_orchestration:Eternal producer
              orchestration:Eternal server
                activity:Double client
                  activity:Double server
              orchestration:Eternal server
                activity:Double client
                  activity:Double server
              orchestration:Eternal server
                activity:Double client
                  activity:Double server
            """,
            StringCompareShould.IgnoreLineEndings);
        spans.All.Where(static span => span.OperationName is "orchestration:Eternal").Select(static span => span.GetTagItem("durabletask.task.status"))
            .ShouldBe(["ContinuedAsNew", "ContinuedAsNew", "Completed"]);
    }

    [Fact]
    public async Task A_rewound_instance_has_a_span_of_its_own_and_so_have_its_sub_orchestrations()
    {
        var isBroken = true;
        using var spans = new RecordedSpans();
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddActivity("Break", (int value) => isBroken ? throw new IOException("away") : value)
            .AddOrchestrator("Inner", static async context => await context.CallActivityAsync<int>("Break", 5))
            .AddOrchestrator("Outer", static async context => await context.CallSubOrchestratorAsync<int>("Inner")));
        var root = spans.StartRoot();
        var id = await host.Client.StartUnderAsync(root, "Outer");
        await host.RunUntilIdleAsync(Token);

        isBroken = false;
        await host.Client.RewindInstanceAsync(id, "mended", Token);
        await host.RunUntilIdleAsync(Token);

        (await host.ReadAsync(id)).Output<int>().ShouldBe(5);
        const string Execution =
            """
              orchestration:Outer server
                orchestration:Inner client
                  orchestration:Inner server
                    activity:Break client
                      activity:Break server
            """;
        spans.Tree(root.SpanId).ShouldBe($"create_orchestration:Outer producer\n{Execution}\n{Execution}", StringCompareShould.IgnoreLineEndings);
    }

    [Fact]
    public async Task The_current_span_of_a_function_is_the_one_that_stands_for_it()
    {
        using var spans = new RecordedSpans();
        var seen = new List<string?>();
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddActivity("Look", (int value) =>
            {
                RecordedSpans.Touch("inside");
                seen.Add(Activity.Current?.OperationName);
                return value;
            })
            .AddOrchestrator("Looks", async context =>
            {
                seen.Add(Activity.Current?.OperationName);
                await context.CallActivityAsync<int>("Look", 1);
                seen.Add(Activity.Current?.OperationName);
                await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
                seen.Add(Activity.Current?.OperationName);
                Activity.Current?.SetTag("order", 4711);
                return null;
            }));

        await host.Client.StartUnderAsync(spans.StartRoot(), "Looks");
        await host.RunUntilIdleAsync(Token);

        seen.ShouldBe(["orchestration:Looks", "activity:Look", "orchestration:Looks", "orchestration:Looks"]);
        spans.Touched.Single(static span => span.OperationName is "inside").ParentSpanId
            .ShouldBe(spans["activity:Look", ActivityKind.Server].SpanId);
        spans["orchestration:Looks"].GetTagItem("order").ShouldBe(4711);
    }

    [Fact]
    public async Task After_a_restart_the_replayed_code_has_the_same_span_current()
    {
        using var spans = new RecordedSpans();
        var seen = new List<string?>();
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddOrchestrator("Looks", async context =>
            {
                seen.Add(Activity.Current?.Id);
                await context.WaitForExternalEvent<string>("go");
                seen.Add(Activity.Current?.Id);
                return null;
            }));

        var id = await host.Client.StartUnderAsync(spans.StartRoot(), "Looks");
        await host.RunUntilIdleAsync(Token);
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", "now", Token);
        await host.RunUntilIdleAsync(Token);

        var own = spans["orchestration:Looks"].Id;
        seen.ShouldBe([own, own, own]);
    }

    [Fact]
    public async Task Trace_state_reaches_every_span()
    {
        using var spans = new RecordedSpans();
        await using var host = await DurableTestHost.StartAsync(static functions => AddMixed(functions));

        await host.Client.StartUnderAsync(spans.StartRoot("vendor=value"), "Child", 1);
        await host.RestartAsync();
        await host.RunUntilIdleAsync(Token);

        spans.All.Count.ShouldBe(4);
        spans.All.Select(static span => span.TraceStateString).Distinct(StringComparer.Ordinal).ShouldBe(["vendor=value"]);
    }

    [Fact]
    public async Task A_trace_that_is_not_sampled_is_handed_on_and_stays_so()
    {
        using var spans = new RecordedSpans(ActivitySamplingResult.PropagationData);
        var flags = new List<ActivityTraceFlags?>();
        await using var host = await DurableTestHost.StartAsync(functions => functions
            .AddActivity("Look", (int value) =>
            {
                flags.Add(Activity.Current?.ActivityTraceFlags);
                return value;
            })
            .AddOrchestrator("Looks", static async context => await context.CallActivityAsync<int>("Look", 1)));
        var root = spans.StartRoot();

        await host.Client.StartUnderAsync(root, "Looks");
        await host.RunUntilIdleAsync(Token);

        flags.ShouldBe([ActivityTraceFlags.None]);
        spans["orchestration:Looks"].TraceId.ShouldBe(root.TraceId);
    }

    [Fact]
    public async Task A_start_that_is_refused_ends_its_span_as_an_error()
    {
        using var spans = new RecordedSpans();
        await using var host = await DurableTestHost.StartAsync(static functions => AddMixed(functions));
        var options = new StartOrchestrationOptions { InstanceId = "one" };
        await host.Client.ScheduleNewOrchestrationInstanceAsync("Waits", input: null, options, Token);

        var refusal = await Should.ThrowAsync<OrchestrationAlreadyExistsException>(
            () => host.Client.StartUnderAsync(spans.StartRoot(), "Waits", options: options));

        Error(spans["create_orchestration:Waits"]).ShouldBe(refusal.Message);
    }

    private static FunctionRegistry AddMixed(FunctionRegistry functions) => functions
        .AddActivity("Double", static (int value) => 2 * value)
        .AddOrchestrator("Waits", static async context => await context.WaitForExternalEvent<string?>("go"))
        .AddOrchestrator("Child", static async context => await context.CallActivityAsync<int>("Double", context.GetInput<int>()))
        .AddOrchestrator("Mixed", static async context =>
        {
            var first = await context.CallActivityAsync<int>("Double", context.GetInput<int>());
            var second = await context.CallActivityAsync<int>("Double", first);
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            context.SendEvent("listener", "ready", second);
            await context.WaitForExternalEvent<string?>("go");
            return await context.CallSubOrchestratorAsync<int>("Child", second);
        });

    private static string Error(Activity span)
    {
        span.Status.ShouldBe(ActivityStatusCode.Error, span.OperationName);
        return span.StatusDescription.ShouldNotBeNull();
    }
}

using System.Diagnostics;
using AtomicDevOps.Conformance.Tests.Entities;
using AtomicDevOps.Conformance.Tests.Harness;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.Conformance.Tests.Tracing;

public sealed class TracingTests : ConformanceTest
{
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
    public async Task The_spans_of_an_orchestration_are_one_tree()
    {
        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddMixed(tasks));
        var root = spans.StartRoot();

        var id = await host.Client.StartUnderAsync(root, "Mixed", 1, new StartOrchestrationOptions { Version = "2.0" });
        await host.SettleAsync();
        await host.Client.RaiseEventAsync(id, "go", cancellation: Token);

        (await host.SettleAsync(id)).Output<int>().ShouldBe(8);
        spans.Tree(root.SpanId).ShouldBe(MixedTree, StringCompareShould.IgnoreLineEndings);
    }

    [Fact]
    public async Task Restarts_in_the_middle_change_nothing_in_the_tree_and_write_no_span_again()
    {
        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddMixed(tasks));
        var root = spans.StartRoot();

        var id = await host.Client.StartUnderAsync(root, "Mixed", 1, new StartOrchestrationOptions { Version = "2.0" });
        await host.PassAsync(TimeSpan.FromSeconds(1));
        await host.RestartAsync();
        await host.SettleAsync();
        await host.RestartAsync();
        await host.Client.RaiseEventAsync(id, "go", cancellation: Token);

        (await host.SettleAsync(id)).Output<int>().ShouldBe(8);
        spans.Tree(root.SpanId).ShouldBe(MixedTree, StringCompareShould.IgnoreLineEndings);
        spans.All.Select(static span => span.SpanId).ShouldBeUnique();
    }

    [Fact]
    public async Task Failures_show_as_the_status_of_what_failed()
    {
        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => tasks
            .AddActivity<string, string>("Break", static what => throw new IOException($"no {what}"))
            .AddOrchestrator("Inner", static context => context.CallActivityAsync<string>("Break", "disk"))
            .AddOrchestrator("Outer", static context => context.CallSubOrchestratorAsync<string>("Inner")));

        await host.Client.StartUnderAsync(spans.StartRoot(), "Outer");
        await host.SettleAsync();

        foreach (var span in spans.All.Where(static span => span.Kind is not ActivityKind.Producer))
        {
            span.Status.ShouldBe(ActivityStatusCode.Error, span.OperationName);
        }

        spans["activity:Break", ActivityKind.Server].StatusDescription.ShouldBe("no disk");
        spans["activity:Break", ActivityKind.Client].StatusDescription.ShouldBe("no disk");
        spans["orchestration:Outer"].GetTagItem("durabletask.task.status").ShouldBe("Failed");
        spans["create_orchestration:Outer"].Status.ShouldBe(ActivityStatusCode.Unset);
    }

    [Fact]
    public async Task Each_attempt_of_a_retried_activity_has_spans_of_its_own()
    {
        var attempts = 0;
        using var spans = new RecordedSpans();
        await using var host = await StartAsync(tasks => tasks
            .AddActivity("Flaky", (int value) => ++attempts < 3 ? throw new IOException("away") : value)
            .AddOrchestrator("Retries", static context => context.CallActivityAsync<int>(
                "Flaky", 7, TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromSeconds(1))))));
        var root = spans.StartRoot();

        await host.Client.StartUnderAsync(root, "Retries");
        await host.SettleAsync();

        spans.Tree(root.SpanId).ShouldBe(
            """
            create_orchestration:Retries producer
              orchestration:Retries server
                activity:Flaky client
                  activity:Flaky server
                activity:Flaky client
                  activity:Flaky server
                activity:Flaky client
                  activity:Flaky server
                orchestration:Retries:timer internal
                orchestration:Retries:timer internal
            """,
            StringCompareShould.IgnoreLineEndings);
        spans.All.Where(static span => span.Kind == ActivityKind.Client).Select(static span => span.Status)
            .ShouldBe([ActivityStatusCode.Error, ActivityStatusCode.Error, ActivityStatusCode.Unset]);
    }

    [Fact]
    public async Task Each_execution_of_an_eternal_orchestration_ends_a_span_of_the_same_trace()
    {
        Requires(HostFeature.SpanOfEachExecution);

        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddMixed(tasks)
            .AddOrchestrator<int, int>("Eternal", static async (context, round) =>
            {
                await context.CallActivityAsync<int>("Double", round);
                if (round < 3)
                {
                    context.ContinueAsNew(round + 1);
                }

                return round;
            }));

        await host.Client.StartUnderAsync(spans.StartRoot(), "Eternal", 1);
        await host.SettleAsync();

        var executions = spans.All.Where(static span => span.OperationName is "orchestration:Eternal").ToList();
        executions.Select(static span => span.GetTagItem("durabletask.task.status")).ShouldBe(["ContinuedAsNew", "ContinuedAsNew", "Completed"]);
        executions.Select(static span => span.ParentSpanId).Distinct().ShouldBe([spans["create_orchestration:Eternal"].SpanId]);
    }

    [Fact]
    public async Task A_client_s_event_has_a_span_under_the_one_that_is_current()
    {
        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddMixed(tasks));
        var id = await host.BeginAsync("Waits");
        await host.SettleAsync();

        using var root = spans.StartRoot();
        Activity.Current = root;
        await host.Client.RaiseEventAsync(id, "go", cancellation: Token);
        Activity.Current.ShouldBe(root);
        await host.SettleAsync();

        var span = spans.All.ShouldHaveSingleItem();
        span.OperationName.ShouldBe("orchestration_event:go");
        span.Kind.ShouldBe(ActivityKind.Producer);
        span.ParentSpanId.ShouldBe(root.SpanId);
        span.GetTagItem("durabletask.type").ShouldBe("event");
        span.GetTagItem("durabletask.task.name").ShouldBe("go");
        span.GetTagItem("durabletask.event.target_instance_id").ShouldBe(id);
    }

    [Fact]
    public async Task The_current_span_of_an_activity_is_the_one_that_stands_for_it()
    {
        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => tasks
            .AddActivity("Look", static (int value) =>
            {
                RecordedSpans.Touch("inside");
                return value;
            })
            .AddOrchestrator("Looks", static context => context.CallActivityAsync<int>("Look", 1)));

        await host.Client.StartUnderAsync(spans.StartRoot(), "Looks");
        await host.SettleAsync();

        spans.Touched.Single(static span => span.OperationName is "inside").ParentSpanId
            .ShouldBe(spans["activity:Look", ActivityKind.Server].SpanId);
    }

    [Fact]
    public async Task Spans_have_the_attributes_of_what_they_stand_for()
    {
        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddMixed(tasks));

        var id = await host.Client.StartUnderAsync(spans.StartRoot(), "Mixed", 1, new StartOrchestrationOptions { Version = "2.0" });
        await host.SettleAsync();
        await host.Client.RaiseEventAsync(id, "go", cancellation: Token);
        await host.SettleAsync();

        ShouldHave(
            spans["create_orchestration:Mixed@(2.0)"],
            ("type", "orchestration"), ("task.name", "Mixed"), ("task.version", "2.0"), ("task.instance_id", id));
        ShouldHave(
            spans["orchestration:Mixed@(2.0)"],
            ("type", "orchestration"), ("task.name", "Mixed"), ("task.version", "2.0"), ("task.instance_id", id), ("task.status", "Completed"));
        ShouldHave(
            spans["orchestration:Child", ActivityKind.Client],
            ("type", "orchestration"), ("task.name", "Child"), ("task.instance_id", id));
        ShouldHave(
            spans["orchestration:Mixed:timer"],
            ("type", "timer"), ("task.name", "Mixed"), ("task.instance_id", id), ("task.task_id", 2));
        ShouldHave(
            spans["orchestration_event:ready"],
            ("type", "event"), ("task.name", "ready"), ("task.instance_id", id), ("event.target_instance_id", "listener"));
        foreach (var span in spans.All.Where(static span => span.OperationName is "activity:Double@(2.0)"))
        {
            ShouldHave(span, ("type", "activity"), ("task.name", "Double"), ("task.version", "2.0"), ("task.instance_id", id));
        }

        static void ShouldHave(Activity span, params (string Name, object Value)[] attributes)
        {
            foreach (var (name, value) in attributes)
            {
                span.GetTagItem($"durabletask.{name}").ShouldBe(value, $"{name} of {span.OperationName}");
            }
        }
    }

    [Fact]
    public async Task Calls_and_signals_of_entities_are_in_the_tree_with_the_operations_that_they_run()
    {
        Requires(HostFeature.SpansOfEntities);

        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddEntities(tasks));
        var root = spans.StartRoot();

        await host.Client.StartUnderAsync(root, "Uses");
        await host.SettleAsync();

        spans.Tree(root.SpanId).ShouldBe(
            """
            create_orchestration:Uses producer
              orchestration:Uses server
                entity:counter:add client
                  entity:counter:add server
                entity:counter:fail client
                  entity:counter:fail server
                entity:counter:pass producer
                  entity:counter:pass consumer
                    entity:counter:add producer
                      entity:counter:add consumer
                entity:counter:start client
                  entity:counter:start server
                    counter:create_orchestration producer
                      orchestration:Started server
            """,
            StringCompareShould.IgnoreLineEndings);
    }

    [Fact]
    public async Task A_restart_between_a_call_of_an_entity_and_its_response_keeps_the_call_s_span()
    {
        Requires(HostFeature.SpansOfEntities);

        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddEntities(tasks).AddOrchestrator("Holds", static async context =>
        {
            await using (await context.Entities.LockEntitiesAsync(new EntityInstanceId("Counter", "a")))
            {
                await context.WaitForExternalEvent<string?>("go");
            }

            return 0;
        }));
        var holder = await host.BeginAsync("Holds");
        await host.SettleAsync();
        var root = spans.StartRoot();
        var id = await host.Client.StartUnderAsync(root, "Adds");
        await host.SettleAsync();

        await host.RestartAsync();
        await host.Client.RaiseEventAsync(holder, "go", cancellation: Token);

        (await host.SettleAsync(id)).Output<int>().ShouldBe(1);
        spans.Tree(root.SpanId).ShouldBe(
            """
            create_orchestration:Adds producer
              orchestration:Adds server
                entity:counter:add client
                  entity:counter:add server
            """,
            StringCompareShould.IgnoreLineEndings);
    }

    [Fact]
    public async Task A_client_s_signal_has_a_span_under_the_one_that_is_current_and_the_operation_one_under_it()
    {
        Requires(HostFeature.SpansOfEntities);

        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddEntities(tasks));
        using var root = spans.StartRoot();
        Activity.Current = root;

        var due = host.Now.AddHours(1);
        await host.SignalAsync("Counter", "a", "add", 1, new SignalEntityOptions { SignalTime = due });
        Activity.Current.ShouldBe(root);
        Activity.Current = null;
        await host.RestartAsync();
        await host.SettleAsync();

        spans.Tree(root.SpanId).ShouldBe(
            """
            entity:counter:add producer
              entity:counter:add consumer
            """,
            StringCompareShould.IgnoreLineEndings);
        var sent = spans["entity:counter:add", ActivityKind.Producer];
        sent.GetTagItem("durabletask.task.scheduled_time").ShouldBe(due.UtcDateTime.ToString("o"));
        sent.GetTagItem("durabletask.task.instance_id").ShouldBeNull();
        spans["entity:counter:add", ActivityKind.Consumer].StartTimeUtc.ShouldBe(due.UtcDateTime);
    }

    [Fact]
    public async Task The_current_span_of_an_operation_is_the_one_that_stands_for_it()
    {
        Requires(HostFeature.SpansOfEntities);

        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => tasks
            .AddEntity<Looker>()
            .AddOrchestrator("Looks", static context => context.Entities.CallEntityAsync<int>(new EntityInstanceId("Looker", "a"), "look")));

        await host.Client.StartUnderAsync(spans.StartRoot(), "Looks");
        await host.SettleAsync();

        spans.Touched.Single(static span => span.OperationName is "inside").ParentSpanId
            .ShouldBe(spans["entity:looker:look", ActivityKind.Server].SpanId);
    }

    [Fact]
    public async Task An_operation_whose_entity_is_not_there_has_a_failed_span()
    {
        Requires(HostFeature.SpansOfEntities);

        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => tasks.AddOrchestrator(
            "Calls", static context => context.Entities.CallEntityAsync<int>(new EntityInstanceId("Nobody", "a"), "look")));

        await host.Client.StartUnderAsync(spans.StartRoot(), "Calls");
        await host.SettleAsync();

        var run = spans["entity:nobody:look", ActivityKind.Server];
        run.Status.ShouldBe(ActivityStatusCode.Error);
        run.ParentSpanId.ShouldBe(spans["entity:nobody:look", ActivityKind.Client].SpanId);
    }

    public sealed class Looker : TaskEntity<int>
    {
        public int Look()
        {
            RecordedSpans.Touch("inside");
            return State;
        }
    }

    [Fact]
    public async Task Spans_of_entities_have_the_attributes_of_what_they_stand_for()
    {
        Requires(HostFeature.SpansOfEntities);

        using var spans = new RecordedSpans();
        await using var host = await StartAsync(static tasks => AddEntities(tasks));

        await host.Client.StartUnderAsync(spans.StartRoot(), "Uses");
        await host.SettleAsync();

        ShouldHave(
            spans["entity:counter:start", ActivityKind.Client],
            ("durabletask.type", "entity"),
            ("durabletask.task.operation", "call_entity"),
            ("durabletask.event.target_instance_id", "@counter@a"));
        ShouldHave(
            spans["entity:counter:start", ActivityKind.Server],
            ("durabletask.type", "entity"), ("durabletask.task.operation", "call_entity"), ("durabletask.task.instance_id", "@counter@a"));
        ShouldHave(
            spans["entity:counter:add", ActivityKind.Producer],
            ("durabletask.task.operation", "signal_entity"),
            ("durabletask.event.target_instance_id", "@counter@b"),
            ("durabletask.task.instance_id", "@counter@a"));
        ShouldHave(spans["entity:counter:pass", ActivityKind.Consumer], ("durabletask.task.operation", "signal_entity"));
        ShouldHave(
            spans["counter:create_orchestration"],
            ("durabletask.type", "entity"),
            ("durabletask.event.target_instance_id", "started"),
            ("durabletask.task.instance_id", "@counter@a"));
        var failed = spans["entity:counter:fail", ActivityKind.Server];
        ShouldHave(failed, ("durabletask.entity.error_message", "cannot add 5"));
        failed.Status.ShouldBe(ActivityStatusCode.Error);
        failed.StatusDescription.ShouldBe("cannot add 5");
        spans["entity:counter:fail", ActivityKind.Client].Status.ShouldBe(ActivityStatusCode.Unset);

        static void ShouldHave(Activity span, params (string Name, object Value)[] attributes)
        {
            foreach (var (name, value) in attributes)
            {
                span.GetTagItem(name).ShouldBe(value, $"{name} of {span.OperationName}");
            }
        }
    }

    private static ITaskSet AddEntities(ITaskSet tasks) => tasks
        .AddEntity<Counter>()
        .AddOrchestrator("Started", static _ => Task.FromResult(0))
        .AddOrchestrator("Adds", static context => context.Entities.CallEntityAsync<int>(new EntityInstanceId("Counter", "a"), "add", 1))
        .AddOrchestrator("Uses", static async context =>
        {
            var counter = new EntityInstanceId("Counter", "a");
            await context.Entities.CallEntityAsync<int>(counter, "add", 1);
            await context.Entities.SignalEntityAsync(counter, "pass", "b");
            await context.Entities.CallEntityAsync<string>(counter, "start", "started");
            try
            {
                await context.Entities.CallEntityAsync(counter, "fail", 5);
            }
            catch (EntityOperationFailedException)
            {
                return 1;
            }

            return 0;
        });

    private static ITaskSet AddMixed(ITaskSet tasks) => tasks
        .AddActivity("Double", static (int value) => 2 * value)
        .AddOrchestrator("Waits", static context => context.WaitForExternalEvent<string?>("go"))
        .AddOrchestrator<int, int>("Child", static (context, value) => context.CallActivityAsync<int>("Double", value))
        .AddOrchestrator<int, int>("Mixed", static async (context, value) =>
        {
            var first = await context.CallActivityAsync<int>("Double", value);
            var second = await context.CallActivityAsync<int>("Double", first);
            await context.CreateTimer(TimeSpan.FromSeconds(3), CancellationToken.None);
            context.SendEvent("listener", "ready", second);
            await context.WaitForExternalEvent<string?>("go");
            return await context.CallSubOrchestratorAsync<int>("Child", second);
        });
}

using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomicDevOps.Primitives.Tests.Workflow;

public sealed class WorkflowContextTests
{
    [Theory, ClassData(typeof(BothForms))]
    public void Entering_an_agent_gives_a_context_one_deeper_and_leaves_the_old_one(Form form)
    {
        var context = ContextOf(form);
        var child = context.Enter("MetaOrchestrator").Enter("DevMgrOrchestrator");
        child.Path.ToString().ShouldBe("MetaOrchestrator/DevMgrOrchestrator");
        child.Path.ShouldBe(new("MetaOrchestrator/DevMgrOrchestrator"));
        child.CorrelationId.ShouldBe("correlation");
        child.ShouldBeOfType(context.GetType());
        context.Path.ShouldBe(AgentPath.Root);
    }

    [Theory, ClassData(typeof(BothForms))]
    public void Another_token_takes_the_place_of_the_old_one(Form form)
    {
        using var source = new CancellationTokenSource();
        ContextOf(form).WithCancellation(source.Token).CancellationToken.ShouldBe(source.Token);
        ContextOf(form).CancellationToken.ShouldBe(CancellationToken.None);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task The_clock_moves_with_a_delay(Form form)
    {
        var step = WorkflowFunction.Of(async (TimeSpan delay, WorkflowContext context) =>
        {
            var before = context.UtcNow;
            await context.DelayAsync(delay, TestContext.Current.CancellationToken);
            return context.UtcNow - before;
        });
        (await new World().Run(form, step, TimeSpan.FromDays(30))).ShouldBe(TimeSpan.FromDays(30));
        await Should.ThrowAsync<ArgumentOutOfRangeException>(new World().Run(form, step, TimeSpan.FromTicks(-1)));
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Either_token_ends_a_delay(Form form)
    {
        using var own = new CancellationTokenSource();
        using var given = new CancellationTokenSource();
        var step = WorkflowFunction.Of(async (int input, WorkflowContext context) =>
        {
            await context.DelayAsync(TimeSpan.FromDays(1), given.Token);
            return input;
        });
        await own.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(new World().Run(form, step, 1, own));
        await given.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(new World().Run(form, step, 1));
    }

    [Theory, ClassData(typeof(BothForms))]
    public void Numbers_come_from_ids_and_lie_between_0_and_1(Form form)
    {
        var context = ContextOf(form);
        var numbers = Enumerable.Range(0, 100).Select(_ => context.NextDouble()).ToList();
        numbers.ShouldAllBe(number => number >= 0 && number < 1);
        numbers.Distinct().Count().ShouldBe(100);
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task An_activity_is_not_called_once_the_token_is_cancelled(Form form)
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        var world = new World().With("work", (int input) => input);
        await Should.ThrowAsync<OperationCanceledException>(world.Run(form, Forms.Call("work"), 1, source));
        world.Effects.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_sub_orchestration_is_called_with_the_id_that_its_input_gives()
    {
        var world = new World().With("Build", (int input) => input + 1);
        var orchestration = new SimulatedOrchestration(world);
        var build = new SubOrchestration<int, int>("Build", (input, context) => $"{context.CorrelationId}:build:{input}");
        var anonymous = new SubOrchestration<int, int>("Build");
        (await orchestration.Run(build >> anonymous, 1)).ShouldBe(3);
        orchestration.Actions.ShouldBe(["orchestrator Build(1) as correlation:build:1", "orchestrator Build(2) as "]);
    }

    [Fact]
    public async Task A_sub_orchestration_is_not_called_once_the_token_is_cancelled()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(
            new World().Run(Form.Orchestration, new SubOrchestration<int, int>("Build"), 1, source));
    }

    [Fact]
    public async Task A_sub_orchestration_is_refused_in_an_activity()
    {
        var exception = await Should.ThrowAsync<NotSupportedException>(
            new World().Run(Form.Activity, new SubOrchestration<int, int>("Build"), 1));
        exception.Message.ShouldContain("'Build'");
    }

    [Fact]
    public async Task An_activity_by_name_is_refused_in_an_activity_without_a_dispatcher()
    {
        var context = new ActivityWorkflowContext("correlation", TimeProvider.System, NullLoggerFactory.Instance, TestContext.Current.CancellationToken);
        var exception = await Should.ThrowAsync<NotSupportedException>(Forms.Call("work").ExecuteAsync(1, context));
        exception.Message.ShouldContain("'work'");
        exception.Message.ShouldContain("Dispatcher");
    }

    [Fact]
    public void An_orchestration_s_correlation_id_is_its_instance_s_unless_given()
    {
        var orchestration = new SimulatedOrchestration(new());
        new OrchestrationWorkflowContext(orchestration).CorrelationId.ShouldBe("instance");
        new OrchestrationWorkflowContext(orchestration).Orchestration.ShouldBe(orchestration);
        Should.Throw<ArgumentNullException>(() => new OrchestrationWorkflowContext(null!));
        Should.Throw<ArgumentNullException>(() => new OrchestrationWorkflowContext(null!, "correlation"));
    }

    [Fact]
    public void A_context_needs_what_it_is_made_of()
    {
        Should.Throw<ArgumentException>(() => new ActivityWorkflowContext(" ", TimeProvider.System, NullLoggerFactory.Instance));
        Should.Throw<ArgumentNullException>(() => new ActivityWorkflowContext("c", null!, NullLoggerFactory.Instance));
        Should.Throw<ArgumentNullException>(() => new ActivityWorkflowContext("c", TimeProvider.System, null!));
        Should.Throw<ArgumentNullException>(() => new ActivityWorkflowContext("c", TimeProvider.System, NullLoggerFactory.Instance) { Path = null! });
        Should.Throw<ArgumentNullException>(() => new ActivityWorkflowContext("c", TimeProvider.System, NullLoggerFactory.Instance) { AuditSink = null! });
        new ActivityWorkflowContext("c", TimeProvider.System, NullLoggerFactory.Instance) { Path = new("a/b") }.Path.Value.ShouldBe("a/b");
    }

    [Fact]
    public void An_orchestration_s_logger_is_silent_in_a_replay()
    {
        var world = new World();
        var recorded = new SimulatedOrchestration(world);
        recorded.Context.CreateLogger("test").LogWarning("first");
        recorded.History.Add(new(0, default, null, null));
        new SimulatedOrchestration(world).After(recorded, 1).Context.CreateLogger("test").LogWarning("second");
        world.Logs.ShouldBe(["Warning: first"]);
    }

    [Fact]
    public void Calls_need_a_name()
    {
        Should.Throw<ArgumentException>(() => new ActivityCall<int, int>(" ")).Message.ShouldContain("[Function]");
        Should.Throw<ArgumentException>(() => new SubOrchestration<int, int>(" ")).Message.ShouldContain("[Function]");
    }

    [Theory]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("a/ /b")]
    public void A_path_has_no_empty_names(string path) => Should.Throw<ArgumentException>(() => new AgentPath(path)).Message.ShouldContain(path);

    [Fact]
    public void An_agent_s_name_has_no_slash() => Should.Throw<ArgumentException>(() => AgentPath.Root.Enter("a/b")).Message.ShouldContain("a/b");

    private static WorkflowContext ContextOf(Form form) =>
        form is Form.Orchestration ? new SimulatedOrchestration(new()).Context : new SimulatedProcess(new()).Context();
}

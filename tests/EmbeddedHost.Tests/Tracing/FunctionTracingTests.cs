using AtomicDevOps.Conformance.Tests.Harness;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Tests.Tracing;

public sealed class FunctionTracingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_activity_function_s_context_names_its_span_which_is_within_the_activity_s()
    {
        using var spans = new RecordedSpans();
        var seen = new Seen();
        await using var host = await DurableTestHost.StartAsync([typeof(LookFunctions)], services => services.AddSingleton(seen));
        var root = spans.StartRoot("vendor=value");

        await host.Client.StartUnderAsync(root, nameof(LookFunctions.LookAround));
        await host.RunUntilIdleAsync(Token);

        spans.Tree(root.SpanId).ShouldBe(
            """
            create_orchestration:LookAround producer
              orchestration:LookAround server
                activity:Look client
                  activity:Look server
                    function Look internal
            """,
            StringCompareShould.IgnoreLineEndings);
        seen.Activity.ShouldBe((spans["function Look"].Id, "vendor=value"));
        seen.Orchestrator.ShouldBe((spans["orchestration:LookAround"].Id, "vendor=value"));
    }

    public sealed class Seen
    {
        public (string? TraceParent, string? TraceState) Activity { get; set; }

        public (string? TraceParent, string? TraceState) Orchestrator { get; set; }
    }

    public sealed class LookFunctions(Seen seen)
    {
        [Function(nameof(LookAround))]
        public async Task LookAround([OrchestrationTrigger] TaskOrchestrationContext context, FunctionContext function)
        {
            seen.Orchestrator = (function.TraceContext.TraceParent, function.TraceContext.TraceState);
            await context.CallActivityAsync(nameof(Look), "around");
        }

        [Function(nameof(Look))]
        public void Look([ActivityTrigger] string where, FunctionContext function)
        {
            where.ShouldBe("around");
            function.TraceContext.TraceParent.ShouldBe(System.Diagnostics.Activity.Current?.Id);
            seen.Activity = (function.TraceContext.TraceParent, function.TraceContext.TraceState);
        }
    }
}

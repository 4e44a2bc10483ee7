using AtomicDevOps.Primitives.Delegation;
using AtomicDevOps.Primitives.Tests.Simulation;
using AtomicDevOps.Primitives.Workflow;

namespace AtomicDevOps.Primitives.Tests.Delegation;

public sealed class DelegationTests
{
    private static readonly WorkflowFunction<int, string> Planner = WorkflowFunction.Of((int input) => $"plan {input}");

    private static readonly WorkflowFunction<string, string> Executor =
        WorkflowFunction.Of((string plan, WorkflowContext context) => Task.FromResult($"{plan} by {context.Path}"));

    [Theory, ClassData(typeof(BothForms))]
    public async Task The_executor_carries_out_the_plan_one_agent_deeper(Form form)
    {
        var nested = Planner.DelegateTo("DevMgrOrchestrator", Executor >> WorkflowFunction.Identity<string>().DelegateTo("CiPipelineManager", Executor));
        (await new World().Run(form, nested, 1)).ShouldBe("plan 1 by DevMgrOrchestrator by DevMgrOrchestrator/CiPipelineManager");
    }

    [Theory, ClassData(typeof(BothForms))]
    public async Task Nothing_is_carried_out_without_a_plan(Form form)
    {
        var executed = false;
        var executor = WorkflowFunction.Of((string plan) => executed = true);
        var broken = WorkflowFunction.Of<int, string>((int _) => throw new IOException("no plan"));
        await Should.ThrowAsync<IOException>(new World().Run(form, broken.DelegateTo("Executor", executor), 1));

        using var source = new CancellationTokenSource();
        var cancelling = WorkflowFunction.Of((int _) =>
        {
            source.Cancel();
            return "plan";
        });
        await Should.ThrowAsync<OperationCanceledException>(new World().Run(form, cancelling.DelegateTo("Executor", executor), 1, source));
        executed.ShouldBeFalse();
    }
}

using System.Reflection;
using AtomicDevOps.Activities.Tools.Processes;
using AtomicDevOps.EmbeddedHost.Testing;
using AtomicDevOps.Primitives.Agents;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Architecture.Tests.Docs;

/// <summary>Compiles and runs the agents that docs/writing-an-agent.md adds.</summary>
public sealed class WritingAnAgentTests
{
    private const string Usings =
        """
        using System;
        using System.Collections.Generic;
        using System.Linq;
        using System.Text;
        using System.Threading;
        using System.Threading.Tasks;
        using AtomicDevOps.Activities.Tools.Processes;
        using AtomicDevOps.Primitives.Agents;
        using AtomicDevOps.Primitives.Workflow;
        using Microsoft.Azure.Functions.Worker;
        using Microsoft.DurableTask;

        """;

    private static readonly IReadOnlyList<string> Blocks = Page.BlocksOf("docs/writing-an-agent.md", "csharp");

    private static readonly Lazy<Assembly> Shown = new(() => CSharp.Load(CSharp.Compile(Usings + string.Join('\n', Blocks))));

    [Fact]
    public void The_three_agents_take_less_than_60_lines()
    {
        Blocks.Count.ShouldBe(3);
        Blocks.Sum(block => block.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length).ShouldBeLessThan(60);
    }

    [Fact]
    public void They_are_agents_of_three_layers_and_call_only_the_layer_below()
    {
        var graph = new AgentGraph(Shown.Value);

        graph.Agents.Values.Select(agent => agent.Layer).Order()
            .ShouldBe([AgentLayer.DomainManagement, AgentLayer.ToolExpertise, AgentLayer.ExecutionWrapper]);
        graph.FindLayerViolations().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("if true; then echo; fi", "echo", "sound")]
    [InlineData("if true; then echo", "echo", "mended")]
    [InlineData("echo", "if true; then echo", "broken: ")]
    public async Task They_run(string before, string after, string verdict)
    {
        var types = Shown.Value.GetTypes();
        await using var host = await DurableTestHost.StartAsync(types, services =>
        {
            services.AddProcesses(new ConfigurationBuilder().Build());
            services.AddSingleton(Type("IBashClient"), Type("BashCli"));
        });

        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync(new TaskName("ScriptManager"), new { Before = before, After = after }, TestContext.Current.CancellationToken);
        await host.RunUntilIdleAsync(TestContext.Current.CancellationToken);
        var instance = await host.Client.GetInstanceAsync(id, getInputsAndOutputs: true, TestContext.Current.CancellationToken);

        instance.ShouldNotBeNull().RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Completed, instance.FailureDetails?.ErrorMessage);
        instance.ReadOutputAs<string>().ShouldNotBeNull().Trim().ShouldStartWith(verdict);

        Type Type(string name) => types.Single(type => string.Equals(type.Name, name, StringComparison.Ordinal));
    }
}

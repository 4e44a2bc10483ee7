using Spectre.Console;

namespace AtomicDevOps.QuickStart.Tests;

public sealed class StageDisplayTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Where_no_one_watches_every_change_of_a_stage_is_one_line()
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 140;
        var building = new PipelineStage("build", "Running") { StartedAt = Start.AddSeconds(1) };
        var built = building with { State = "Passed", CompletedAt = Start.AddSeconds(3.5), Summary = "7 steps." };
        var waiting = new PipelineStage("tests", "Pending");
        var running = Run(building, waiting);
        var passed = Run(built, waiting);

        var last = await new StageDisplay(console, TimeProvider.System).FollowAsync(new[] { running, running, passed, passed }.ToAsyncEnumerable());

        last.ShouldBe(passed);
        output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ShouldBe(
        [
            "1.0 s  CiPipelineManager    build     running",
            "3.5 s  CiPipelineManager    build     passed      2.5 s  7 steps.",
        ]);
    }

    [Fact]
    public void The_stages_of_all_agents_stand_in_the_order_of_the_tree()
    {
        PipelineStage Stage(string name) => new(name, "Passed");
        var run = new PipelineRun("id", "Completed", Start)
        {
            Agents = new PipelineAgent(
                "MetaOrchestrator",
                [],
                [
                    new PipelineAgent(
                        "DevMgrOrchestrator",
                        [],
                        [new PipelineAgent("ScmWorkflowManager_Check", [Stage("policy")], []), new PipelineAgent("CiPipelineManager", [Stage("build"), Stage("gate")], [])]),
                ]),
        };

        run.Stages().Select(each => (each.Agent, each.Stage.Name))
            .ShouldBe([("ScmWorkflowManager", "policy"), ("CiPipelineManager", "build"), ("CiPipelineManager", "gate")]);
    }

    private static PipelineRun Run(params IReadOnlyList<PipelineStage> stages) =>
        new("id", "Running", Start) { Agents = new PipelineAgent("CiPipelineManager", stages, []) };
}

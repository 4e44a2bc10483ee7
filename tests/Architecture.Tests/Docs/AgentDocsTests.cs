using System.Text.RegularExpressions;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.Architecture.Tests.Docs;

public sealed partial class AgentDocsTests
{
    public static TheoryData<string> Experts { get; } =
        [.. AgentGraph.OfTheApp.Agents.Where(agent => agent.Value.Layer == AgentLayer.ToolExpertise).Select(agent => agent.Key.Name)];

    [Fact]
    public void The_architecture_names_every_agent_with_its_layer_and_no_other() =>
        Page.RowsOf("docs/architecture.md").Select(row => $"{row.Cells[0]} {row.Code}").Order(StringComparer.Ordinal)
            .ShouldBe(AgentGraph.OfTheApp.Agents.Select(agent => $"L{(int)agent.Value.Layer} {agent.Key.Name}").Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Experts))]
    public void An_expert_has_one_page_that_names_its_activities_and_no_others(string expert)
    {
        var text = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs", "agents"), "*.md")
            .Select(File.ReadAllText)
            .Where(page => page.Contains($"`{expert}`", StringComparison.Ordinal))
            .ShouldHaveSingleItem();
        var activities = Functions.Activities
            .Where(function => string.Equals(function.Method.DeclaringType!.Name, expert, StringComparison.Ordinal))
            .Select(function => function.Name[(expert.Length + 1)..])
            .ToArray();
        var code = Code.Matches(text).Select(match => match.Groups["code"].Value).ToArray();
        var named = code.Where(each => each.StartsWith(expert, StringComparison.Ordinal) && each.Length > expert.Length).Select(each => each[(expert.Length + 1)..]);

        activities.Where(activity => !code.Intersect([activity, $"{expert}_{activity}", $"{expert}.{activity}"], StringComparer.Ordinal).Any()).ShouldBeEmpty();
        named.Except(activities, StringComparer.Ordinal).ShouldBeEmpty();
    }

    [Fact]
    public void Operations_describes_every_route_and_no_other()
    {
        var routes = from function in Functions.All
                     let trigger = function.Method.GetParameters().SelectMany(parameter => parameter.GetCustomAttributes(inherit: false)).OfType<HttpTriggerAttribute>().SingleOrDefault()
                     where trigger is not null
                     from method in trigger.Methods!
                     select $"{method.ToUpperInvariant()} /api/{trigger.Route}";

        Page.RowsOf("docs/operations.md").Select(row => row.Code).Where(code => code.Contains(" /api/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ShouldBe(routes.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("`(?<code>[A-Za-z_.]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Code { get; }
}

using System.Reflection;
using System.Text.RegularExpressions;
using AtomicDevOps.FunctionApp;
using AtomicDevOps.Primitives.Agents;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.Architecture.Tests;

public sealed partial class AgentTests
{
    private static readonly IReadOnlyDictionary<Type, AgentAttribute> Agents = AgentGraph.OfTheApp.Agents;

    [Fact]
    public void Every_layer_has_agents() =>
        Agents.Values.Select(agent => agent.Layer).Distinct().Order().ShouldBe(Enum.GetValues<AgentLayer>());

    [Fact]
    public void Agent_names_are_unique() => Agents.Values.Select(agent => agent.Name.ToUpperInvariant()).ShouldBeUnique();

    [Fact]
    public void An_agent_that_wraps_no_tool_has_the_name_of_its_class() =>
        Agents.Where(agent => agent.Value.Layer != AgentLayer.ExecutionWrapper)
            .Where(agent => !string.Equals(agent.Value.Name, agent.Key.Name, StringComparison.Ordinal))
            .Select(agent => $"{agent.Key.Name} is called {agent.Value.Name}.")
            .ShouldBeEmpty();

    [Fact]
    public void Every_agent_says_in_one_sentence_what_it_is_for() =>
        Agents.Where(agent => agent.Value.Purpose is not [var first, .., '.'] || !char.IsUpper(first) || agent.Value.Purpose.Length < 20)
            .Select(agent => $"{agent.Key.Name}: {agent.Value.Purpose}")
            .ShouldBeEmpty();

    [Fact]
    public void Agents_live_in_the_room_of_their_layer()
    {
        foreach (var (type, agent) in Agents)
        {
            var room = agent.Layer switch
            {
                AgentLayer.MetaControl => "AtomicDevOps.Orchestrations.MetaControl",
                AgentLayer.Orchestration => "AtomicDevOps.Orchestrations.Strategy.",
                AgentLayer.DomainManagement => "AtomicDevOps.Orchestrations.Domains.",
                AgentLayer.ToolExpertise => "AtomicDevOps.Activities.Experts.",
                _ => "AtomicDevOps.Activities.Tools.",
            };
            type.Namespace.ShouldNotBeNull().ShouldStartWith(room, customMessage: type.FullName);
        }
    }

    [Fact]
    public void An_agent_uses_only_agents_of_the_layer_below() => AgentGraph.OfTheApp.FindLayerViolations().ShouldBeEmpty();

    [Fact]
    public void An_agent_that_is_named_in_text_exists()
    {
        var names = Agents.Values.Select(agent => agent.Name).ToHashSet(StringComparer.Ordinal);
        var named = from assembly in Repository.FunctionAssemblies
                    from type in assembly.GetTypes()
                    where !type.IsNested
                    from text in MethodBodies.TextsIn(type)
                    where AgentName.IsMatch(text)
                    select (text, type);

        named.ShouldNotBeEmpty();
        named.Where(each => !names.Contains(each.text)).Select(each => $"{each.type.Name} names {each.text}.").ShouldBeEmpty();
    }

    [Fact]
    public async Task Every_expert_and_every_wrapper_has_a_probe()
    {
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build())
            .AddAtomicDevOps(new ConfigurationBuilder().Build())
            .BuildServiceProvider();

        var probed = services.GetServices<IAgentProbe>().Select(probe => probe.Agent);
        var expected = Agents.Values.Where(agent => agent.Layer >= AgentLayer.ToolExpertise).Select(agent => agent.Name);

        probed.Order(StringComparer.Ordinal).ShouldBe(expected.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_class_that_has_activities_beside_the_platform_s_own_is_an_expert()
    {
        var owners = Functions.Activities.Select(function => function.Method.DeclaringType!).Distinct();

        owners.Where(type => type.GetCustomAttribute<AgentAttribute>()?.Layer != AgentLayer.ToolExpertise)
            .ShouldAllBe(type => type.Namespace == "AtomicDevOps.Activities.Platform");
    }

    [GeneratedRegex("^[A-Z][A-Za-z]+(?:Orchestrator|Orchestration|Manager|Expert)$", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex AgentName { get; }
}

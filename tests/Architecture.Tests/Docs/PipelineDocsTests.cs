using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Orchestrations.Domains.CiPipeline;
using AtomicDevOps.Orchestrations.Domains.Scm;
using AtomicDevOps.Orchestrations.Pipelines;
using AtomicDevOps.Orchestrations.Strategy.DevMgr;
using AtomicDevOps.Primitives.Json;

namespace AtomicDevOps.Architecture.Tests.Docs;

public sealed partial class PipelineDocsTests
{
    private const string Reference = "docs/pipeline.md";

    public static TheoryData<string, string> Examples { get; } =
    [
        .. from page in (string[])["README.md", Reference]
           from block in Page.BlocksOf(page, "yaml")
           select (page, block),
        ("samples/QuickStart/repository/.atomicdevops.yml", Repository.Read("samples/QuickStart/repository/.atomicdevops.yml")),
    ];

    [Fact]
    public void Both_pages_have_an_example() => Examples.Select(example => example.Data.Item1).Distinct().Count().ShouldBe(3);

    [Theory, MemberData(nameof(Examples))]
    public void An_example_can_be_read(string page, string yaml) => PipelineConfigurationReader.Read(yaml).Problems.ShouldBeEmpty(page);

    [Fact]
    public void The_reference_begins_with_the_defaults()
    {
        var shown = PipelineConfigurationReader.Read(Page.BlocksOf(Reference, "yaml")[0]).Configuration;

        JsonSerializer.Serialize(shown, JsonDefaults.Options).ShouldBe(JsonSerializer.Serialize(new PipelineConfiguration(), JsonDefaults.Options));
    }

    [Fact]
    public void The_reference_describes_every_key_and_no_other()
    {
        var root = KnownIn("zzzzzzzzzzzz: 1");
        var keys = from key in root
                   from path in KnownIn($"{key}:\n  zzzzzzzzzzzz: 1").Select(nested => $"{key}.{nested}").DefaultIfEmpty(key)
                   select path;

        Page.RowsOf(Reference).Select(row => row.Code).Order(StringComparer.Ordinal).ShouldBe(keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_reference_names_every_verdict_every_stage_and_every_command()
    {
        string[] named =
        [
            .. Enum.GetNames<PipelineVerdict>(),
            .. Enum.GetNames<CommandVerb>().Select(verb => $"/atomic {verb.ToLowerInvariant()}"),
            .. StagesOf(typeof(ScmWorkflowManager)),
            .. StagesOf(typeof(CiPipelineManager)),
            .. StagesOf(typeof(DevMgrOrchestrator)),
        ];

        named.Length.ShouldBeGreaterThan(16);
        named.Where(name => !Repository.Read(Reference).Contains($"\n| {name} |", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    private static IEnumerable<string> StagesOf(Type agent) =>
        from field in agent.GetFields(BindingFlags.NonPublic | BindingFlags.Static)
        where field.IsLiteral && field.Name.EndsWith("Stage", StringComparison.Ordinal)
        select (string)field.GetRawConstantValue()!;

    /// <summary>The reader answers an unknown key with those that it knows in its place.</summary>
    private static IReadOnlyList<string> KnownIn(string yaml) =>
    [
        .. PipelineConfigurationReader.Read(yaml).Problems
            .SelectMany(problem => Known.Match(problem.Message).Groups["keys"].Captures)
            .SelectMany(keys => keys.Value.Split(", ")),
    ];

    [GeneratedRegex(@"Known here: (?<keys>[A-Za-z, ]+)\.$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Known { get; }
}

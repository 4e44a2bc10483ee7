using System.Reflection;
using System.Xml.Linq;

namespace AtomicDevOps.Architecture.Tests;

public sealed class ReferenceTests
{
    private const string Octokit = "Activities.Octokit";

    private static readonly string[] Order = ["EmbeddedHost", "Primitives", "Activities", "Orchestrations", "FunctionApp"];

    private static readonly string[] Projects = ["EmbeddedHost", "Primitives", "Activities", Octokit, "Orchestrations", "FunctionApp"];

    [Fact]
    public void Every_project_has_its_place()
        => Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src")).Select(Path.GetFileName).ShouldBe(Projects, ignoreOrder: true);

    [Fact]
    public void Octokit_is_for_the_azure_build_alone()
    {
        var references = from folder in new[] { "src", "tests", "tools", "samples", "bench" }
                         from project in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories)
                         from reference in XDocument.Load(project).Descendants()
                         let named = (string?)reference.Attribute("Include") ?? ""
                         where reference.Name.LocalName is "ProjectReference" or "PackageReference"
                         where named.Contains("Octokit", StringComparison.Ordinal)
                         let condition = (string?)reference.Parent!.Attribute("Condition") ?? "always"
                         select $"{Path.GetFileNameWithoutExtension(project)}: {Path.GetFileNameWithoutExtension(named)}, {condition}";

        references.ShouldBe(
            [
                $"{Octokit}: Octokit, always",
                $"{Octokit}.Tests: {Octokit}, always",
                $"FunctionApp: {Octokit}, '$(DurableHost)' == 'azure'",
            ],
            ignoreOrder: true);
        Repository.Read("AtomicDevOps.slnx").ShouldNotContain("Octokit");
    }

    [Fact]
    public void Projects_reference_only_what_lies_below_them()
    {
        foreach (var project in Projects)
        {
            var references = XDocument.Load(Path.Combine(Repository.Root, "src", project, $"{project}.csproj"))
                .Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));

            references.ShouldAllBe(reference => Array.IndexOf(Projects, reference) < Array.IndexOf(Projects, project), project);
        }
    }

    [Fact]
    public void The_app_knows_the_durable_api_and_never_the_host_behind_it()
    {
        var offenders = from name in Projects.Where(project => project is not "EmbeddedHost")
                        let folder = Path.Combine(Repository.Root, "src", name)
                        from file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
                        where !Repository.IsOutput(file)
                        where File.ReadAllText(file).Contains("AtomicDevOps.EmbeddedHost", StringComparison.Ordinal)
                        select Path.GetRelativePath(Repository.Root, file);

        offenders.ShouldBeEmpty();
    }

    [Fact]
    public void The_suites_of_both_engines_know_the_durable_api_and_never_the_host_behind_it()
    {
        var harness = Path.Combine("DurableHosts", "Embedded", "HostUnderTest.cs");
        var sources = new[] { "Conformance.Tests", "DurableHosts", "Orchestrations.Tests" }
            .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", folder), "*.cs", SearchOption.AllDirectories))
            .Where(static file => !Repository.IsOutput(file))
            .ToList();

        sources.ShouldContain(file => file.EndsWith(harness, StringComparison.Ordinal));
        sources.Where(file => !file.EndsWith(harness, StringComparison.Ordinal))
            .Where(static file => File.ReadAllText(file).Contains("EmbeddedHost", StringComparison.Ordinal))
            .Select(static file => Path.GetRelativePath(Repository.Root, file))
            .ShouldBeEmpty();
    }

    [Theory]
    [InlineData("#if")]
    [InlineData("#pragma warning")]
    [InlineData("[SuppressMessage")]
    [InlineData("<NoWarn")]
    public void No_source_is_compiled_conditionally_and_no_warning_is_suppressed(string directive)
    {
        var offenders = from file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs*", SearchOption.AllDirectories)
                        where !Repository.IsOutput(file)
                        where File.ReadLines(file).Any(line => line.TrimStart().StartsWith(directive, StringComparison.Ordinal))
                        select Path.GetRelativePath(Repository.Root, file);

        offenders.ShouldBeEmpty();
    }

    [Fact]
    public void Assemblies_reference_only_what_lies_below_them()
    {
        foreach (var name in Order)
        {
            var references = Assembly.Load($"AtomicDevOps.{name}").GetReferencedAssemblies()
                .Select(reference => reference.Name!)
                .Where(reference => reference.StartsWith("AtomicDevOps.", StringComparison.Ordinal))
                .Select(reference => reference["AtomicDevOps.".Length..]);

            references.ShouldAllBe(reference => Array.IndexOf(Order, reference) < Array.IndexOf(Order, name), name);
        }
    }
}

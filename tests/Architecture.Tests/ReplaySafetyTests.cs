using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace AtomicDevOps.Architecture.Tests;

/// <summary>What a replay runs again is held to eng/BannedSymbols.ReplaySafe.txt by the compiler. These tests hold that it really is.</summary>
public sealed class ReplaySafetyTests
{
    private const string BannedSymbols = "eng/BannedSymbols.ReplaySafe.txt";

    [Theory]
    [InlineData("Primitives")]
    [InlineData("Orchestrations")]
    public async Task A_replay_safe_project_does_not_compile_with_what_a_replay_cannot_repeat(string project)
    {
        var (analyzers, additionalFiles) = await EvaluateAsync(project);
        var rules = additionalFiles.Where(file => string.Equals(Path.GetFullPath(file), Path.Combine(Repository.Root, BannedSymbols), StringComparison.Ordinal)).ShouldHaveSingleItem();
        var compilation = CSharp.Compile(
            """
            public static class Orchestrator
            {
                public static string Run() => $"{System.DateTime.UtcNow} {System.Guid.NewGuid()} {System.IO.File.Exists("x")}";
                public static async System.Threading.Tasks.Task WaitAsync() => await System.Threading.Tasks.Task.Delay(1).ConfigureAwait(false);
            }
            """);

        var found = await compilation
            .WithAnalyzers(
                Load(analyzers),
                new AnalyzerOptions([new BannedSymbolsFile(rules)]))
            .GetAnalyzerDiagnosticsAsync(TestContext.Current.CancellationToken);

        foreach (var banned in (string[])["DateTime.UtcNow", "Guid.NewGuid()", "System.IO", "Task.Delay(int)", "Task.ConfigureAwait(bool)"])
        {
            found.Select(diagnostic => $"{diagnostic.Id}: {diagnostic.GetMessage(null)}")
                .ShouldContain(message => message.StartsWith($"RS0030: The symbol '{banned}'", StringComparison.Ordinal), $"{project} may use {banned}");
        }
    }

    [Fact]
    public void Nothing_but_the_activity_s_own_context_is_let_off()
    {
        var settings = Repository.Read(".editorconfig");
        var section = settings[..settings.IndexOf("RS0030", StringComparison.Ordinal)].Split("\n[")[^1];

        Regex.Count(settings, "RS0030").ShouldBe(1);
        section.ShouldStartWith("src/Primitives/Workflow/ActivityWorkflowContext.cs]");
    }

    [Fact]
    public void Every_banned_symbol_exists()
    {
        var compilation = CSharp.Compile("");
        var missing = from line in Repository.Read(BannedSymbols).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                      let id = line.Split(';')[0]
                      where DocumentationCommentId.GetFirstSymbolForDeclarationId(id, compilation) is null
                      select id;

        missing.ShouldBeEmpty("the analyzer ignores a symbol that does not exist");
    }

    private static ImmutableArray<DiagnosticAnalyzer> Load(IEnumerable<string> paths) =>
    [
        .. from path in paths
           where Path.GetFileName(path).Contains("BannedApiAnalyzers", StringComparison.Ordinal)
           from analyzer in new AnalyzerFileReference(path, new Loader()).GetAnalyzers(LanguageNames.CSharp)
           select analyzer,
    ];

    /// <summary>What the compiler gets for a project, as MSBuild itself evaluates it.</summary>
    private static async Task<(IReadOnlyList<string> Analyzers, IReadOnlyList<string> AdditionalFiles)> EvaluateAsync(string project)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) is "dotnet" ? path : "dotnet")
        {
            ArgumentList =
            {
                "msbuild", Path.Combine(Repository.Root, "src", project, $"{project}.csproj"), "-nologo", "-nodeReuse:false",
                "-target:ResolveLockFileAnalyzers", "-getItem:Analyzer", "-getItem:AdditionalFiles",
            },
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, output);
        using var evaluation = JsonDocument.Parse(output);
        var items = evaluation.RootElement.GetProperty("Items");
        return (Paths("Analyzer"), Paths("AdditionalFiles"));

        IReadOnlyList<string> Paths(string item) => [.. items.GetProperty(item).EnumerateArray().Select(each => each.GetProperty("FullPath").GetString()!)];
    }

    private sealed class Loader : IAnalyzerAssemblyLoader
    {
        public void AddDependencyLocation(string fullPath)
        {
            // The analyzer needs nothing but the compiler.
        }

        public System.Reflection.Assembly LoadFromPath(string fullPath) => System.Reflection.Assembly.LoadFrom(fullPath);
    }

    private sealed class BannedSymbolsFile(string path) : AdditionalText
    {
        // The analyzer knows its files by their names.
        public override string Path => path;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(File.ReadAllText(path));
    }
}

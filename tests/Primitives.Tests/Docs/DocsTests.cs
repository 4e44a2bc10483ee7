using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AtomicDevOps.Primitives.Tests.Docs;

/// <summary>Compiles and runs what docs/primitives.md shows.</summary>
public sealed partial class DocsTests
{
    private static readonly string[] Namespaces =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Threading", "System.Threading.Tasks",
        "AtomicDevOps.Primitives.Cache", "AtomicDevOps.Primitives.CircuitBreaker", "AtomicDevOps.Primitives.Compensation",
        "AtomicDevOps.Primitives.Conditional", "AtomicDevOps.Primitives.Delegation", "AtomicDevOps.Primitives.Fallback",
        "AtomicDevOps.Primitives.Observable", "AtomicDevOps.Primitives.Parallel", "AtomicDevOps.Primitives.Retry",
        "AtomicDevOps.Primitives.Router", "AtomicDevOps.Primitives.Sequential", "AtomicDevOps.Primitives.Timeout",
        "AtomicDevOps.Primitives.Workflow", "Microsoft.DurableTask", "Shouldly",
    ];

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>Line in the page and source of each fenced block.</summary>
    public static TheoryData<int, string> Examples { get; } = Read();

    [Fact]
    public void Every_primitive_has_an_example()
    {
        var page = string.Join('\n', Examples.Select(example => example.Data.Item2));
        foreach (var shown in (string[])["ActivityCall", "SubOrchestration", ">>", " | ", ".When(", "RouterPrimitive", ".DelegateTo(", ".WithCompensation(",
            ".WithRetry(", ".WithFallback(", ".WithTimeout(", ".WithCache(", ".WithCircuitBreaker(", ".Observed("])
        {
            page.ShouldContain(shown);
        }
    }

    [Theory, MemberData(nameof(Examples))]
    public async Task An_example_compiles_and_holds(int line, string source)
    {
        var (assembly, errors) = Compile(source);
        errors.ShouldBeEmpty($"docs/primitives.md, the block at line {line}");
        var example = (DocsGlobals)Activator.CreateInstance(assembly!.GetType("Shown")!)!;
        await example.Example();
    }

    [Theory]
    [InlineData("WorkflowPrimitive<int, int> whole = checkout >> scan.WithCache(null!);", "CS0029")]
    [InlineData("await scan.WithCache(null!).ExecuteAsync(1, new OrchestrationWorkflowContext(null!));", "CS1503")]
    [InlineData("var whole = checkout >> WorkflowFunction.Of((string text) => text);", "CS0019")]
    public void What_must_not_be_composed_does_not_compile(string source, string error) =>
        Compile(source).Errors.ShouldHaveSingleItem().ShouldContain(error);

    private static (Assembly? Assembly, IReadOnlyList<string> Errors) Compile(string source)
    {
        var text = $$"""
            {{string.Join('\n', Namespaces.Select(name => $"using {name};"))}}
            public sealed class Shown : AtomicDevOps.Primitives.Tests.Docs.DocsGlobals
            {
                public override async Task Example()
                {
                    await Task.CompletedTask;
                    {{source}}
                }
            }
            """;
        var compilation = CSharpCompilation.Create(
            $"Shown{Guid.NewGuid():N}",
            [CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.CSharp14), cancellationToken: TestContext.Current.CancellationToken)],
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var emitted = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        return emitted.Success
            ? (Assembly.Load(image.ToArray()), [])
            : (null, [.. emitted.Diagnostics.Where(diagnostic => diagnostic.Severity is DiagnosticSeverity.Error).Select(error => $"{error}")]);
    }

    private static TheoryData<int, string> Read()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "docs", "primitives.md"));
        var examples = new TheoryData<int, string>();
        foreach (Match block in Fence.Matches(page))
        {
            examples.Add(page.AsSpan(0, block.Index).Count('\n') + 1, block.Groups["source"].Value);
        }

        return examples;
    }

    [GeneratedRegex("^```csharp\n(?<source>.*?)^```$", RegexOptions.ExplicitCapture | RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Fence { get; }
}

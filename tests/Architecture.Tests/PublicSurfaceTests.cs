using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace AtomicDevOps.Architecture.Tests;

public sealed class PublicSurfaceTests
{
    private const string List = "tests/Architecture.Tests/durable-api.txt";

    private static readonly string[] RealNamespaces = ["Microsoft", "DurableTask"];

    [Fact]
    public void The_embedded_host_declares_nothing_in_the_real_namespaces_that_the_real_packages_lack()
    {
        var surface = PublicSurface.Of(Load(Assembly.Load("AtomicDevOps.EmbeddedHost")), IsReal).ToList();

        surface.Count.ShouldBeGreaterThan(300);
        surface.Except(RealApi(), StringComparer.Ordinal).ShouldBeEmpty($"not in {List}: take it out of src/EmbeddedHost, or add what the real package has");
    }

    [Fact]
    public void The_list_of_the_real_api_is_sorted_and_names_each_thing_once()
    {
        var lines = RealApi();

        lines.ShouldBe(lines.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("public class Task;", "public class Microsoft.DurableTask.Task", "public Microsoft.DurableTask.Task.Task()")]
    [InlineData(
        "public interface ITask { string? Run(int count, string name = \"a\"); }",
        "public interface Microsoft.DurableTask.ITask",
        "string? Microsoft.DurableTask.ITask.Run(int count, string name = \"a\")")]
    [InlineData(
        "public abstract class Task { public string Name { get; private set; } = \"\"; protected virtual void Stop() { } internal void Hide() { } }",
        "public abstract class Microsoft.DurableTask.Task",
        "protected Microsoft.DurableTask.Task.Task()",
        "public string Microsoft.DurableTask.Task.Name { get; }",
        "protected virtual void Microsoft.DurableTask.Task.Stop()")]
    [InlineData(
        "public sealed class Failed : System.IO.IOException, System.ICloneable { public object Clone() => this; }",
        "public sealed class Microsoft.DurableTask.Failed",
        "Microsoft.DurableTask.Failed derives from System.IO.IOException",
        "Microsoft.DurableTask.Failed implements System.ICloneable",
        "Microsoft.DurableTask.Failed implements System.Runtime.Serialization.ISerializable",
        "public object Microsoft.DurableTask.Failed.Clone()",
        "public Microsoft.DurableTask.Failed.Failed()")]
    [InlineData(
        "public enum Status { Running, Failed = 3 }",
        "public enum Microsoft.DurableTask.Status",
        "Microsoft.DurableTask.Status.Running = 0",
        "Microsoft.DurableTask.Status.Failed = 3")]
    public void A_surface_is_read_with_all_that_a_caller_depends_on(string declaration, params string[] lines)
    {
        var compilation = CSharp.Compile($"namespace Microsoft.DurableTask; {declaration}");

        PublicSurface.Of(compilation.Assembly, IsReal).ShouldBe(lines, ignoreOrder: true);
        PublicSurface.Of(Load(compilation), IsReal).ShouldBe(lines, ignoreOrder: true);
    }

    private static bool IsReal(string containingNamespace) => RealNamespaces.Contains(containingNamespace.Split('.')[0], StringComparer.Ordinal);

    private static List<string> RealApi() => [.. Repository.Read(List).Split('\n').Where(static line => line is not ("" or ['#', ..]))];

    private static IAssemblySymbol Load(Assembly assembly) => Symbols(MetadataReference.CreateFromFile(assembly.Location));

    private static IAssemblySymbol Load(CSharpCompilation compilation)
    {
        using var image = new MemoryStream();
        compilation.Emit(image).Success.ShouldBeTrue();
        return Symbols(MetadataReference.CreateFromImage(image.ToArray()));
    }

    private static IAssemblySymbol Symbols(MetadataReference reference)
    {
        var compilation = CSharp.Compile(string.Empty).AddReferences(reference);
        return compilation.GetAssemblyOrModuleSymbol(reference).ShouldBeAssignableTo<IAssemblySymbol>()!;
    }
}

using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Security.CycloneDx;
using AtomicDevOps.Activities.Tests.Support;

namespace AtomicDevOps.Activities.Tests.Security.CycloneDx;

public sealed class CycloneDxDocumentTests
{
    private static readonly CycloneDxDocument Whole = new()
    {
        SerialNumber = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        Timestamp = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        Tools = [new CycloneDxComponent("application", "Atomic DevOps") { Version = "1.0.0" }],
        Subject = new CycloneDxComponent("application", "hello") { Group = "octo", Version = "0123", Reference = "pkg:github/octo/hello@0123", PackageUrl = "pkg:github/octo/hello@0123" },
        Components =
        [
            new CycloneDxComponent("library", "core")
            {
                Reference = "pkg:npm/%40angular/core@12.3.1",
                Group = "@angular",
                Version = "12.3.1",
                PackageUrl = "pkg:npm/%40angular/core@12.3.1",
                Scope = "excluded",
                Occurrences = [new CycloneDxOccurrence("web/package.json", 7), new CycloneDxOccurrence("web/ü \"x\".json", null)],
                Properties = [new CycloneDxProperty("example:note", "1"), new CycloneDxProperty("example:empty", null)],
            },
            new CycloneDxComponent("library", "django") { Reference = "d" },
        ],
        Dependencies = [new CycloneDxDependency("pkg:github/octo/hello@0123", ["d", "pkg:npm/%40angular/core@12.3.1"]), new CycloneDxDependency("d", [])],
        IsIncomplete = true,
    };

    [Fact]
    public void What_was_written_is_read_as_it_was_and_written_again_as_the_same_bytes()
    {
        var text = Write(Whole);

        var read = CycloneDxReader.Read(text).ShouldNotBeNull();

        read.Components.Select(component => component.Line).ShouldAllBe(line => line > 1);
        Text(read with
        {
            Tools = [.. read.Tools.Select(Unplaced)],
            Subject = Unplaced(read.Subject!),
            Components = [.. read.Components.Select(Unplaced)],
        }).ShouldBe(Text(Whole));
        Write(read).ShouldBe(text);

        static CycloneDxComponent Unplaced(CycloneDxComponent component) => component with { Line = 0 };

        static string Text(CycloneDxDocument document) => JsonSerializer.Serialize(document);
    }

    [Fact]
    public void What_is_written_holds_against_the_schema_of_CycloneDX()
    {
        Guard.NeedsCycloneDxSchema(Path.Combine(SchemaDirectory(), "node_modules", "@cyclonedx", "cyclonedx-library", "res", "schema", "bom-1.6.SNAPSHOT.schema.json"));
        using var directory = new TemporaryDirectory();

        Validate(directory, Write(Whole)).ShouldBe((0, string.Empty));
        Validate(directory, Write(new CycloneDxDocument())).ShouldBe((0, string.Empty));
        Validate(directory, Write(Whole with { SerialNumber = "x" })).ExitCode.ShouldBe(1, "the schema has to tell what does not hold");
    }

    [Theory]
    [InlineData("1.4")]
    [InlineData("1.5")]
    [InlineData("1.6")]
    public void Components_and_their_parts_are_read_in_order_with_their_lines(string version)
    {
        var document = CycloneDxReader.Read(
            $$"""
            {
              "bomFormat": "CycloneDX", "specVersion": "{{version}}",
              "metadata": { "tools": [ { "vendor": "v", "name": "legacy" } ], "component": { "type": "application", "name": "app", "bom-ref": "app" } },
              "components": [
                { "type": "library", "name": "outer", "purl": "pkg:npm/outer@1",
                  "components": [ { "type": "library", "name": "inner",
                    "purl": "pkg:npm/inner@2" } ] },
                { "type": "library", "name": "last", "licenses": [ { "license": { "id": "MIT" } } ] }
              ],
              "dependencies": [ { "ref": "app", "dependsOn": [ "a", "b" ] }, { "ref": 3 } ],
              "vulnerabilities": [ { "id": "x" } ]
            }
            """).ShouldNotBeNull();

        document.Components.Select(component => (component.Name, component.Line)).ShouldBe([("outer", 5), ("inner", 7), ("last", 8)]);
        document.Tools.ShouldBeEmpty();
        document.Subject!.Reference.ShouldBe("app");
        document.Dependencies.ShouldHaveSingleItem().DependsOn.ShouldBe(["a", "b"]);
    }

    [Fact]
    public void Another_document_than_CycloneDX_is_none() => CycloneDxReader.Read("""{"spdxVersion":"SPDX-2.3"}""").ShouldBeNull();

    [Theory]
    [InlineData("""{"bomFormat":"SPDX","specVersion":"1.6"}""", "\"CycloneDX\"")]
    [InlineData("""{"bomFormat":3}""", "\"CycloneDX\"")]
    [InlineData("""{"bomFormat":"CycloneDX"}""", "1.4, 1.5, 1.6")]
    [InlineData("""{"bomFormat":"CycloneDX","specVersion":"1.3"}""", "\"1.3\"")]
    [InlineData("""{"bomFormat":"CycloneDX","specVersion":"1.6","components":{}}""", "no list")]
    [InlineData("""{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library"}]}""", "no \"name\"")]
    [InlineData("""{"bomFormat":"CycloneDX","specVersion":"1.6","specVersion":"1.6"}""", "second time")]
    [InlineData("""{"bomFormat":"CycloneDX","specVersion":"1.6","components":[""", "no JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("", "no JSON")]
    public void What_cannot_be_read_is_told(string text, string problem) => Should.Throw<FormatException>(() => CycloneDxReader.Read(text)).Message.ShouldContain(problem);

    [Fact]
    public void A_document_with_too_many_levels_or_components_is_refused_in_bounded_time()
    {
        var deep = string.Concat(Enumerable.Repeat("""{"name":"x","components":[""", 1_000));
        Should.Throw<FormatException>(() => CycloneDxReader.Read($$"""{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{{deep}}"""));

        var many = new StringBuilder("""{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"x"}""");
        for (var count = 0; count < CycloneDxReader.MostComponents; count++)
        {
            many.Append(",{\"name\":\"x\"}");
        }

        Should.Throw<FormatException>(() => CycloneDxReader.Read(many.Append("]}").ToString())).Message.ShouldContain("more than 200000 components");
    }

    private static string Write(CycloneDxDocument document)
    {
        using var target = new MemoryStream();
        CycloneDxWriter.Write(target, document);
        return Encoding.UTF8.GetString(target.ToArray());
    }

    private static (int ExitCode, string Output) Validate(TemporaryDirectory directory, string text)
    {
        var path = directory.Combine("bom.json");
        File.WriteAllText(path, text);
        var start = new ProcessStartInfo("node", ["validate.mjs", path]) { WorkingDirectory = SchemaDirectory(), RedirectStandardOutput = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private static string SchemaDirectory([CallerFilePath] string file = "") =>
        Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(file)))!, "cyclonedx-schema");
}

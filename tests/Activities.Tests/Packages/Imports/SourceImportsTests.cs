using AtomicDevOps.Activities.Packages.Imports;
using AtomicDevOps.Activities.Packages.Manifests;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Imports;

public sealed class SourceImportsTests
{
    [Theory]
    [InlineData("app/main.py", true)]
    [InlineData("src/index.ts", true)]
    [InlineData("src/view.test.tsx", false)]
    [InlineData("src/types.d.ts", false)]
    [InlineData("lib/jquery.min.js", false)]
    [InlineData("cmd/main.go", true)]
    [InlineData("cmd/main_test.go", false)]
    [InlineData("app/test_main.py", false)]
    [InlineData("app/conftest.py", false)]
    [InlineData("Tests/helper.py", false)]
    [InlineData("vendor/github.com/x/y/y.go", false)]
    [InlineData("docs/conf.py", false)]
    [InlineData("latest/contest.py", true)]
    [InlineData("main.rb", false)]
    public void Only_source_counts_that_is_no_test_and_no_copy(string path, bool isSource) => SourceImports.IsSource(path).ShouldBe(isSource);

    [Theory]
    [InlineData("import a, b.c as d", "a b.c")]
    [InlineData("from a.b import c as d, e", "a.b a.b.c a.b.e")]
    [InlineData("from a import (\n  b,  # one\n  c,\n)", "a a.b a.c")]
    [InlineData("from a import *", "a a.*")]
    [InlineData("x = 1; import a", "a")]
    [InlineData("try: import a\nexcept ImportError: import b", "a b")]
    [InlineData("import a \\\n  , b", "a b")]
    [InlineData("def f():\n    import a\n", "a")]
    [InlineData("from . import a\nfrom .b import c", "")]
    [InlineData("# import a\n'''\nimport b\n'''\n\"import c\"\n\"\"\"import d\nimport e\"\"\"", "")]
    [InlineData("x = 'it\\'s'; import a", "a")]
    [InlineData("x = [\nimport_a,\n]\nimportlib.x()", "")]
    [InlineData("if TYPE_CHECKING:\n    import a\n    from b import c\nimport d", "d")]
    [InlineData("if typing.TYPE_CHECKING:\n    import a\nelse:\n    import b", "b")]
    [InlineData("x = 'never closed\nimport a", "a")]
    [InlineData("\ufeffimport a", "a")]
    public void Python_is_read_by_its_statements(string text, string modules) => PythonImports.Read(text.TrimStart('\ufeff')).ShouldBe(Words(modules));

    [Theory]
    [InlineData("import a from 'a'; import { b } from \"b/sub\"; import 'c'", "a b c")]
    [InlineData("export * from '@s/a/b'; export { x } from 'd'", "@s/a d")]
    [InlineData("const a = require('a'), b = await import(\"b\")", "a b")]
    [InlineData("import type { A } from 'a'; export type { B } from 'b'; import { c } from 'c'", "c")]
    [InlineData("import type from 'a'; import type, { x } from 'b'; import { type X } from 'c'", "a b c")]
    [InlineData("import './a'; import '../b'; import '/c'; import '#d'; import 'node:fs'; import 'https://e/f'", "")]
    [InlineData("// import 'a'\n/* require('b') */ const s = \"import 'c'\"; const t = `import 'd'`", "")]
    [InlineData("const r = /['\"`]/g; import 'a'", "a")]
    [InlineData("const q = 4 / 2; const s = 'x/y'; import 'a'", "a")]
    [InlineData("const s = 'never closed\nimport 'a'", "a")]
    [InlineData("foo.from('a'); from; ('b'); notrequire('c')", "")]
    public void EcmaScript_is_read_by_imports_exports_and_require(string text, string packages) => EcmaScriptImports.Read(text).ShouldBe(Words(packages));

    [Theory]
    [InlineData("package x\nimport \"a/b\"\nimport c \"d\"\nimport _ \"e\"", "a/b d e")]
    [InlineData("package x\nimport (\n\t\"a\" // one\n\tb `c`\n\t/* \"d\" */\n)\nimport \"e\"", "a c e")]
    [InlineData("// import \"a\"\npackage x\nfunc f() { import \"b\" }", "")]
    [InlineData("package x\nvar s = \"import\"; import \"a\"", "")]
    [InlineData("import \"never closed", "")]
    public void Go_is_read_by_its_import_declarations(string text, string packages) => GoImports.Read(text).ShouldBe(Words(packages));

    [Theory]
    [InlineData("PyYAML", "import yaml", true)]
    [InlineData("pyyaml", "import yaml.reader", true)]
    [InlineData("PyYAML", "import yamlx", null)]
    [InlineData("Flask_Login", "from flask_login import x", true)]
    [InlineData("protobuf", "from google import protobuf", true)]
    [InlineData("protobuf", "from google import cloud", null)]
    [InlineData("Pillow", "from PIL import Image", true)]
    [InlineData("Pillow", "import pillow", null)]
    public void A_python_package_is_known_by_its_modules(string package, string text, bool? imports) => Read(("a.py", text)).ImportsPython(package).ShouldBe(imports);

    [Fact]
    public void A_module_of_the_repositorys_own_tells_nothing_of_a_package_of_that_name()
    {
        Read(("main.py", "import yaml"), ("lib/yaml.py", "")).ImportsPython("PyYAML").ShouldBeNull();
        Read(("main.py", "import yaml"), ("yaml/x.py", "")).ImportsPython("PyYAML").ShouldBeNull();
    }

    [Fact]
    public void A_go_package_belongs_to_the_module_whose_path_is_longest()
    {
        var imports = Read(("main.go", "package main\nimport \"golang.org/x/net/html/atom\""));
        string[] modules = ["golang.org/x/net", "golang.org/x/net/html", "golang.org/x/ne"];

        imports.ImportsGo("golang.org/x/net/html", modules).ShouldBe(true);
        imports.ImportsGo("golang.org/x/net", modules).ShouldBeNull();
        imports.ImportsGo("golang.org/x/ne", modules).ShouldBeNull();
        imports.ImportsGo("golang.org/x/net", modules[..1]).ShouldBe(true);
    }

    [Fact]
    public void Any_text_is_read_in_the_time_of_its_length()
    {
        var pieces = Gen.Elements("import ", "from ", "'", "\"", "`", "/", "(", ")", "\n", "\\", "#", "{", "a", ".", ",", "type ", "/*", "*/", "'''", ":", "if TYPE_CHECKING:", " ");
        Prop.ForAll(pieces.ArrayOf().ToArbitrary(), words =>
        {
            var text = string.Concat(words);
            PythonImports.Read(text).ShouldAllBe(module => module.Length <= text.Length);
            EcmaScriptImports.Read(text).ShouldAllBe(package => package.Length > 0);
            GoImports.Read(text).ShouldAllBe(path => path.Length < text.Length);
        }).QuickCheckThrowOnFailure();
        foreach (var text in new[] { new string(' ', 500_000), new string('\'', 500_000), string.Concat(Enumerable.Repeat("import a,", 60_000)), string.Concat(Enumerable.Repeat("x(", 250_000)) })
        {
            PythonImports.Read(text).Count().ShouldBeLessThan(60_001);
            EcmaScriptImports.Read(text).Count().ShouldBeLessThan(60_001);
            GoImports.Read(text).Count().ShouldBeLessThan(60_001);
        }
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static SourceImports Read(params (string Path, string Text)[] files) =>
        SourceImports.Read(InMemoryRepositoryFiles.OfText(files.Select(file => new KeyValuePair<string, string>(file.Path, file.Text))), TestContext.Current.CancellationToken);
}

using AtomicDevOps.Activities.Packages.Manifests;

namespace AtomicDevOps.Activities.Tests.Packages.Manifests;

public sealed class NpmDependencyFilesTests
{
    private const string Manifest = """
        {
          "name": "mine",
          "dependencies": {
            "lodash": "^4.17.0",
            "other": "npm:@scope/real@1.2.3",
            "mine-too": "workspace:*"
          },
          "devDependencies": { "jest": "29.0.0" }
        }
        """;

    private static readonly string[] Locked = ["@scope/real 1.2.3 True", "jest 29.0.0 True", "lodash 4.17.5 True", "lodash 3.0.0 False"];

    [Fact]
    public void A_manifest_tells_names_constraints_scopes_and_lines()
    {
        var report = Read(("package.json", """
            {
              "dependencies": { "a": "1.2.3", "b": "^1.0.0", "c": "*", "d": "file:../d", "e": "link:x" },
              "devDependencies": { "f": "=1.0.0" },
              "optionalDependencies": { "g": "1.x" },
              "peerDependencies": { "h": ">=1" }
            }
            """));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Name, each.Version, each.Constraint, each.Scope, each.Line)).ShouldBe(
            [("a", "1.2.3", "1.2.3", null, 2), ("b", null, "^1.0.0", null, 2), ("c", null, "", null, 2), ("f", "1.0.0", "=1.0.0", "dev", 3), ("g", null, "1.x", "optional", 4), ("h", null, ">=1", "peer", 5)], ignoreOrder: true);
    }

    [Theory]
    [InlineData("git+https://example.com/x.git", "registry")]
    [InlineData("octo/x", "registry")]
    [InlineData("latest", "latest")]
    [InlineData("https://example.com/x.tgz", "registry")]
    [InlineData("catalog:", "catalog")]
    public void What_cannot_be_judged_is_a_problem_with_its_line(string constraint, string named)
    {
        var problem = Read(("package.json", $"{{\n \"dependencies\": {{\n  \"x\": \"{constraint}\" }} }}")).Problems.ShouldHaveSingleItem();

        problem.Line.ShouldBe(3);
        problem.Message.ShouldContain(named);
        problem.Message.ShouldContain("right would be");
    }

    [Fact]
    public void The_lock_of_npm_tells_versions_from_its_third_version_on() => Judge("package-lock.json", """
        {
          "lockfileVersion": 3,
          "packages": {
            "": { "name": "mine" },
            "packages/mine-too": { "name": "mine-too", "version": "1.0.0" },
            "node_modules/mine-too": { "resolved": "packages/mine-too", "link": true },
            "node_modules/other": { "name": "@scope/real", "version": "1.2.3", "integrity": "sha512-AA==" },
            "node_modules/jest": { "version": "29.0.0", "dev": true },
            "node_modules/lodash": { "version": "4.17.5" },
            "node_modules/jest/node_modules/lodash": { "version": "3.0.0", "dev": true }
          }
        }
        """);

    [Fact]
    public void The_lock_of_npm_tells_versions_from_its_first_version_on() => Judge("npm-shrinkwrap.json", """
        {
          "lockfileVersion": 1,
          "dependencies": {
            "mine-too": { "version": "file:packages/mine-too" },
            "other": { "version": "npm:@scope/real@1.2.3", "integrity": "sha512-AA==" },
            "jest": { "version": "29.0.0", "dev": true, "dependencies": { "lodash": { "version": "3.0.0" } } },
            "lodash": { "version": "4.17.5" }
          }
        }
        """);

    [Fact]
    public void The_first_lock_of_Yarn_tells_versions() => Judge("yarn.lock", """
        # yarn lockfile v1


        jest@29.0.0:
          version "29.0.0"
          resolved "https://example.com/jest.tgz#aa"
          dependencies:
            lodash "^3.0.0"

        lodash@^3.0.0:
          version "3.0.0"

        lodash@^4.0.0, lodash@^4.17.0:
          version "4.17.5"

        "other@npm:@scope/real@1.2.3":
          version "1.2.3"
          integrity sha512-AA==
        """);

    [Fact]
    public void Later_locks_of_Yarn_tell_versions() => Judge("yarn.lock", """
        __metadata:
          version: 8

        "jest@npm:29.0.0":
          version: 29.0.0
          resolution: "jest@npm:29.0.0"
          dependencies:
            lodash: "npm:^3.0.0"

        "lodash@npm:^3.0.0":
          version: 3.0.0
          resolution: "lodash@npm:3.0.0"

        "lodash@npm:^4.0.0, lodash@npm:^4.17.0":
          version: 4.17.5
          resolution: "lodash@npm:4.17.5"

        "mine-too@workspace:packages/mine-too":
          version: 0.0.0-use.local
          resolution: "mine-too@workspace:packages/mine-too"

        "mine@workspace:.":
          version: 0.0.0-use.local
          resolution: "mine@workspace:."

        "other@npm:@scope/real@1.2.3":
          version: 1.2.3
          resolution: "@scope/real@npm:1.2.3"
          checksum: aa
        """);

    [Theory]
    [InlineData("5.4", "/@scope/real/1.2.3", "/jest/29.0.0_ts@4.0.0", "/lodash/4.17.5", "/lodash/3.0.0", "29.0.0_ts@4.0.0")]
    [InlineData("'6.0'", "/@scope/real@1.2.3", "/jest@29.0.0(ts@4.0.0)", "/lodash@4.17.5", "/lodash@3.0.0", "29.0.0(ts@4.0.0)")]
    [InlineData("'9.0'", "'@scope/real@1.2.3'", "jest@29.0.0", "lodash@4.17.5", "lodash@3.0.0", "29.0.0(ts@4.0.0)")]
    public void Every_lock_of_pnpm_tells_versions(string version, string real, string jest, string lodash, string old, string reference)
    {
        var alias = real.Trim('\'');
        Judge("pnpm-lock.yaml", $"""
            lockfileVersion: {version}
            importers:
              .:
                dependencies:
                  lodash: {(IsOld(version) ? "4.17.5" : "{specifier: ^4.17.0, version: 4.17.5}")}
                  mine-too: {(IsOld(version) ? "link:packages/mine-too" : "{specifier: 'workspace:*', version: 'link:packages/mine-too'}")}
                  other: {(IsOld(version) ? alias : $"{{specifier: 'npm:@scope/real@1.2.3', version: '{alias}'}}")}
                devDependencies:
                  jest: {(IsOld(version) ? reference : $"{{specifier: 29.0.0, version: {reference}}}")}
              packages/mine-too: {"{}"}
            packages:
              {real}: {"{resolution: {integrity: sha512-AA==}}"}
              {jest}: {"{resolution: {integrity: sha512-BB==}, dev: true}"}
              {lodash}: {"{resolution: {integrity: sha512-CC==}}"}
              {old}: {"{resolution: {integrity: sha512-DD==}}"}
            """);
    }

    [Fact]
    public void Members_of_a_workspace_are_judged_by_its_lock_and_others_are_not()
    {
        const string Lock = """
            {"lockfileVersion": 3, "packages": {
              "": {"workspaces": ["packages/*"]}, "packages/a": {"version": "1.0.0"}, "packages/b": {},
              "node_modules/lodash": {"version": "4.17.5"}, "packages/b/node_modules/lodash": {"version": "3.0.0"}}}
            """;
        var report = Read(
            ("package.json", """{"workspaces": ["packages/*"]}"""), ("packages/a/package.json", """{"dependencies": {"lodash": "^4.0.0"}}"""),
            ("packages/b/package.json", """{"dependencies": {"lodash": "^3.0.0"}}"""), ("examples/package.json", """{"dependencies": {"lodash": "^2.0.0"}}"""), ("package-lock.json", Lock));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Path, each.Version)).ShouldBe([("examples/package.json", null), ("packages/a/package.json", "4.17.5"), ("packages/b/package.json", "3.0.0")]);
    }

    [Fact]
    public void Members_of_a_workspace_of_the_first_Yarn_are_found_by_its_patterns() => Read(
        ("package.json", """{"workspaces": {"packages": ["packages/*", "apps/**"]}}"""), ("packages/a/package.json", """{"dependencies": {"lodash": "^4.0.0"}}"""),
        ("apps/x/y/package.json", """{"dependencies": {"lodash": "^4.0.0"}}"""), ("other/package.json", """{"dependencies": {"lodash": "^4.0.0"}}"""),
        ("yarn.lock", "lodash@^4.0.0:\n  version \"4.17.5\"\n")).Dependencies.Select(static each => (each.Path, each.Version)).ShouldBe(
            [("apps/x/y/package.json", "4.17.5"), ("other/package.json", null), ("packages/a/package.json", "4.17.5")]);

    [Fact]
    public void What_a_lock_does_not_have_is_a_problem() =>
        Read(("package.json", """{"dependencies": {"a": "^1.0.0", "b": "^1.0.0"}, "peerDependencies": {"c": "*"}}"""), ("package-lock.json", """{"packages": {"node_modules/a": {"version": "1.0.0"}}}"""))
            .Problems.ShouldHaveSingleItem().Message.ShouldContain("b is not in package-lock.json");

    [Fact]
    public void A_manifest_is_raised_and_its_lock_needs_an_index()
    {
        var files = Files(("package.json", Manifest), ("package-lock.json", """{"packages": {"node_modules/lodash": {"version": "4.17.5"}, "node_modules/other": {"name": "@scope/real", "version": "1.2.3"}, "node_modules/jest": {"version": "29.0.0"}}}"""));
        var edit = DependencyEditor.Raise(files, [.. DependencyFiles.Read(files).Dependencies.Select(static each => new DependencyRaise(each, each.Name switch { "lodash" => "4.17.21", "jest" => "29.5.0", _ => "1.3.0" }))]);

        edit.Results.ShouldAllBe(static result => result.Outcome == DependencyRaiseOutcome.NeedsIndex);
        edit.Files.ShouldHaveSingleItem().Content.ShouldBe(Manifest.Replace("^4.17.0", "^4.17.21", StringComparison.Ordinal).Replace("@1.2.3", "@1.3.0", StringComparison.Ordinal).Replace("29.0.0", "29.5.0", StringComparison.Ordinal));
    }

    [Fact]
    public void A_pin_without_a_lock_is_raised()
    {
        var files = Files(("package.json", Manifest));
        var jest = DependencyFiles.Read(files).Dependencies.Single(static each => each.Name is "jest");

        DependencyEditor.Raise(files, new DependencyRaise(jest, "30.0.0")).ShouldSatisfyAllConditions(
            static edit => edit.Results.ShouldHaveSingleItem().Outcome.ShouldBe(DependencyRaiseOutcome.Raised),
            static edit => edit.Files.ShouldHaveSingleItem().Content.ShouldBe(Manifest.Replace("29.0.0", "30.0.0", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_catalog_is_raised_once_for_all_that_take_their_version_from_it()
    {
        var files = Files(
            ("pnpm-workspace.yaml", "packages: ['*']\ncatalog:\n  lodash: 4.17.5 # why\ncatalogs:\n  old:\n    lodash: \"3.0.0\"\n"),
            ("a/package.json", """{"dependencies": {"lodash": "catalog:"}}"""), ("b/package.json", """{"dependencies": {"lodash": "catalog:"}}"""), ("c/package.json", """{"dependencies": {"lodash": "catalog:old"}}"""));
        var dependencies = DependencyFiles.Read(files).Dependencies;
        var edit = DependencyEditor.Raise(files, new DependencyRaise(dependencies[0], "4.17.20"), new DependencyRaise(dependencies[1], "4.17.21"), new DependencyRaise(dependencies[2], "3.1.0"));

        dependencies.Select(static each => (each.Path, each.Version)).ShouldBe([("a/package.json", "4.17.5"), ("b/package.json", "4.17.5"), ("c/package.json", "3.0.0")]);
        edit.Results.ShouldAllBe(static result => result.Outcome == DependencyRaiseOutcome.Raised);
        edit.Files.ShouldHaveSingleItem().Content.ShouldBe("packages: ['*']\ncatalog:\n  lodash: 4.17.21 # why\ncatalogs:\n  old:\n    lodash: \"3.1.0\"\n");
    }

    private static bool IsOld(string version) => version is "5.4";

    private static void Judge(string path, string text)
    {
        var report = Read(("package.json", Manifest), ("packages/mine-too/package.json", "{}"), (path, text));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => $"{each.Name} {each.Version} {each.IsDirect}").ShouldBe(Locked, ignoreOrder: true);
        report.Dependencies.ShouldAllBe(each => string.Equals(each.Lock!.Path, path, StringComparison.Ordinal) && string.Equals(each.Path, each.IsDirect ? "package.json" : path, StringComparison.Ordinal));
        report.Dependencies.Single(static each => each.Name is "@scope/real").Hashes.ShouldHaveSingleItem();
    }

    private static DependencyReport Read(params (string Path, string Text)[] files) => DependencyFiles.Read(Files(files));

    private static InMemoryRepositoryFiles Files(params (string Path, string Text)[] files) =>
        InMemoryRepositoryFiles.OfText(files.Select(static file => KeyValuePair.Create(file.Path, file.Text)));
}

using AtomicDevOps.Activities.Packages.Manifests;

namespace AtomicDevOps.Activities.Tests.Packages.Manifests;

public sealed class PythonDependencyFilesTests
{
    [Fact]
    public void Requirements_tell_names_versions_lines_markers_and_hashes()
    {
        var report = Read(("requirements.txt", """
            # comment
            --index-url https://example.com/simple
            Django==3.2.0  # why
            requests[security] >= 2.8.1, < 3 ; python_version > "3.7"
            flask \
                ==1.0 \
                --hash=sha256:aa11 \
                --hash=sha256:bb22
            numpy
            -r more/base.txt
            """), ("more/base.txt", "jinja2===2.0\r\nstill-here\r\n"));

        report.Problems.ShouldBeEmpty();
        report.Files.ShouldBe(["requirements.txt", "more/base.txt"], ignoreOrder: true);
        var found = report.Dependencies.ToDictionary(static each => each.Name, StringComparer.Ordinal);
        (found["Django"].Version, found["Django"].Constraint, found["Django"].Line).ShouldBe(("3.2.0", "==3.2.0", 3));
        (found["requests"].Version, found["requests"].Marker, found["requests"].Line).ShouldBe((null, "python_version > \"3.7\"", 4));
        found["requests"].Extras.ShouldBe(["security"]);
        (found["flask"].Version, found["flask"].Line).ShouldBe(("1.0", 5));
        found["flask"].Hashes.ShouldBe(["sha256:aa11", "sha256:bb22"]);
        (found["numpy"].Version, found["numpy"].Constraint).ShouldBe((null, ""));
        (found["jinja2"].Version, found["jinja2"].Path, found["jinja2"].Line).ShouldBe(("2.0", "more/base.txt", 1));
        found["still-here"].Line.ShouldBe(2);
        report.Dependencies.ShouldAllBe(static each => each.IsDirect && each.Ecosystem == "PyPI" && each.Lock == null);
    }

    [Theory]
    [InlineData("git+https://user:secret@example.com/x.git#egg=x", "example.com")]
    [InlineData("x @ https://user:secret@example.com/x.zip", "example.com")]
    [InlineData("-e git+ssh://git@example.com/x", "example.com")]
    [InlineData("./wheels/x-1.0-py3-none-any.whl", "x-1.0")]
    [InlineData("-r https://example.com/r.txt", "example.com")]
    [InlineData("-r ../outside.txt", "outside")]
    [InlineData("-r /etc/passwd", "/etc/passwd")]
    [InlineData("-r missing.txt", "missing.txt")]
    [InlineData("--unheard-of", "--unheard-of")]
    [InlineData("one two three", "one two three")]
    [InlineData("a==1.0\0", "NUL")]
    public void What_cannot_be_judged_is_a_problem_with_its_line(string line, string named)
    {
        var problem = Read(("requirements.txt", $"# first\n{line}\n")).Problems.ShouldHaveSingleItem();

        problem.Message.ShouldContain(named);
        problem.Message.ShouldContain("right would be");
        problem.Message.ShouldNotContain("secret");
    }

    [Theory]
    [InlineData("-e .")]
    [InlineData("./packages/mine")]
    [InlineData("--require-hashes")]
    [InlineData("-f https://example.com/links")]
    public void The_repository_s_own_code_and_options_are_no_problem(string line) => Read(("requirements.txt", line)).Problems.ShouldBeEmpty();

    [Theory]
    [InlineData("sys_platform == 'win32'", false)]
    [InlineData("platform_system == 'Windows' and python_version < '3'", false)]
    [InlineData("os_name == 'nt' or sys_platform == 'darwin'", false)]
    [InlineData("extra == 'test'", false)]
    [InlineData("sys_platform != 'win32'", true)]
    [InlineData("sys_platform == 'win32' or python_version < '3'", true)]
    [InlineData("python_version < '3'", true)]
    [InlineData("platform_machine == 'arm64'", true)]
    public void What_no_Linux_ever_needs_does_not_count(string marker, bool counts)
    {
        Read(("requirements.txt", $"a==1.0 ; {marker}")).Dependencies.Count.ShouldBe(counts ? 1 : 0);
        Read(("pyproject.toml", $"[project]\ndependencies = [\"a==1.0 ; {marker}\"]")).Dependencies.Count.ShouldBe(counts || marker.StartsWith("extra", StringComparison.Ordinal) ? 1 : 0);
    }

    [Fact]
    public void Groups_that_include_each_other_are_reported()
    {
        var report = Read(("pyproject.toml", """
            [dependency-groups]
            a = ["x==1", {include-group = "B"}]
            b = [{include-group = "c"}]
            c = [{include-group = "a"}]
            d = [{include-group = "d"}]
            e = [{include-group = "a"}]
            """));

        report.Dependencies.ShouldHaveSingleItem().Name.ShouldBe("x");
        report.Problems.Select(static problem => problem.Line).ShouldBe([4, 5]);
        report.Problems.ShouldAllBe(static problem => problem.Message.Contains("again"));
    }

    [Fact]
    public void Files_that_include_each_other_are_read_once_and_reported()
    {
        var report = Read(("requirements.txt", "-r requirements-dev.txt\na==1"), ("requirements-dev.txt", "b==1\n-r requirements.txt"), ("requirements-self.txt", "-r requirements-self.txt"));

        report.Dependencies.Select(static each => each.Name).ShouldBe(["b", "a"]);
        report.Problems.Count.ShouldBe(2);
        report.Problems.ShouldAllBe(static problem => problem.Message.Contains("again"));
    }

    [Fact]
    public void Constraints_tell_the_version_where_requirements_do_not()
    {
        var report = Read(("requirements.txt", "-c constraints.txt\nDjango\nflask==1.0"), ("constraints.txt", "django==3.2\nflask==2.0\nasgiref==3.0\nother<5"));

        report.Dependencies.Select(static each => (each.Name, each.Version, each.Path, each.IsDirect)).ShouldBe(
            [("asgiref", "3.0", "constraints.txt", false), ("Django", "3.2", "requirements.txt", true), ("flask", "1.0", "requirements.txt", true)]);
        report.Dependencies[1].Lock.ShouldBe(new LockedAt("constraints.txt", 1));
    }

    [Fact]
    public void What_was_compiled_from_a_file_is_its_lock()
    {
        var report = Read(("requirements.in", "django>=3\n"), ("requirements.txt", "asgiref==3.4\n    # via django\ndjango==3.2\n    # via -r requirements.in\n"));

        report.Dependencies.Select(static each => (each.Name, each.Version, each.Path, each.Line, each.IsDirect, each.Constraint)).ShouldBe(
            [("django", "3.2", "requirements.in", 1, true, ">=3"), ("asgiref", "3.4", "requirements.txt", 1, false, "==3.4")]);
        report.Dependencies[0].Lock.ShouldBe(new LockedAt("requirements.txt", 3));
    }

    [Fact]
    public void Pyproject_tells_dependencies_extras_groups_and_the_build_s()
    {
        var report = Read(("pyproject.toml", """
            [build-system]
            requires = ["setuptools==65.0"]

            [project]
            name = "mine"
            dependencies = [
              "Django==3.2 ; python_version > \"3\"",
              'flask[async]>=1', # why
            ]

            [project.optional-dependencies]
            fast = ["orjson==3.0"]

            [dependency-groups]
            test = ["pytest==7.0", {include-group = "lint"}]
            lint = ["ruff", {include-group = "gone"}]
            """));

        report.Dependencies.Select(static each => (each.Name, each.Version, each.Scope, each.Line)).ShouldBe(
            [("setuptools", "65.0", "build", 2), ("Django", "3.2", null, 7), ("flask", null, null, 8), ("orjson", "3.0", "fast", 12), ("pytest", "7.0", "test", 15), ("ruff", null, "lint", 16)]);
        report.Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(static problem => problem.Line.ShouldBe(16), static problem => problem.Message.ShouldContain("gone"));
    }

    [Fact]
    public void Poetry_s_tables_and_lock_belong_together()
    {
        var report = Read(
            ("api/pyproject.toml", """
                [tool.poetry.dependencies]
                python = "^3.9"
                Django = "^3.1"
                flask = { version = "1.0", extras = ["async"], optional = true }
                mine = { path = "../mine" }
                theirs = { git = "https://example.com/x" }
                missing = "*"

                [tool.poetry.group.dev.dependencies]
                pytest = [
                  { version = "==7.0", markers = "python_version > '3.8'" },
                  { version = ">=8", markers = "python_version > '3.9'" },
                ]
                """),
            ("api/poetry.lock", """
                [[package]]
                name = "django"
                version = "3.2.1"
                files = [{file = "a", hash = "sha256:aa"}, {file = "b", hash = "sha256:bb"}]

                [package.dependencies]
                asgiref = ">=3"

                [[package]]
                name = "asgiref"
                version = "3.4"

                [[package]]
                name = "flask"
                version = "1.0"

                [[package]]
                name = "pytest"
                version = "8.1"

                [metadata]
                lock-version = "2.0"
                """));

        report.Dependencies.Select(static each => (each.Name, each.Version, each.Path, each.Line, each.IsDirect, each.Scope)).ShouldBe(
            [("asgiref", "3.4", "api/poetry.lock", 10, false, null), ("Django", "3.2.1", "api/pyproject.toml", 3, true, null), ("flask", "1.0", "api/pyproject.toml", 4, true, null), ("missing", null, "api/pyproject.toml", 7, true, null), ("pytest", "8.1", "api/pyproject.toml", 12, true, "dev")]);
        report.Dependencies[1].Hashes.ShouldBe(["sha256:aa", "sha256:bb"]);
        report.Dependencies[1].Lock.ShouldBe(new LockedAt("api/poetry.lock", 2));
        report.Problems.Select(static problem => problem.Line).ShouldBe([6, 7]);
    }

    [Fact]
    public void Uv_s_lock_leaves_the_project_itself_out()
    {
        var report = Read(
            ("pyproject.toml", "[project]\nname = \"mine\"\ndependencies = [\"django>=3\"]\n"),
            ("uv.lock", """
                version = 1

                [[package]]
                name = "mine"
                version = "0.1.0"
                source = { editable = "." }

                [[package]]
                name = "django"
                version = "3.2.1"
                source = { registry = "https://example.com/simple" }
                sdist = { url = "https://example.com/d.tar.gz", hash = "sha256:aa" }
                wheels = [{ url = "https://example.com/d.whl", hash = "sha256:bb" }]

                [[package]]
                name = "asgiref"
                version = "3.4"
                source = { registry = "https://example.com/simple" }
                """));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Name, each.Version, each.IsDirect, each.Line)).ShouldBe([("django", "3.2.1", true, 3), ("asgiref", "3.4", false, 16)]);
        report.Dependencies[0].Hashes.ShouldBe(["sha256:bb", "sha256:aa"], ignoreOrder: true);
    }

    [Fact]
    public void Pipenv_s_files_belong_together()
    {
        var report = Read(
            ("Pipfile", "[packages]\nDjango = \">=3\"\nflask = {version = \"*\"}\n\n[dev-packages]\npytest = \"==7.0\"\n\n[requires]\npython_version = \"3.11\"\n"),
            ("Pipfile.lock", """
                {
                  "_meta": {"hash": {"sha256": "x"}},
                  "default": {
                    "django": {"version": "==3.2", "hashes": ["sha256:aa"]},
                    "flask": {"version": "==1.0", "markers": "python_version >= '3.6'"},
                    "asgiref": {"version": "==3.4"}
                  },
                  "develop": {"pytest": {"version": "==7.0"}}
                }
                """));

        report.Problems.ShouldBeEmpty();
        report.Dependencies.Select(static each => (each.Name, each.Version, each.Path, each.Line, each.IsDirect, each.Scope)).ShouldBe(
            [("Django", "3.2", "Pipfile", 2, true, null), ("flask", "1.0", "Pipfile", 3, true, null), ("pytest", "7.0", "Pipfile", 6, true, "dev"), ("asgiref", "3.4", "Pipfile.lock", 6, false, null)]);
    }

    [Theory]
    [InlineData("^1.2.3", "1.2.3 1.9", "1.2.2 2.0 2.0rc1")]
    [InlineData("^0.2.3", "0.2.3 0.2.9", "0.3.0")]
    [InlineData("^0.0.3", "0.0.3", "0.0.4")]
    [InlineData("^0", "0.9", "1.0")]
    [InlineData("~1.2.3", "1.2.9", "1.3")]
    [InlineData("~1.2", "1.2.0 1.2.9", "1.3")]
    [InlineData("~1", "1.9", "2.0")]
    [InlineData("1.*", "1.0 1.9", "2.0")]
    [InlineData("1.2.3", "1.2.3", "1.2.4")]
    [InlineData(">=1.2 <2", "1.2 1.9", "2.0")]
    [InlineData(">= 1.2, != 1.5", "1.4", "1.5 1.1")]
    [InlineData("<1.0 || ^3.0", "0.9 3.1", "1.0 2.0 4.0")]
    public void Poetry_s_constraints_admit_what_its_documentation_says(string constraint, string admitted, string refused)
    {
        var rules = ConstraintRules.Of(ConstraintSyntax.Poetry);

        admitted.Split(' ').ShouldAllBe(version => rules.Admits(constraint, version) == true);
        refused.Split(' ').ShouldAllBe(version => rules.Admits(constraint, version) == false);
    }

    [Theory]
    [InlineData("requirements.txt", true)]
    [InlineData("dev-requirements.txt", true)]
    [InlineData("requirements_dev.in", true)]
    [InlineData("src/requirements/prod.txt", true)]
    [InlineData("constraints.txt", true)]
    [InlineData("a/pyproject.toml", true)]
    [InlineData("Pipfile.lock", true)]
    [InlineData("pylock.dev.toml", true)]
    [InlineData("requirements.md", false)]
    [InlineData("notes.txt", false)]
    public void Files_are_known_by_their_path(string path, bool isRead) => DependencyFiles.IsRead(path).ShouldBe(isRead);

    private static DependencyReport Read(params (string Path, string Text)[] files) =>
        DependencyFiles.Read(InMemoryRepositoryFiles.OfText(files.Select(static file => KeyValuePair.Create(file.Path, file.Text))));
}

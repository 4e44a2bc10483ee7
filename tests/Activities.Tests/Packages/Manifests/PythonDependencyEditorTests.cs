using System.Text;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Packages.Versions;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Packages.Manifests;

public sealed class PythonDependencyEditorTests
{
    [Theory]
    [InlineData("django==3.2", "django==4.1")]
    [InlineData("Django == 3.2 ; python_version > '3'  # why", "Django == 4.1 ; python_version > '3'  # why")]
    [InlineData("django[argon2]===3.2", "django[argon2]===4.1")]
    [InlineData("django==3.2,!=4.0", "django==4.1,!=4.0")]
    public void A_pin_gives_way_to_the_new_version_and_nothing_else_changes(string line, string expected)
    {
        var edit = Raise("4.1", "django", ("requirements.txt", $"# first\r\n\r\nasgiref==3.4\r\n{line}\r\nflask<2\r\n"));

        edit.Results.ShouldHaveSingleItem().Outcome.ShouldBe(DependencyRaiseOutcome.Raised);
        edit.Files.ShouldHaveSingleItem().Content.ShouldBe($"# first\r\n\r\nasgiref==3.4\r\n{expected}\r\nflask<2\r\n");
    }

    [Theory]
    [InlineData(">=3.0,<5", ">=4.1,<5")]
    [InlineData(">3.0", ">=4.1")]
    [InlineData("<5", ">=4.1,<5")]
    [InlineData("", ">=4.1")]
    [InlineData("~=4.0", "~=4.1")]
    [InlineData("~=4.0,>=4.0.1", "~=4.0,>=4.1")]
    [InlineData(">=3, !=4.0", ">=4.1, !=4.0")]
    [InlineData("==4.*", "==4.1")]
    [InlineData("<4", null)]
    [InlineData("~=3.2", null)]
    [InlineData("==3.*", null)]
    [InlineData("!=4.1", null)]
    [InlineData(">=4.2", null)]
    [InlineData("==5.0", null)]
    public void A_range_keeps_its_upper_end(string constraint, string? expected) =>
        ConstraintRules.Of(ConstraintSyntax.Python).Raise(constraint, "4.1").ShouldBe(expected);

    [Theory]
    [InlineData("^4.0", "^4.1")]
    [InlineData("~4.0", null)]
    [InlineData("~4", "~4.1")]
    [InlineData("3.2", "4.1")]
    [InlineData("==3.2", "==4.1")]
    [InlineData("4.*", "4.1")]
    [InlineData("*", ">=4.1")]
    [InlineData(">=3.0,<5", ">=4.1,<5")]
    [InlineData(">=3.0 <5", ">=4.1 <5")]
    [InlineData("^3.1", null)]
    [InlineData("^3.1 || ^4.0", null)]
    public void A_constraint_of_Poetry_is_raised_in_its_own_form(string constraint, string? expected) =>
        ConstraintRules.Of(ConstraintSyntax.Poetry).Raise(constraint, "4.1").ShouldBe(expected);

    [Fact]
    public void Hashes_are_replaced_by_those_of_the_new_version()
    {
        const string Before = "a==1\ndjango==3.2 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\nb==1 --hash=sha256:dd\n";

        RaiseHashed(Before, "django", ["sha256:11", "sha256:22"]).ShouldBe("a==1\ndjango==4.1 \\\n    --hash=sha256:11 \\\n    --hash=sha256:22\nb==1 --hash=sha256:dd\n");
        RaiseHashed(Before, "b", ["sha256:11", "sha256:22"]).ShouldBe("a==1\ndjango==3.2 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\nb==4.1 --hash=sha256:11 --hash=sha256:22\n");
    }

    [Fact]
    public void Without_the_new_version_s_hashes_a_file_with_hashes_stays_as_it_is()
    {
        var edit = Raise("4.1", "django", ("requirements.txt", "django==3.2 --hash=sha256:aa\n"));

        edit.Files.ShouldBeEmpty();
        edit.Results.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            static result => result.Outcome.ShouldBe(DependencyRaiseOutcome.NeedsIndex), static result => result.Explanation.ShouldContain("requirements.txt"));
    }

    [Theory]
    [InlineData("poetry.lock", "[[package]]\nname = \"django\"\nversion = \"3.2\"\n")]
    [InlineData("uv.lock", "version = 1\n[[package]]\nname = \"django\"\nversion = \"3.2\"\nsource = { registry = \"r\" }\n")]
    public void A_lock_that_takes_an_index_is_left_and_said(string path, string text)
    {
        var edit = Raise("4.1", "django", ("pyproject.toml", "[project]\ndependencies = [\n  \"django>=3.0\",  # why\n]\n"), (path, text));

        edit.Results.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            static result => result.Outcome.ShouldBe(DependencyRaiseOutcome.NeedsIndex), result => result.Explanation.ShouldContain(path));
        edit.Files.ShouldHaveSingleItem().Content.ShouldBe("[project]\ndependencies = [\n  \"django>=4.1\",  # why\n]\n");
    }

    [Fact]
    public void What_was_compiled_is_raised_with_its_source()
    {
        var edit = Raise("4.1", "django", ("requirements.in", "django>=3\nflask"), ("requirements.txt", "django==3.2\n    # via -r requirements.in\n"));

        edit.Files.Select(static file => (file.Path, file.Content)).ShouldBe([("requirements.in", "django>=4.1\nflask"), ("requirements.txt", "django==4.1\n    # via -r requirements.in\n")]);
    }

    [Fact]
    public void A_limit_is_raised_where_it_tells_the_version()
    {
        var edit = Raise("4.1", "django", ("requirements.txt", "-c constraints.txt\ndjango\n"), ("constraints.txt", "django==3.2\n"));

        edit.Files.ShouldHaveSingleItem().ShouldSatisfyAllConditions(static file => file.Path.ShouldBe("constraints.txt"), static file => file.Content.ShouldBe("django==4.1\n"));
    }

    [Fact]
    public void Several_are_raised_in_one_file_at_once()
    {
        var files = Files(("pyproject.toml", "[tool.poetry.dependencies]\na = \"1.0\"\nb = {version = '1.0', optional = true}\nc = \"^1.0\"\n[build-system]\nrequires = ['d==1.0']\n"));
        var edit = DependencyEditor.Raise(files, [.. DependencyFiles.Read(files).Dependencies.Select(static each => new DependencyRaise(each, "1.5"))]);

        edit.Files.ShouldHaveSingleItem().Content.ShouldBe("[tool.poetry.dependencies]\na = \"1.5\"\nb = {version = '1.5', optional = true}\nc = \"^1.5\"\n[build-system]\nrequires = ['d==1.5']\n");
        edit.Results.ShouldAllBe(static result => result.Outcome == DependencyRaiseOutcome.Raised);
    }

    [Fact]
    public void Where_one_cannot_be_raised_the_others_are()
    {
        var files = Files(("requirements.txt", "a==1.0\nb<2\nc==1.0\n"));
        var edit = DependencyEditor.Raise(files, [.. DependencyFiles.Read(files).Dependencies.Select(static each => new DependencyRaise(each, "2.5"))]);

        edit.Results.Select(static result => result.Outcome).ShouldBe([DependencyRaiseOutcome.Raised, DependencyRaiseOutcome.NotPossible, DependencyRaiseOutcome.Raised]);
        edit.Files.ShouldHaveSingleItem().Content.ShouldBe("a==2.5\nb<2\nc==2.5\n");
    }

    [Fact]
    public void Each_file_is_read_once_however_many_are_raised_in_it()
    {
        var files = new CountingFiles(Files(("requirements.txt", string.Concat(Enumerable.Range(0, 200).Select(static number => $"a{number}==1.0\n")))));
        var dependencies = DependencyFiles.Read(files).Dependencies;
        files.Reads = 0;

        DependencyEditor.Raise(files, [.. dependencies.Select(static each => new DependencyRaise(each, "2.0"))]).Results.ShouldAllBe(static result => result.Outcome == DependencyRaiseOutcome.Raised);
        files.Reads.ShouldBe(1);
    }

    [Fact]
    public void A_text_with_escapes_is_changed_only_before_them()
    {
        Raise("4.1", "django", ("pyproject.toml", "[project]\ndependencies = [\"django==3.2; python_version > \\\"3\\\"\"]\n")).Files.ShouldHaveSingleItem().Content
            .ShouldBe("[project]\ndependencies = [\"django==4.1; python_version > \\\"3\\\"\"]\n");
        Raise("4.1", "django", ("pyproject.toml", "[project]\ndependencies = [\"\\u0064jango==3.2\"]\n")).Results.ShouldHaveSingleItem().Outcome.ShouldBe(DependencyRaiseOutcome.NotPossible);
    }

    [Fact]
    public void A_byte_order_mark_stays_and_another_encoding_is_refused()
    {
        var marked = new InMemoryRepositoryFiles(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["requirements.txt"] = [0xEF, 0xBB, 0xBF, .. "django==3.2"u8] });
        var wide = new InMemoryRepositoryFiles(new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["requirements.txt"] = [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("django==3.2")] });

        Raise("4.1", "django", marked).Files.ShouldHaveSingleItem().Content.ShouldBe("\uFEFFdjango==4.1");
        Raise("4.1", "django", wide).Results.ShouldHaveSingleItem().Explanation.ShouldContain("UTF-8");
    }

    [Theory]
    [InlineData("french toast")]
    [InlineData("4.1\"]\nx = [\"")]
    [InlineData("")]
    public void What_is_no_version_is_never_written(string version) =>
        Raise(version, "django", ("requirements.txt", "django==3.2")).ShouldSatisfyAllConditions(
            static edit => edit.Files.ShouldBeEmpty(), static edit => edit.Results.ShouldHaveSingleItem().Outcome.ShouldBe(DependencyRaiseOutcome.NotPossible));

    [Fact]
    public void What_is_raised_reads_back_as_the_new_version_with_everything_else_as_it_was()
    {
        var version = from release in Gen.Choose(0, 30).NonEmptyListOf() from rest in Gen.Elements("", "", "rc1", ".post2", ".dev3") select $"{string.Join('.', release.Take(4))}{rest}";
        var constraint = Gen.OneOf(
            version.Select(static each => $"=={each}"), version.Select(static each => $" == {each}"), version.Select(static each => $">={each},<99"), version.Select(static each => $">={each}, !=7.7"),
            version.Select(static each => $">{each}"), Gen.Constant(string.Empty), Gen.Constant("<99"));
        var extras = Gen.Elements("", "[a]", "[a, b]");
        var marker = Gen.Elements("", " ; python_version > '3'", ";os_name=='posix' or extra == 'x'");
        var line = from c in constraint from e in extras from m in marker select $"{e}{c}{m}";
        var newline = Gen.Elements("\n", "\r\n");
        var project = from lines in line.NonEmptyListOf() from end in newline from format in Gen.Choose(0, 2) from to in version from comment in Gen.Elements("", "  # é why") select (lines, end, format, to, comment);

        Prop.ForAll(project.ToArbitrary(), static each =>
        {
            var (lines, end, format, to, comment) = each;
            var named = lines.Select(static (line, index) => $"name{index}{line}").ToArray();
            var (path, text) = format switch
            {
                0 => ("requirements.txt", string.Concat(named.Select(line => $"{line}{comment}{end}"))),
                1 => ("requirements.txt", string.Concat(named.Select(line => $"\\{end}  {line} \\{end}{comment}{end}"))),
                _ => ("pyproject.toml", $"[project]{end}dependencies = [{end}{string.Concat(named.Select(line => $"  \"{line}\",{comment}{end}"))}]{end}"),
            };
            var files = Files((path, text));
            var before = DependencyFiles.Read(files).Dependencies;
            var target = before[^1];
            var edit = DependencyEditor.Raise(files, new DependencyRaise(target, to));
            if (edit.Results[0].Outcome != DependencyRaiseOutcome.Raised)
            {
                return edit.Files.Count == 0 && ConstraintRules.Of(target.Syntax).Raise(target.Constraint, to) is null;
            }

            var after = DependencyFiles.Read(Files((path, edit.Files.Single().Content))).Dependencies;
            var now = after[^1];
            var specifier = PythonVersionSpecifier.Parse(now.Constraint);
            var isRaised = target.Version is null
                ? specifier.Admits(PythonVersion.Parse(to), true) && specifier.Clauses.Any(clause => clause.Operator is ">=" && clause.Version == PythonVersion.Parse(to))
                : string.Equals(now.Version, to, StringComparison.Ordinal);
            return isRaised
                && after.Count == before.Count
                && after.Take(after.Count - 1).Zip(before).All(static pair => (pair.First.Constraint, pair.First.Name, pair.First.Line).Equals((pair.Second.Constraint, pair.Second.Name, pair.Second.Line)))
                && string.Equals(now.Marker, target.Marker, StringComparison.Ordinal) && now.Extras.SequenceEqual(target.Extras)
                && edit.Files[0].Content.Count(static letter => letter == '\r') == text.Count(static letter => letter == '\r');
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    private static string RaiseHashed(string text, string name, IReadOnlyList<string> hashes)
    {
        var files = Files(("requirements.txt", text));
        var dependency = DependencyFiles.Read(files).Dependencies.Single(each => string.Equals(each.Name, name, StringComparison.Ordinal));
        return DependencyEditor.Raise(files, new DependencyRaise(dependency, "4.1") { Hashes = hashes }).Files.ShouldHaveSingleItem().Content;
    }

    private static DependencyEdit Raise(string version, string name, params (string Path, string Text)[] files) => Raise(version, name, Files(files));

    private static DependencyEdit Raise(string version, string name, IRepositoryFiles files) =>
        DependencyEditor.Raise(files, new DependencyRaise(DependencyFiles.Read(files).Dependencies.Single(each => string.Equals(each.Name, name, StringComparison.OrdinalIgnoreCase)), version));

    private static InMemoryRepositoryFiles Files(params (string Path, string Text)[] files) =>
        InMemoryRepositoryFiles.OfText(files.Select(static file => KeyValuePair.Create(file.Path, file.Text)));

    private sealed class CountingFiles(IRepositoryFiles files) : IRepositoryFiles
    {
        public int Reads { get; set; }

        public IReadOnlyCollection<string> Paths => files.Paths;

        public byte[]? Read(string path, int mostBytes)
        {
            Reads++;
            return files.Read(path, mostBytes);
        }
    }
}

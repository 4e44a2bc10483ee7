using System.Text.Json;
using AtomicDevOps.Activities.Pipelines;
using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Findings;
using AtomicDevOps.Activities.Tools.GitHub;
using AtomicDevOps.Primitives.Json;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Pipelines;

public sealed class PipelineConfigurationReaderTests
{
    private const string Full = """
        # Everything that can be said.
        version: 1
        build:
          dockerfile: docker/Dockerfile
          timeout: 15m
        test:
          strategy: coverage
          paths: [tests, src/test_app.py]
          command: ["python3", "-m", "pytest", "-q"]
          coverage: 82.5
          timeout: 90s
        lint:
          enabled: false
          command: [ruff, check, .]
          timeout: 1h
        policy:
          branch: "(feature|fix)/.+"
          commitMessage: "[A-Z].{0,71}"
          description: true
          upToDate: true
          forks: false
        merge:
          automatic: true
          method: squash
          approval: true
          approvalTimeout: 2d
        limits:
          memory: 1GiB
          cpus: 0.5
          processes: 64
          fileSize: 10MiB
          treeSize: 200MiB
        security:
          threshold: medium
          notChecked: fail
          fixes: false
          suppressions:
            - rule: Bandit/B608
              path: tests/**
              reason: No values from outside.
              owner: ada
              until: 2026-12-31
            - advisory: CVE-2019-14234
              package: django
              weakness: CWE-89
              fingerprint: 0123456789abcdef0123456789abcdef
              reason: No model has a JSON field.
              owner: ada
              until: 2027-01-01
        branches: [main, "release/1.0"]
        """;

    [Fact]
    public void Reads_every_key()
    {
        var reading = PipelineConfigurationReader.Read(Full);
        reading.Problems.ShouldBeEmpty();
        Json(reading.Configuration).ShouldBe(Json(new PipelineConfiguration
        {
            Build = new BuildConfiguration { Dockerfile = "docker/Dockerfile", Timeout = TimeSpan.FromMinutes(15) },
            Test = new TestConfiguration
            {
                Strategy = TestStrategyChoice.Coverage,
                Paths = ["tests", "src/test_app.py"],
                Command = ["python3", "-m", "pytest", "-q"],
                Coverage = 82.5,
                Timeout = TimeSpan.FromSeconds(90),
            },
            Lint = new LintConfiguration { Enabled = false, Command = ["ruff", "check", "."], Timeout = TimeSpan.FromHours(1) },
            Policy = new PolicyConfiguration
            {
                Branch = "(feature|fix)/.+",
                CommitMessage = "[A-Z].{0,71}",
                Description = true,
                UpToDate = true,
                Forks = false,
            },
            Merge = new MergeConfiguration { Automatic = true, Method = MergeMethod.Squash, Approval = true, ApprovalTimeout = TimeSpan.FromDays(2) },
            Limits = new LimitsConfiguration { Memory = 1L << 30, Cpus = 0.5, Processes = 64, FileSize = 10L << 20, TreeSize = 200L << 20 },
            Security = new SecurityConfiguration
            {
                Threshold = FindingSeverity.Medium,
                NotChecked = NotCheckedPolicy.Fail,
                Fixes = false,
                Suppressions =
                [
                    new Suppression { Rule = "Bandit/B608", Path = "tests/**", Reason = "No values from outside.", Owner = "ada", Until = new DateOnly(2026, 12, 31) },
                    new Suppression
                    {
                        Advisory = "CVE-2019-14234",
                        Package = "django",
                        Weakness = "CWE-89",
                        Fingerprint = "0123456789abcdef0123456789abcdef",
                        Reason = "No model has a JSON field.",
                        Owner = "ada",
                        Until = new DateOnly(2027, 1, 1),
                    },
                ],
            },
            Branches = ["main", "release/1.0"],
        }));

        static string Json(PipelineConfiguration? configuration) => JsonSerializer.Serialize(configuration, JsonDefaults.Options);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  \n\n")]
    [InlineData("# nothing but a comment\n")]
    [InlineData("---\n...\n")]
    [InlineData("{}")]
    [InlineData("build:\ntest: ~\nbranches: null\n")]
    public void What_says_nothing_means_the_defaults(string? text)
    {
        var reading = PipelineConfigurationReader.Read(text);
        reading.Problems.ShouldBeEmpty();
        reading.Configuration.ShouldBeEquivalentTo(new PipelineConfiguration());
    }

    [Theory]
    [InlineData("version: 2", 1, 10, "«version» is «2»; it has to be 1.")]
    [InlineData("biuld:\n  timeout: 1m", 1, 1, "«biuld» is not a key of the file. Did you mean «build»?")]
    [InlineData("wholly: different", 1, 1, "«wholly» is not a key of the file. Known here: version, build, test, lint, policy, merge, security, limits, branches.")]
    [InlineData("build: fast", 1, 8, "«build» has to be a mapping of keys to values, such as «build:».")]
    [InlineData("[build]", 1, 1, "The file has to be a mapping of keys to values, such as «build:».")]
    [InlineData("just text", 1, 1, "The file has to be a mapping of keys to values, such as «build:».")]
    [InlineData("build:\n  dockerfile: ../Dockerfile", 2, 15, "«dockerfile» is «../Dockerfile»; it has to be a path inside the repository, relative to its root, such as src/tests.")]
    [InlineData("build:\n  dockerfile: /etc/passwd", 2, 15, "«dockerfile» is «/etc/passwd»; it has to be a path inside the repository, relative to its root, such as src/tests.")]
    [InlineData("build:\n  timeout: 3h", 2, 12, "«timeout» is «3h»; it has to be a time such as 90s, 10m, 1h or 7d, at most 2h.")]
    [InlineData("build:\n  timeout: 0s", 2, 12, "«timeout» is «0s»; it has to be a time such as 90s, 10m, 1h or 7d, at most 2h.")]
    [InlineData("test:\n  timeout: [1m]", 2, 12, "«timeout» has to be a single value.")]
    [InlineData("test:\n  strategy: slow", 2, 13, "«strategy» is «slow»; it has to be auto or fast or thorough or coverage.")]
    [InlineData("test:\n  coverage: 101", 2, 13, "«coverage» is «101»; it has to be a percentage from 0 to 100.")]
    [InlineData("test:\n  coverage: NaN", 2, 13, "«coverage» is «NaN»; it has to be a percentage from 0 to 100.")]
    [InlineData("test:\n  paths: tests", 2, 10, "«paths» has to be a list of texts, such as [\"a\", \"b\"].")]
    [InlineData("test:\n  paths: [tests, -x]", 2, 18, "«paths» is «-x»; it has to be a path inside the repository, relative to its root, such as src/tests.")]
    [InlineData("test:\n  command:\n    a: b", 3, 5, "«command» has to be a list of texts, such as [\"a\", \"b\"].")]
    [InlineData("lint:\n  enabled: yes", 2, 12, "«enabled» is «yes»; it has to be true or false.")]
    [InlineData("merge:\n  method: fast-forward", 2, 11, "«method» is «fast-forward»; it has to be merge or squash or rebase.")]
    [InlineData("merge:\n  approvalTimeout: 31d", 2, 20, "«approvalTimeout» is «31d»; it has to be a time such as 90s, 10m, 1h or 7d, at most 720h.")]
    [InlineData("limits:\n  memory: 1MiB", 2, 11, "«memory» is «1MiB»; it has to be a size such as 512MiB or 2GiB, from 16777216 to 17179869184 bytes.")]
    [InlineData("limits:\n  cpus: many", 2, 9, "«cpus» is «many»; it has to be a number of CPUs from 0.1 to 64.")]
    [InlineData("limits:\n  processes: 8.5", 2, 14, "«processes» is «8.5»; it has to be a whole number from 8 to 4096.")]
    [InlineData("security:\n  threshold: severe", 2, 14, "«threshold» is «severe»; it has to be low or medium or high or critical.")]
    [InlineData("security:\n  notChecked: ignore", 2, 15, "«notChecked» is «ignore»; it has to be warn or fail.")]
    [InlineData("security:\n  suppressions: all", 2, 17, "«suppressions» has to be a list of at most 500 mappings, each beginning with a dash.")]
    [InlineData("security:\n  suppressions:\n  - rule: B1\n    owner: a\n    until: 2026-12-31", 3, 5, "It gives no reason; say why it does not count.")]
    [InlineData("security:\n  suppressions:\n  - rule: B1\n    reason: a\n    until: 2026-12-31", 3, 5, "It names no owner; say who answers for it.")]
    [InlineData("security:\n  suppressions:\n  - rule: B1\n    reason: a\n    owner: a", 3, 5, "It has no end; give the last day that it counts as until: 2026-12-31.")]
    [InlineData("security:\n  suppressions:\n  - reason: a\n    owner: a\n    until: 2026-12-31", 3, 5, "It does not say what it suppresses; give a rule, a fingerprint, an advisory or a weakness.")]
    [InlineData("security:\n  suppressions:\n  - rule: B1\n    reason: a\n    owner: a\n    until: 31.12.2026", 6, 12, "«until» is «31.12.2026»; it has to be a day such as 2026-12-31.")]
    [InlineData("security:\n  suppressions:\n  - rule: B1\n    reason: a\n    owner: a\n    until: 2026-02-30", 6, 12, "«until» is «2026-02-30»; it has to be a day such as 2026-12-31.")]
    [InlineData("security:\n  suppressions:\n  - rule: B1\n    reason: a\n    owner: a\n    until: 2026-12-31\n    paths: a", 7, 5, "«paths» is not a key of a suppression. Did you mean «path»?")]
    [InlineData("build:\n\ttimeout: 1m", 2, 1, "A tab indents this line. Indent it with spaces.")]
    [InlineData("test:\n  paths: [a---\nb: [c]", 2, 10, "What follows here is not YAML.")]
    [InlineData("limits:\n  ? : 1GiB", 1, 1, "This is YAML that cannot be read here. Write keys and values as «key: value».")]
    [InlineData("build: &b {}\ntest: *b", 2, 7, "Aliases are not allowed here. Write the value out.")]
    [InlineData("build: {}\ntest: {}\nbuild: {}", 3, 1, "«build» is there twice. Keep one of the two.")]
    [InlineData("test:\n  paths: []\n  paths: []", 3, 3, "«paths» is there twice. Keep one of the two.")]
    [InlineData("build: {}\n---\ntest: {}", 2, 1, "A second document begins here. Put everything into one.")]
    [InlineData("? [a, b]\n: c", 1, 3, "«[ a, b ]» is not a key of the file. Known here: version, build, test, lint, policy, merge, security, limits, branches.")]
    public void Tells_the_place_and_the_cure(string text, int line, int column, string message) =>
        PipelineConfigurationReader.Read(text).ShouldSatisfyAllConditions(
            reading => reading.Configuration.ShouldBeNull(),
            reading => reading.Problems.ShouldBe([new ConfigurationProblem(line, column, message)]));

    [Theory]
    [InlineData(500, 0)]
    [InlineData(501, 1)]
    public void A_repository_has_so_many_suppressions_and_no_more(int count, int problems)
    {
        var text = string.Concat(Enumerable.Repeat("  - {rule: B1, reason: a, owner: a, until: 2026-12-31}\n", count));

        PipelineConfigurationReader.Read($"security:\n  suppressions:\n{text}").Problems.Count.ShouldBe(problems);
    }

    [Theory]
    [InlineData("policy:\n  branch: \"(\"")]
    [InlineData("policy:\n  branch: \"(?=x)\"")]
    [InlineData("policy:\n  commitMessage: \"(?x)a # swallows the rest\"")]
    public void A_pattern_that_cannot_be_used_is_a_problem_on_its_line(string text) =>
        PipelineConfigurationReader.Read(text).Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            problem => problem.Line.ShouldBe(2),
            problem => problem.Message.ShouldContain("is no regular expression that can be used here"));

    [Theory]
    [InlineData("a: b: c", 1)]
    [InlineData("build: {", 2)]
    [InlineData("build: \"open", 1)]
    [InlineData("- a\nb: c", 2)]
    public void What_is_not_yaml_is_a_problem_on_its_line(string text, int line) =>
        PipelineConfigurationReader.Read(text).Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            problem => problem.Line.ShouldBe(line),
            problem => problem.Message.ShouldStartWith("This is not YAML: "));

    [Fact]
    public void Tells_all_problems_at_once_in_the_order_of_the_file()
    {
        var problems = PipelineConfigurationReader.Read("merge:\n  method: x\ntest:\n  coverage: y\n  timeout: z\nlint: 1\n").Problems;
        problems.Select(problem => problem.Line).ShouldBe([2, 4, 5, 6]);
    }

    [Fact]
    public void A_text_is_taken_as_it_is_in_any_script()
    {
        var reading = PipelineConfigurationReader.Read("branches: [\"ветка/ä\", \"枝\"]\ntest:\n  paths: [\"prüfung/тест.py\"]\n");
        reading.Configuration!.Branches.ShouldBe(["ветка/ä", "枝"]);
        reading.Configuration.Test.Paths.ShouldBe(["prüfung/тест.py"]);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Nesting_without_end_is_refused_and_costs_no_stack(char bracket) =>
        PipelineConfigurationReader.Read(new string(bracket, PipelineConfigurationReader.MaximumLength)).Configuration.ShouldBeNull();

    [Fact]
    public void Nesting_by_lists_of_lists_is_refused_with_its_place() =>
        PipelineConfigurationReader.Read(string.Concat(Enumerable.Repeat("- ", 30_000)) + "x").Problems.ShouldHaveSingleItem()
            .Message.ShouldContain("deep");

    [Fact]
    public void A_file_that_is_too_long_is_refused() =>
        PipelineConfigurationReader.Read(new string('#', PipelineConfigurationReader.MaximumLength + 1)).Problems.ShouldHaveSingleItem()
            .Message.ShouldEndWith("Shorten it.");

    [Fact]
    public void A_hostile_file_cannot_fill_a_history_with_problems()
    {
        var text = string.Join('\n', Enumerable.Range(0, 6_000).Select(i => $"k{i}: 0"));
        var problems = PipelineConfigurationReader.Read(text).Problems;
        problems.Count.ShouldBe(50);
        PipelineConfigurationReader.Read($"{new string('k', 60_000)}: 0").Problems.ShouldHaveSingleItem().Message.Length.ShouldBeLessThan(300);
    }

    [Fact]
    public void A_pattern_cannot_make_reading_or_matching_run_long()
    {
        PipelineConfigurationReader.Read("policy: { branch: \"((a{0,99}){0,99}){0,9}b\" }").Problems.ShouldHaveSingleItem();
        var pattern = PipelineConfigurationReader.Read("policy: { branch: \"((a*)*)*b\" }").Configuration!.Policy.Branch!;
        NamingRule.Compile(pattern).IsMatch(new string('a', 100_000)).ShouldBeFalse();
    }

    [Fact]
    public void Never_throws_on_any_text() => Prop.ForAll(
        ArbMap.Default.ArbFor<string>(),
        text =>
        {
            var reading = PipelineConfigurationReader.Read(text);
            (reading.Configuration is null).ShouldBe(reading.Problems.Count > 0);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Never_throws_on_a_valid_file_that_was_changed_somewhere()
    {
        string[] pieces = ["", "\t", ":", "- ", "[", "{", "*a", "&a ", "!!int ", "\"", "'", "|\n", "? ", "\0", "\ud800", "%", "---\n", "...", "~", "<<: ", "\u2028", "999999999999999999999", "-1"];
        var mutation =
            from changes in Gen.Choose(1, 4)
            from places in Gen.Choose(0, Full.Length - 1).ArrayOf(changes)
            from inserted in Gen.Elements(pieces).ArrayOf(changes)
            from removed in Gen.Choose(0, 6).ArrayOf(changes)
            select places.Zip(inserted, removed).Aggregate(Full, (text, change) =>
            {
                var place = Math.Min(change.First, text.Length);
                return text.Remove(place, Math.Min(change.Third, text.Length - place)).Insert(place, change.Second);
            });
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2_000),
            Prop.ForAll(mutation.ToArbitrary(), text =>
            {
                var reading = PipelineConfigurationReader.Read(text);
                (reading.Configuration is null).ShouldBe(reading.Problems.Count > 0);
                reading.Problems.ShouldAllBe(problem => problem.Line >= 1 && problem.Message.Length > 0);
            }));
    }

    [Fact]
    public void What_is_written_is_what_is_read() => Prop.ForAll(
        (from minutes in Gen.Choose(1, 120)
         from mebibytes in Gen.Choose(16, 16_384)
         from percent in Gen.Choose(0, 1_000)
         from processes in Gen.Choose(8, 4_096)
         from automatic in Gen.Elements(true, false)
         select (minutes, mebibytes, percent, processes, automatic)).ToArbitrary(),
        values =>
        {
            var text = FormattableString.Invariant($$"""
                build: { timeout: {{values.minutes}}m }
                test: { coverage: {{values.percent / 10.0}} }
                merge: { automatic: {{(values.automatic ? "true" : "false")}} }
                limits: { memory: {{values.mebibytes}}MiB, processes: {{values.processes}} }
                """);
            var configuration = PipelineConfigurationReader.Read(text).Configuration.ShouldNotBeNull();
            configuration.Build.Timeout.ShouldBe(TimeSpan.FromMinutes(values.minutes));
            configuration.Test.Coverage.ShouldBe(values.percent / 10.0);
            configuration.Merge.Automatic.ShouldBe(values.automatic);
            configuration.Limits.Memory.ShouldBe((long)values.mebibytes << 20);
            configuration.Limits.Processes.ShouldBe(values.processes);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_sample_repository_s_file_is_right()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "AtomicDevOps.slnx")))
        {
            root = root.Parent.ShouldNotBeNull();
        }

        var text = File.ReadAllText(Path.Combine(root.FullName, "samples/QuickStart/repository", PipelineConfiguration.Path));
        PipelineConfigurationReader.Read(text).Problems.ShouldBeEmpty();
    }
}

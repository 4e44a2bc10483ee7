using System.Text;
using AtomicDevOps.Activities.Tools.PyTest;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Experts.PyTest;

public sealed class ReportTests
{
    private const string XUnit2 = """
        <?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.1" timestamp="2024-01-01T00:00:00" hostname="h">
        <testcase classname="tests.test_a.TestB" name="test_ok" time="0.001" />
        <testcase classname="tests.test_a" name="test_bad" time="0.001"><failure message="assert 1 == 2">def test_bad():
        &gt;       assert 1 == 2
        E       assert 1 == 2

        tests/test_a.py:7: AssertionError</failure></testcase>
        <testcase classname="tests.test_a" name="test_skip" time="0.0"><skipped type="pytest.skip" message="later">x</skipped></testcase>
        <testcase classname="" name="tests.test_c" time="0.0"><error message="collection failure">ImportError while importing test module '/workspace/tests/test_c.py'.
        tests/test_c.py:1: in &lt;module&gt;
            import nothing
        E   ModuleNotFoundError: No module named 'nothing'</error></testcase>
        </testsuite></testsuites>
        """;

    private const string Cobertura = """
        <?xml version="1.0" ?><coverage version="6.5" line-rate="0.5"><packages><package name="."><classes>
        <class name="a.py" filename="a.py"><methods/><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>
        <class name="b.py" filename="b.py"><methods/><lines><line number="1" hits="3"/><line number="2" hits="1"/></lines></class>
        </classes></package></packages></coverage>
        """;

    [Fact]
    public void The_family_xunit2_is_read_and_located_by_its_tracebacks()
    {
        var report = JUnitReport.Parse(Encoding.UTF8.GetBytes(XUnit2));

        report.Counts.ShouldBe(new PyTestCounts(4, 1, 1, 1, 1));
        var failures = report.Problems.Select(problem => FailureAnalysis.Analyze(problem, "/workspace")).ToList();
        failures.Select(failure => (failure.TestId, failure.File, failure.Line, failure.Kind)).ShouldBe(
            [
                ("tests.test_a::test_bad", "tests/test_a.py", 7, PyTestFailureKind.Assertion),
                ("tests/test_c.py", "tests/test_c.py", 1, PyTestFailureKind.ImportError),
            ]);
    }

    [Fact]
    public void Coverage_is_counted_from_the_lines()
    {
        var coverage = CoberturaReport.Parse(Encoding.UTF8.GetBytes(Cobertura), 0.75);

        coverage.LineRate.ShouldBe(0.75);
        coverage.ReachesThreshold.ShouldBeTrue();
        coverage.LeastCovered.ShouldBe([new FileCoverage("a.py", 0.5, 1)]);
    }

    [Fact]
    public void Document_types_are_refused()
    {
        var bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><testsuites><testsuite name='&a;'/></testsuites>";

        Should.Throw<ReportFormatException>(() => JUnitReport.Parse(Encoding.UTF8.GetBytes(bomb)));
        Should.Throw<ReportFormatException>(() => CoberturaReport.Parse(Encoding.UTF8.GetBytes(bomb), null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no xml")]
    [InlineData("<html/>")]
    [InlineData("<testsuites><testcase>")]
    public void What_is_no_report_is_refused(string document) =>
        Should.Throw<ReportFormatException>(() => JUnitReport.Parse(Encoding.UTF8.GetBytes(document)));

    [Fact]
    public void Damaged_reports_are_read_or_refused_but_nothing_else() => Prop
        .ForAll(Arb.From(Mutations(XUnit2)), Arb.From(Mutations(Cobertura)), (junit, cobertura) =>
            Survives(() => JUnitReport.Parse(junit).Problems.Select(problem => FailureAnalysis.Analyze(problem, "/workspace")).ToList().Count >= 0)
            && Survives(() => CoberturaReport.Parse(cobertura, 0.5).LineRate is >= 0 and <= 1))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    private static Gen<byte[]> Mutations(string document)
    {
        var bytes = Encoding.UTF8.GetBytes(document);
        var mutation =
            from position in Gen.Choose(0, bytes.Length - 1)
            from length in Gen.Choose(0, 40)
            from insert in Gen.OneOf(
                Gen.Choose(0, 255).Select(value => new[] { (byte)value }),
                Gen.Elements("<failure>", "</testcase>", "<error message='x'/>", "&amp;", "]]>", "<testsuite>", "99999999999", "<line/>", "\0").Select(Encoding.UTF8.GetBytes))
            select (position, length, insert);
        return mutation.ArrayOf().Select(mutations => mutations.Aggregate(bytes, (current, change) =>
        {
            var position = Math.Min(change.position, current.Length);
            var end = Math.Min(position + change.length, current.Length);
            return [.. current[..position], .. change.insert, .. current[end..]];
        }));
    }

    private static bool Survives(Func<bool> parse)
    {
        try
        {
            return parse();
        }
        catch (ReportFormatException)
        {
            return true;
        }
    }
}

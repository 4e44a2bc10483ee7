using AtomicDevOps.Activities.Packages;
using AtomicDevOps.Activities.Packages.Manifests;
using AtomicDevOps.Activities.Tools.Osv;

namespace AtomicDevOps.Activities.Tests.Packages;

public sealed class LeastFixedTests
{
    private static readonly OsvRecord First = Record("A-1", new OsvEvent { Introduced = "0" }, new OsvEvent { Fixed = "1.5" }, new OsvEvent { Introduced = "2.0" }, new OsvEvent { Fixed = "2.5" });

    [Theory]
    [InlineData("==1.0", "1.5")]
    [InlineData("==2.0", "2.5")]
    public void It_is_the_least_later_one_that_is_fixed(string constraint, string fix) => Find(constraint, First).ShouldBe(new LeastFixed(fix, LeastFixedOutcome.Found));

    [Fact]
    public void No_record_affects_it()
    {
        var second = Record("A-2", new OsvEvent { Introduced = "1.2" }, new OsvEvent { Fixed = "1.9" }, new OsvEvent { Introduced = "2.5" }, new OsvEvent { Fixed = "3.0" });

        Find("==1.0", First, second).Version.ShouldBe("1.9");
        Find("==2.0", First, second).Version.ShouldBe("3.0");
        Find("==2.0", First, second, Record("A-3", new OsvEvent { Introduced = "0" })).ShouldBe(new LeastFixed(null, LeastFixedOutcome.AllAffected));
    }

    [Fact]
    public void A_final_version_goes_before_a_pre_release()
    {
        Find("==1.0", Record("A-1", new OsvEvent { Introduced = "0" }, new OsvEvent { Fixed = "2.0rc1" })).Version.ShouldBe("2.0rc1");
        Find("==1.0", Record("A-1", new OsvEvent { Introduced = "0" }, new OsvEvent { Fixed = "2.0rc1" }), Record("A-2", new OsvEvent { Introduced = "0" }, new OsvEvent { Fixed = "1.5" })).Version.ShouldBe("2.0rc1");
        Find("==1.0", Record("A-1", new OsvEvent { Introduced = "0" }, new OsvEvent { Fixed = "2.0rc1" }), Record("A-2", new OsvEvent { Introduced = "0" }, new OsvEvent { Fixed = "2.1" })).Version.ShouldBe("2.1");
    }

    [Fact]
    public void Where_there_is_none_it_says_why()
    {
        Find("==2.6", First).Outcome.ShouldBe(LeastFixedOutcome.NoneKnown);
        Find("===french", First).Outcome.ShouldBe(LeastFixedOutcome.UnreadableVersion);
        Find(">=1.0", First).Outcome.ShouldBe(LeastFixedOutcome.UnreadableVersion);
        LeastFixed.Find(new PackageDependency("PyPI", "p", "requirements.txt", 1) { Version = "1.0", Constraint = ">=1.0,<1.5", Syntax = ConstraintSyntax.Python }, [First])
            .ShouldBe(new LeastFixed(null, LeastFixedOutcome.NoneAllowed));
        LeastFixed.Find("Unheard", "p", "1.0", [First], static _ => true).Outcome.ShouldBe(LeastFixedOutcome.UnreadableVersion);
    }

    private static LeastFixed Find(string constraint, params OsvRecord[] records) => LeastFixed.Find(
        DependencyFiles.Read(InMemoryRepositoryFiles.OfText([KeyValuePair.Create("requirements.txt", $"P{constraint}")])).Dependencies.Single(), records);

    private static OsvRecord Record(string id, params OsvEvent[] events) => new(id)
    {
        Affected = [new OsvAffected { Package = new OsvPackage("PyPI", "p"), Ranges = [new OsvRange("ECOSYSTEM") { Events = events }] }],
    };
}

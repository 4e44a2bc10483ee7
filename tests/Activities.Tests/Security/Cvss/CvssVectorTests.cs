using AtomicDevOps.Activities.Security;
using AtomicDevOps.Activities.Security.Cvss;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.Activities.Tests.Security.Cvss;

public sealed class CvssVectorTests
{
    private const string Base4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H";

    /// <summary>https://www.first.org/cvss/v2/guide, section 3.3.</summary>
    [Theory]
    [InlineData("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:H", 7.8, 6.4, 9.2)]
    [InlineData("AV:N/AC:L/Au:N/C:N/I:N/A:C/E:F/RL:OF/RC:C/CDP:N/TD:N/CR:M/IR:M/AR:H", 7.8, 6.4, 0.0)]
    [InlineData("AV:N/AC:L/Au:N/C:C/I:C/A:C/E:F/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:L", 10.0, 8.3, 9.0)]
    [InlineData("AV:L/AC:H/Au:N/C:C/I:C/A:C/E:POC/RL:OF/RC:C/CDP:H/TD:H/CR:M/IR:M/AR:M", 6.2, 4.9, 7.5)]
    public void The_guides_examples_of_version_2_have_their_scores(string text, double score, double temporal, double environmental)
    {
        var vector = CvssVector.Parse(text);

        (vector.BaseScore, vector.TemporalScore, vector.EnvironmentalScore).ShouldBe((score, temporal, environmental));
        vector.Score.ShouldBe(environmental);
    }

    /// <summary>https://www.first.org/cvss/v3.1/examples</summary>
    [Theory]
    [InlineData("AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, FindingSeverity.Medium)]
    [InlineData("AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4, FindingSeverity.Medium)]
    [InlineData("AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1, FindingSeverity.Low)]
    [InlineData("AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9, FindingSeverity.Critical)]
    [InlineData("AV:L/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.2, FindingSeverity.Medium)]
    [InlineData("AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 8.8, FindingSeverity.High)]
    [InlineData("AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.8, FindingSeverity.High)]
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5, FindingSeverity.High)]
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, FindingSeverity.Critical)]
    [InlineData("AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N", 6.8, FindingSeverity.Medium)]
    [InlineData("AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8, FindingSeverity.Medium)]
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:N/A:N", 5.8, FindingSeverity.Medium)]
    [InlineData("AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:N/A:H", 9.3, FindingSeverity.Critical)]
    [InlineData("AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:N", 6.8, FindingSeverity.Medium)]
    [InlineData("AV:N/AC:H/PR:N/UI:R/S:U/C:H/I:H/A:H", 7.5, FindingSeverity.High)]
    [InlineData("AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, FindingSeverity.None)]
    public void The_published_examples_of_version_3_have_their_scores(string metrics, double score, FindingSeverity severity)
    {
        foreach (var prefix in new[] { "CVSS:3.0/", "CVSS:3.1/" })
        {
            var vector = CvssVector.Parse(prefix + metrics);

            (vector.BaseScore, vector.Severity, vector.TemporalScore, vector.EnvironmentalScore).ShouldBe((score, severity, null, null));
        }
    }

    /// <summary>https://www.first.org/cvss/v4.0/examples</summary>
    [Theory]
    [InlineData("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N", 8.3)]
    [InlineData("CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:A/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N", 4.6)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", 5.1)]
    [InlineData("CVSS:4.0/AV:L/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:N/SA:N", 5.9)]
    [InlineData("CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 9.3)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N", 8.7)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3)]
    [InlineData("CVSS:4.0/AV:P/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 8.6)]
    [InlineData(Base4, 10.0)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0)]
    public void The_published_examples_of_version_4_have_their_scores(string text, double score)
    {
        CvssVector.Parse(text).BaseScore.ShouldBe(score);
    }

    [Fact]
    public void Threat_and_environment_of_version_4_change_the_score_and_supplements_do_not()
    {
        var vector = CvssVector.Parse("CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:N/VC:H/VI:L/VA:L/SC:N/SI:N/SA:N/CR:H/IR:L/AR:L/S:P/U:Red");

        (vector.BaseScore, vector.TemporalScore, vector.EnvironmentalScore, vector.Score).ShouldBe((8.3, null, 8.1, 8.1));
        CvssVector.Parse(Base4 + "/E:U").Score.ShouldBe(9.1);
        CvssVector.Parse(Base4 + "/MSI:S").Score.ShouldBe(10.0);
        CvssVector.Parse(Base4 + "/AU:Y").TemporalScore.ShouldBeNull();
    }

    [Fact]
    public void A_vector_is_written_in_the_specifications_order_without_what_is_not_defined()
    {
        CvssVector.Parse("CVSS:3.1/A:H/I:H/C:H/S:U/UI:N/PR:N/AC:L/AV:N/E:X/RL:O").ToString().ShouldBe("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/RL:O");
        CvssVector.Parse("(AV:N/AC:L/Au:N/C:P/I:P/A:P/E:ND)").ToString().ShouldBe("AV:N/AC:L/Au:N/C:P/I:P/A:P");
    }

    [Theory]
    [InlineData("", "no CVSS vector")]
    [InlineData("7.5", "no CVSS vector")]
    [InlineData("CVSS:5.0/AV:N", "CVSS:4.0/")]
    [InlineData("CVSS:3.1/AV:Q/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "'AV:Q' in", "AV (Attack Vector) is one of N, A, L, P")]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", "lacks A (Availability)", "one of H, L, N")]
    [InlineData("CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "gives AV (Attack Vector) twice")]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/", "'' in")]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/VC:H", "'VC:H' in", "it has AV, AC, PR")]
    [InlineData("AV:N/AC:L/Au:N/C:P/I:P", "lacks A (Availability Impact)")]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:S/SA:H", "'SI:S' in")]
    public void What_is_no_vector_is_refused_and_told_why(string text, params string[] parts)
    {
        var message = Should.Throw<FormatException>(() => CvssVector.Parse(text)).Message;

        parts.ShouldAllBe(part => message.Contains(part));
        CvssVector.TryParse(text, out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(CvssVersion.V2, 0.0, FindingSeverity.Low)]
    [InlineData(CvssVersion.V2, 3.9, FindingSeverity.Low)]
    [InlineData(CvssVersion.V2, 4.0, FindingSeverity.Medium)]
    [InlineData(CvssVersion.V2, 10.0, FindingSeverity.High)]
    [InlineData(CvssVersion.V31, 0.0, FindingSeverity.None)]
    [InlineData(CvssVersion.V31, 0.1, FindingSeverity.Low)]
    [InlineData(CvssVersion.V4, 6.9, FindingSeverity.Medium)]
    [InlineData(CvssVersion.V4, 7.0, FindingSeverity.High)]
    [InlineData(CvssVersion.V4, 9.0, FindingSeverity.Critical)]
    public void Scores_are_rated_by_the_versions_scale(CvssVersion version, double score, FindingSeverity severity)
    {
        CvssVector.Rate(version, score).ShouldBe(severity);
    }

    [Fact]
    public void Every_vector_reads_back_as_it_is_written_and_scores_from_0_to_10_with_one_decimal()
    {
        Prop.ForAll(Vectors(), text =>
        {
            var vector = CvssVector.Parse(text);
            CvssVector.Parse(vector.ToString()).ShouldBe(vector);
            foreach (var score in new[] { vector.BaseScore, vector.TemporalScore ?? 0, vector.EnvironmentalScore ?? 0 })
            {
                score.ShouldBeInRange(0, 10);
                Math.Round(score, 1).ShouldBe(score);
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_is_not_defined_changes_no_score()
    {
        Prop.ForAll(Vectors(), text =>
        {
            var vector = CvssVector.Parse(text);
            var undefined = vector.Version == CvssVersion.V2 ? "ND" : "X";
            var all = string.Join('/', CvssMetric.Of(vector.Version).Select(metric => $"{metric.Name}:{(vector.Defines(metric.Name) ? vector[metric.Name] : undefined)}"));
            CvssVector.Parse(CvssMetric.Prefix(vector.Version) + all).Score.ShouldBe(vector.Score);
        }).QuickCheckThrowOnFailure();
    }

    private static Arbitrary<string> Vectors()
    {
        var vectors =
            from version in Gen.Elements(CvssVersion.V2, CvssVersion.V30, CvssVersion.V31, CvssVersion.V4)
            from values in Gen.Choose(0, int.MaxValue - 1).ArrayOf(CvssMetric.Of(version).Count)
            from kept in Gen.Choose(0, 1).ArrayOf(CvssMetric.Of(version).Count)
            select CvssMetric.Prefix(version) + string.Join('/', CvssMetric.Of(version)
                .Select((metric, index) => (metric, index))
                .Where(part => part.metric.Group == CvssMetricGroup.Base || kept[part.index] == 1)
                .Select(part => $"{part.metric.Name}:{part.metric.Values[values[part.index] % part.metric.Values.Count]}"));
        return vectors.ToArbitrary();
    }
}

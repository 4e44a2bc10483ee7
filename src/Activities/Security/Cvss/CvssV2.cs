namespace AtomicDevOps.Activities.Security.Cvss;

/// <summary>The equations of https://www.first.org/cvss/v2/guide, section 3.2.</summary>
internal static class CvssV2
{
    public static (double Base, double? Temporal, double? Environmental) Scores(CvssVector vector)
    {
        var score = BaseScore(vector, Impact(vector, withRequirements: false));
        var adjusted = Temporal(vector, BaseScore(vector, Impact(vector, withRequirements: true)));
        var damage = vector["CDP"] switch { "L" => 0.1m, "LM" => 0.3m, "MH" => 0.4m, "H" => 0.5m, _ => 0m };
        var targets = vector["TD"] switch { "N" => 0m, "L" => 0.25m, "M" => 0.75m, _ => 1m };
        return (
            (double)score,
            vector.Defines(CvssMetricGroup.Temporal) ? (double)Temporal(vector, score) : null,
            vector.Defines(CvssMetricGroup.Environmental) ? (double)Round((adjusted + ((10m - adjusted) * damage)) * targets) : null);
    }

    private static decimal BaseScore(CvssVector vector, decimal impact)
    {
        var exploitability = 20m
            * vector["AV"] switch { "L" => 0.395m, "A" => 0.646m, _ => 1m }
            * vector["AC"] switch { "H" => 0.35m, "M" => 0.61m, _ => 0.71m }
            * vector["Au"] switch { "M" => 0.45m, "S" => 0.56m, _ => 0.704m };
        return impact == 0m ? 0m : Round(((0.6m * impact) + (0.4m * exploitability) - 1.5m) * 1.176m);
    }

    private static decimal Temporal(CvssVector vector, decimal score) => Round(
        score
        * vector["E"] switch { "U" => 0.85m, "POC" => 0.9m, "F" => 0.95m, _ => 1m }
        * vector["RL"] switch { "OF" => 0.87m, "TF" => 0.9m, "W" => 0.95m, _ => 1m }
        * vector["RC"] switch { "UC" => 0.9m, "UR" => 0.95m, _ => 1m });

    private static decimal Impact(CvssVector vector, bool withRequirements) => Math.Min(
        withRequirements ? 10m : decimal.MaxValue,
        10.41m * (1m - (Kept(vector, "C", withRequirements) * Kept(vector, "I", withRequirements) * Kept(vector, "A", withRequirements))));

    private static decimal Kept(CvssVector vector, string metric, bool withRequirement)
    {
        var impact = vector[metric] switch { "P" => 0.275m, "C" => 0.66m, _ => 0m };
        var requirement = vector[metric + "R"] switch { "L" => 0.5m, "H" => 1.51m, _ => 1m };
        return 1m - (withRequirement ? impact * requirement : impact);
    }

    private static decimal Round(decimal score) => Math.Max(0m, Math.Round(score, 1, MidpointRounding.AwayFromZero));
}

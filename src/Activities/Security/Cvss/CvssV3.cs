namespace AtomicDevOps.Activities.Security.Cvss;

/// <summary>The equations of https://www.first.org/cvss/v3.0/specification-document, section 8, and https://www.first.org/cvss/v3.1/specification-document, section 7.</summary>
internal static class CvssV3
{
    public static (double Base, double? Temporal, double? Environmental) Scores(CvssVector vector)
    {
        var confidence = vector["E"] switch { "F" => 0.97m, "P" => 0.94m, "U" => 0.91m, _ => 1m }
            * vector["RL"] switch { "W" => 0.97m, "T" => 0.96m, "O" => 0.95m, _ => 1m }
            * vector["RC"] switch { "R" => 0.96m, "U" => 0.92m, _ => 1m };
        var score = BaseScore(vector);
        return (
            (double)score,
            vector.Defines(CvssMetricGroup.Temporal) ? (double)RoundUp(vector, score * confidence) : null,
            vector.Defines(CvssMetricGroup.Environmental) ? (double)RoundUp(vector, ModifiedScore(vector) * confidence) : null);
    }

    private static decimal BaseScore(CvssVector vector)
    {
        var changed = vector.Has("S", "C");
        var subScore = 1m - ((1m - Impact(vector["C"])) * (1m - Impact(vector["I"])) * (1m - Impact(vector["A"])));
        var impact = changed ? (7.52m * (subScore - 0.029m)) - (3.25m * Power(subScore - 0.02m, 15)) : 6.42m * subScore;
        return Combine(vector, changed, impact, Exploitability(vector["AV"], vector["AC"], vector["PR"], vector["UI"], changed));
    }

    private static decimal ModifiedScore(CvssVector vector)
    {
        var changed = Modified(vector, "S") is "C";
        var subScore = Math.Min(0.915m, 1m - (Kept(vector, "C") * Kept(vector, "I") * Kept(vector, "A")));
        var power = vector.Version == CvssVersion.V30 ? Power(subScore - 0.02m, 15) : Power((subScore * 0.9731m) - 0.02m, 13);
        var impact = changed ? (7.52m * (subScore - 0.029m)) - (3.25m * power) : 6.42m * subScore;
        return Combine(
            vector, changed, impact, Exploitability(Modified(vector, "AV"), Modified(vector, "AC"), Modified(vector, "PR"), Modified(vector, "UI"), changed));
    }

    private static decimal Combine(CvssVector vector, bool changed, decimal impact, decimal exploitability) =>
        impact <= 0m ? 0m : RoundUp(vector, Math.Min(10m, (changed ? 1.08m : 1m) * (impact + exploitability)));

    private static string Modified(CvssVector vector, string metric) =>
        vector[vector.Defines("M" + metric) ? "M" + metric : metric];

    private static decimal Kept(CvssVector vector, string metric) =>
        1m - (Impact(Modified(vector, metric)) * vector[metric + "R"] switch { "H" => 1.5m, "L" => 0.5m, _ => 1m });

    private static decimal Impact(string value) => value switch { "H" => 0.56m, "L" => 0.22m, _ => 0m };

    private static decimal Exploitability(string vector, string complexity, string privileges, string interaction, bool changed) => 8.22m
        * vector switch { "N" => 0.85m, "A" => 0.62m, "L" => 0.55m, _ => 0.2m }
        * complexity switch { "L" => 0.77m, _ => 0.44m }
        * privileges switch { "N" => 0.85m, "L" => changed ? 0.68m : 0.62m, _ => changed ? 0.5m : 0.27m }
        * interaction switch { "N" => 0.85m, _ => 0.62m };

    /// <summary>Version 3.1 rounds to five decimals first, so that floating-point noise lifts no score (its appendix A).</summary>
    private static decimal RoundUp(CvssVector vector, decimal score) =>
        Math.Ceiling((vector.Version == CvssVersion.V30 ? score : Math.Round(score, 5, MidpointRounding.AwayFromZero)) * 10m) / 10m;

    private static decimal Power(decimal value, int exponent)
    {
        var power = 1m;
        for (var time = 0; time < exponent; time++)
        {
            power *= value;
        }

        return power;
    }
}

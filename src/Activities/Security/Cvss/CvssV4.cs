namespace AtomicDevOps.Activities.Security.Cvss;

/// <summary>
/// The scoring of https://www.first.org/cvss/v4.0/specification-document, section 8: equivalence sets make up a macro vector whose score is looked up; the
/// share of the way down to the next lower one is taken off.
/// </summary>
internal static class CvssV4
{
    private static readonly string[] Impacts = ["VC", "VI", "VA", "SC", "SI", "SA"];

    /// <summary>The values from the most severe on; a step is 0.1.</summary>
    private static readonly Dictionary<string, string> Levels = new (string Values, string[] Metrics)[]
    {
        ("NALP", ["AV"]),
        ("NLH", ["PR"]),
        ("NPA", ["UI"]),
        ("LH", ["AC"]),
        ("NP", ["AT"]),
        ("HLN", ["VC", "VI", "VA"]),
        ("SHLN", ["SC", "SI", "SA"]),
        ("HML", ["CR", "IR", "AR"]),
    }.SelectMany(row => row.Metrics, (row, metric) => (Metric: metric, row.Values)).ToDictionary(row => row.Metric, row => row.Values, StringComparer.Ordinal);

    private static readonly string[][] Highest1 = [["AV:N/PR:N/UI:N"], ["AV:A/PR:N/UI:N", "AV:N/PR:L/UI:N", "AV:N/PR:N/UI:P"], ["AV:P/PR:N/UI:N", "AV:A/PR:L/UI:P"]];
    private static readonly string[][] Highest2 = [["AC:L/AT:N"], ["AC:H/AT:N", "AC:L/AT:P"]];

    /// <summary>By the third equivalence set, then the sixth.</summary>
    private static readonly string[][][] Highest36 =
    [
        [["VC:H/VI:H/VA:H/CR:H/IR:H/AR:H"], ["VC:H/VI:H/VA:L/CR:M/IR:M/AR:H", "VC:H/VI:H/VA:H/CR:M/IR:M/AR:M"]],
        [
            ["VC:L/VI:H/VA:H/CR:H/IR:H/AR:H", "VC:H/VI:L/VA:H/CR:H/IR:H/AR:H"],
            [
                "VC:L/VI:H/VA:L/CR:H/IR:M/AR:H", "VC:L/VI:H/VA:H/CR:H/IR:M/AR:M", "VC:H/VI:L/VA:H/CR:M/IR:H/AR:M",
                "VC:H/VI:L/VA:L/CR:M/IR:H/AR:H", "VC:L/VI:L/VA:H/CR:H/IR:H/AR:M",
            ],
        ],
        [[], ["VC:L/VI:L/VA:L/CR:H/IR:H/AR:H"]],
    ];

    private static readonly string[][] Highest4 = [["SC:H/SI:S/SA:S"], ["SC:H/SI:H/SA:H"], ["SC:L/SI:L/SA:L"]];

    /// <summary>How many steps a set reaches down, plus one.</summary>
    private static readonly int[] Depth1 = [1, 4, 5];
    private static readonly int[] Depth2 = [1, 2];
    private static readonly int[][] Depth36 = [[7, 6], [8, 8], [0, 10]];
    private static readonly int[] Depth4 = [6, 5, 4];

    public static (double Base, double? Threat, double? Environmental) Scores(CvssVector vector)
    {
        var threat = vector.Defines(CvssMetricGroup.Temporal);
        return (
            Score(vector, withThreat: false, withEnvironment: false),
            threat ? Score(vector, withThreat: true, withEnvironment: false) : null,
            vector.Defines(CvssMetricGroup.Environmental) ? Score(vector, threat, withEnvironment: true) : null);
    }

    private static double Score(CvssVector vector, bool withThreat, bool withEnvironment)
    {
        string Value(string metric) => metric switch
        {
            "E" => withThreat ? vector[metric] : CvssMetric.NotDefined,
            "CR" or "IR" or "AR" => withEnvironment && vector.Defines(metric) ? vector[metric] : "H",
            _ => withEnvironment && vector.Defines("M" + metric) ? vector["M" + metric] : vector[metric],
        };

        bool Is(string metric, string value) => string.Equals(Value(metric), value, StringComparison.Ordinal);

        if (Impacts.All(metric => Is(metric, "N")))
        {
            return 0.0;
        }

        var easy = new[] { Is("AV", "N"), Is("PR", "N"), Is("UI", "N") };
        var macro = new MacroVector(
            easy.All(value => value) ? 0 : easy.Any(value => value) && !Is("AV", "P") ? 1 : 2,
            Is("AC", "L") && Is("AT", "N") ? 0 : 1,
            Is("VC", "H") && Is("VI", "H") ? 0 : Is("VC", "H") || Is("VI", "H") || Is("VA", "H") ? 1 : 2,
            Is("SI", "S") || Is("SA", "S") ? 0 : Is("SC", "H") || Is("SI", "H") || Is("SA", "H") ? 1 : 2,
            Value("E") switch { "P" => 1, "U" => 2, _ => 0 },
            (Is("CR", "H") && Is("VC", "H")) || (Is("IR", "H") && Is("VI", "H")) || (Is("AR", "H") && Is("VA", "H")) ? 0 : 1);
        var score = CvssV4Scores.Find(macro) ?? throw new InvalidOperationException($"No score is known for {macro}.");

        var lower36 = macro switch
        {
            { Set3: 0, Set6: 0 } => Higher(CvssV4Scores.Find(macro with { Set6 = 1 }), CvssV4Scores.Find(macro with { Set3 = 1 })),
            { Set6: 1 } => CvssV4Scores.Find(macro with { Set3 = macro.Set3 + 1 }),
            _ => CvssV4Scores.Find(macro with { Set6 = 1 }),
        };
        (decimal? Lower, int Steps, int Depth)[] sets =
        [
            (CvssV4Scores.Find(macro with { Set1 = macro.Set1 + 1 }), Steps(Highest1[macro.Set1], Value), Depth1[macro.Set1]),
            (CvssV4Scores.Find(macro with { Set2 = macro.Set2 + 1 }), Steps(Highest2[macro.Set2], Value), Depth2[macro.Set2]),
            (lower36, Steps(Highest36[macro.Set3][macro.Set6], Value), Depth36[macro.Set3][macro.Set6]),
            (CvssV4Scores.Find(macro with { Set4 = macro.Set4 + 1 }), Steps(Highest4[macro.Set4], Value), Depth4[macro.Set4]),
            (CvssV4Scores.Find(macro with { Set5 = macro.Set5 + 1 }), 0, 1),
        ];
        var distances = sets.Where(set => set.Lower is not null).Select(set => (score - set.Lower!.Value) * set.Steps / set.Depth).ToArray();
        var exact = score - (distances.Length == 0 ? 0m : distances.Sum() / distances.Length);
        return (double)Math.Round(Math.Round(Math.Clamp(exact, 0m, 10m), 6), 1, MidpointRounding.AwayFromZero);
    }

    /// <summary>How far the values are below the first of the set's most severe vectors that is nowhere below them.</summary>
    private static int Steps(string[] highest, Func<string, string> value)
    {
        foreach (var vector in highest)
        {
            var steps = vector.Split('/').Select(part => Level(part[..2], value(part[..2])) - Level(part[..2], part[3..])).ToArray();
            if (steps.All(step => step >= 0))
            {
                return steps.Sum();
            }
        }

        throw new InvalidOperationException($"None of {string.Join(", ", highest)} is as severe as the vector.");
    }

    private static int Level(string metric, string value) => Levels[metric].IndexOf(value, StringComparison.Ordinal);

    private static decimal? Higher(decimal? one, decimal? other) => one > other ? one : other;
}

/// <summary>The level in each of the six equivalence sets, 0 being the most severe.</summary>
internal sealed record MacroVector(int Set1, int Set2, int Set3, int Set4, int Set5, int Set6);

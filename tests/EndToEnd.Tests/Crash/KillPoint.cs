namespace AtomicDevOps.EndToEnd.Tests.Crash;

/// <summary>Where the platform is killed. What is random about it is drawn when the plan is made, so that a seed stands for one plan.</summary>
/// <param name="Phase">The part of a run, or of the platform's life, that it is meant to hit.</param>
internal abstract record KillPoint(string Phase)
{
    /// <summary>While the platform starts.</summary>
    /// <param name="Share">When, as a share of the time that the last whole start took; 1 is when it listens.</param>
    public sealed record DuringStart(double Share) : KillPoint("start-up");

    /// <summary>Whatever happens then.</summary>
    /// <param name="Delay">After it listens.</param>
    public sealed record AfterStart(TimeSpan Delay) : KillPoint("anywhere");

    /// <summary>When the forge has a request of the platform.</summary>
    /// <param name="Path">A part of the request's path.</param>
    /// <param name="CarriedOut">Whether the forge does what was asked, and only the answer is lost, or nothing has happened yet.</param>
    public sealed record AtRequest(string Phase, string Method, string Path, bool CarriedOut) : KillPoint(Phase);

    /// <summary>When a stage of any run is under way.</summary>
    /// <param name="State">The state that the stage is seen in; null means that it has ended.</param>
    /// <param name="Delay">After it is seen.</param>
    public sealed record InStage(string Phase, string Stage, string? State, TimeSpan Delay) : KillPoint(Phase);
}

/// <summary>Kill points spread over all that the platform does.</summary>
internal static class KillPlan
{
    /// <param name="rounds">How often every phase is hit.</param>
    /// <returns>For each round the points in the order in which runs that begin together come by.</returns>
    public static IReadOnlyList<IReadOnlyList<KillPoint>> Draw(int seed, int rounds)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, rounds).Select(_ => DrawRound(random))];
    }

    private static List<KillPoint> DrawRound(Random random)
    {
        var (checkRunMethod, checkRunPath) = Pick(random, ("POST", "/check-runs"), ("PATCH", "/check-runs/"));
        List<KillPoint> points =
        [
            AtRequest("policy", "GET", Pick(random, "/pulls/", "/files", "/commits", "/contents/.atomicdevops.yml")),
            random.Next(2) == 0
                ? AtRequest("checkout", Pick(random, "GET", "POST"), ".git/")
                : new KillPoint.InStage("checkout", "checkout", "Running", Milliseconds(random, 400)),
            new KillPoint.InStage("build", "build", "Running", Milliseconds(random, 1_500)),
            new KillPoint.InStage("tests and lint", Pick(random, "tests", "tests", "lint"), "Running", Milliseconds(random, 1_500)),
            AtRequest("check run", checkRunMethod, checkRunPath),
            new KillPoint.InStage("gate and clean-up", "gate", State: null, Milliseconds(random, 400)),
            AtRequest("merge", "PUT", "/merge"),
            AtRequest("comment", Pick(random, "GET", "POST", "POST"), "/comments"),
        ];
        points.Insert(random.Next(points.Count + 1), new KillPoint.DuringStart(random.NextDouble() * 1.2));
        points.Insert(random.Next(points.Count + 1), new KillPoint.AfterStart(Milliseconds(random, 3_000)));
        return points;

        KillPoint.AtRequest AtRequest(string phase, string method, string path) => new(phase, method, path, CarriedOut: random.Next(3) > 0);
    }

    private static TimeSpan Milliseconds(Random random, int most) => TimeSpan.FromMilliseconds(random.Next(most));

    private static T Pick<T>(Random random, params ReadOnlySpan<T> items) => items[random.Next(items.Length)];
}

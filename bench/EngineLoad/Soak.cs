using Microsoft.Data.Sqlite;

namespace AtomicDevOps.EngineLoad;

/// <summary>One line of a soak; megabytes of 1,000,000 bytes.</summary>
/// <param name="Seconds">Since the load began.</param>
/// <param name="PerSecond">Completions a second since the line before.</param>
/// <param name="Purged">Instances, sub-orchestrations among them.</param>
/// <param name="DatabaseMb">The database file and its write-ahead log.</param>
internal sealed record SoakSample(
    string Engine,
    string Workload,
    double Seconds,
    long Started,
    long Completed,
    long Failed,
    int InFlight,
    double PerSecond,
    long Purged,
    double ManagedHeapMb,
    double ResidentMb,
    double DatabaseMb);

/// <summary>A long mixed load at a share of the maximum throughput, and what it shows of errors, memory and file size.</summary>
internal static class Soak
{
    private const int InFlightAtMaximum = 400;
    private const double BytesPerMegabyte = 1_000_000;
    private static readonly TimeSpan MaximumTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(10);

    /// <summary>By how much the trend of the resident memory may rise over the second half: noise of a flat one, not a leak.</summary>
    private const double MemoryGrowthShare = 0.05;
    private const double MemoryGrowthMb = 16;

    /// <summary>How much larger than in the first half the file may be in the second.</summary>
    private const double FileGrowth = 1.25;

    /// <summary>A load that lags behind more than this does not show what it is to show.</summary>
    private const double LeastShareOfRate = 0.95;

    /// <param name="rateShare">Of the maximum throughput, which is measured first.</param>
    /// <returns>Whether all that is judged is as it should be.</returns>
    public static async Task<bool> RunAsync(string directory, TimeSpan duration, double rateShare, CancellationToken cancellationToken)
    {
        var samples = new List<SoakSample>();
        MixedLoad load;
        double rate;
        double achieved;
        IReadOnlyList<Goal> entities;
        await using (var host = await LoadHost.StartWarmAsync(directory, cancellationToken))
        {
            load = new MixedLoad(host);
            using var purging = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var purges = load.KeepPurgingAsync(purging.Token);
            var maximum = await load.MeasureMaximumAsync(InFlightAtMaximum, MaximumTime, cancellationToken);
            rate = maximum * rateShare;
            await Console.Error.WriteLineAsync(FormattableString.Invariant($"Maximum {maximum:0.0}/s with {InFlightAtMaximum} in flight; load {rate:0.0}/s for {duration}."));

            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            over.CancelAfter(duration);
            var completedBefore = load.Completed;
            var stretch = Stretch.Begin();
            var running = load.KeepRateAsync(rate, over.Token, cancellationToken);
            using (var timer = new PeriodicTimer(SampleInterval))
            {
                while (stretch.Seconds + (SampleInterval.TotalSeconds / 2) < duration.TotalSeconds && await timer.WaitForNextTickAsync(cancellationToken))
                {
                    var seconds = stretch.Seconds;
                    var (lastSeconds, lastCompleted) = samples.Count > 0 ? (samples[^1].Seconds, samples[^1].Completed) : (0, completedBefore);
                    samples.Add(Sample(directory, load, seconds, (load.Completed - lastCompleted) / (seconds - lastSeconds)));
                    JsonLines.Write(samples[^1]);
                }
            }

            await running;
            achieved = (load.Completed - completedBefore) / stretch.Seconds;
            entities = await load.JudgeEntitiesAsync(cancellationToken);
            await purging.CancelAsync();
            await purges;
        }

        await Console.Error.WriteLineAsync(Carried(rate, achieved).ToString());
        Goal[] verdicts = [.. Judge(samples, load), .. entities, Integrity(directory)];
        foreach (var verdict in verdicts)
        {
            await Console.Error.WriteLineAsync(verdict.ToString());
        }

        return Array.TrueForAll(verdicts, static verdict => verdict.IsMet);
    }

    private static SoakSample Sample(string directory, MixedLoad load, double seconds, double perSecond) => new(
        "atomic",
        "soak",
        Statistics.Rounded(seconds),
        load.Started,
        load.Completed,
        load.Failed,
        load.InFlight,
        Statistics.Rounded(perSecond),
        load.Purged,
        Statistics.Rounded(GC.GetTotalMemory(forceFullCollection: false) / BytesPerMegabyte),
        Statistics.Rounded(ResidentMemory.Current / BytesPerMegabyte),
        Statistics.Rounded(DatabaseBytes(directory) / BytesPerMegabyte));

    /// <summary>Told, but no part of the verdict: a busy machine may slow down in the middle.</summary>
    private static Goal Carried(double rate, double achieved) => new(
        "soak",
        FormattableString.Invariant($"≥ {LeastShareOfRate * rate:0.0} completions/s ({LeastShareOfRate:P0} of the load)"),
        FormattableString.Invariant($"{achieved:0.0}/s"),
        achieved >= LeastShareOfRate * rate);

    private static IEnumerable<Goal> Judge(List<SoakSample> samples, MixedLoad load)
    {
        yield return new Goal("soak", "no errors", FormattableString.Invariant($"{load.Failed} of {load.Started} failed"), load.Failed == 0);
        yield return new Goal(
            "soak", "every start completed", FormattableString.Invariant($"{load.Completed} of {load.Started}"), load.Completed == load.Started);

        var half = samples.Count / 2;
        var late = samples.Skip(half).ToList();
        var span = late[^1].Seconds - late[0].Seconds;
        var growth = span * Statistics.Slope([.. late.Select(static sample => (sample.Seconds, sample.ResidentMb))]);
        var bound = Math.Max(MemoryGrowthMb, MemoryGrowthShare * late.Average(static sample => sample.ResidentMb));
        yield return new Goal(
            "soak",
            FormattableString.Invariant($"resident memory's trend rises by ≤ {bound:0.0} MB in the second half"),
            FormattableString.Invariant($"{growth:0.0} MB in {span:0} s, from {late[0].ResidentMb:0.0} to {late[^1].ResidentMb:0.0} MB"),
            growth <= bound);

        var early = samples.Take(half).Max(static sample => sample.DatabaseMb);
        var largest = late.Max(static sample => sample.DatabaseMb);
        yield return new Goal(
            "soak",
            FormattableString.Invariant($"file ≤ {FileGrowth * early:0.0} MB in the second half ({FileGrowth} × the first)"),
            FormattableString.Invariant($"{largest:0.0} MB"),
            largest <= FileGrowth * early);
    }

    private static Goal Integrity(string directory)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = DatabaseFile(directory), Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        var answer = (string)command.ExecuteScalar()!;
        return new Goal("soak", "PRAGMA integrity_check is ok", answer, string.Equals(answer, "ok", StringComparison.Ordinal));
    }

    private static string DatabaseFile(string directory) => Path.Combine(directory, "durable.db");

    private static long DatabaseBytes(string directory)
        => new[] { DatabaseFile(directory), DatabaseFile(directory) + "-wal" }.Where(File.Exists).Sum(static file => new FileInfo(file).Length);
}

using System.Globalization;
using System.Text.Json;
using AtomicDevOps.QuickStart;
using Spectre.Console;

namespace AtomicDevOps.PipelineOverhead;

/// <summary>What was measured.</summary>
internal sealed class Samples
{
    private readonly Dictionary<string, List<TimeSpan>> _stages = new(StringComparer.Ordinal);

    public List<TimeSpan> Bare { get; } = [];

    public List<TimeSpan> Platform { get; } = [];

    public List<TimeSpan> Linting { get; } = [];

    public void Add(PipelineRun run)
    {
        foreach (var (_, stage) in run.Stages().Where(each => each.Stage.CompletedAt is not null))
        {
            if (!_stages.TryGetValue(stage.Name, out var times))
            {
                _stages[stage.Name] = times = [];
            }

            times.Add((stage.CompletedAt - stage.StartedAt)!.Value);
        }
    }

    /// <summary>A table for people, then one line of JSON.</summary>
    public void Report(int rounds)
    {
        var bare = Median(Bare);
        var table = new Table().AddColumns("", "median s", "fastest s", "slowest s", "ratio", "difference s");
        Row("bare docker build + pytest", Bare);
        Row("platform, same work", Platform);
        Row("platform, lint besides", Linting);
        AnsiConsole.Write(table);
        var stages = _stages.ToDictionary(stage => stage.Key, stage => Math.Round(Median(stage.Value), 3), StringComparer.Ordinal);
        Console.WriteLine($"stages of the same work, median s: {string.Join(", ", stages.Select(stage => FormattableString.Invariant($"{stage.Key} {stage.Value:0.00}")))}");
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            benchmark = "pipeline-overhead",
            rounds,
            processors = Environment.ProcessorCount,
            bareSeconds = Math.Round(bare, 3),
            platformSeconds = Math.Round(Median(Platform), 3),
            lintingSeconds = Math.Round(Median(Linting), 3),
            ratio = Math.Round(Median(Platform) / bare, 3),
            differenceSeconds = Math.Round(Median(Platform) - bare, 3),
            goalMet = Median(Platform) / bare < 1.10 || Median(Platform) - bare < 1,
            stages,
        }));

        void Row(string name, List<TimeSpan> times)
        {
            var median = Median(times);
            table.AddRow(name, Text(median), Text(times.Min().TotalSeconds), Text(times.Max().TotalSeconds), Text(median / bare), Text(median - bare));
        }
    }

    private static string Text(double seconds) => seconds.ToString("0.00", CultureInfo.InvariantCulture);

    private static double Median(List<TimeSpan> times)
    {
        var sorted = times.Select(time => time.TotalSeconds).Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}

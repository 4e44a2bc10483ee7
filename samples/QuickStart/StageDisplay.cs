using System.Globalization;
using Spectre.Console;

namespace AtomicDevOps.QuickStart;

/// <summary>Shows a run's stages while they happen: a table that changes on a terminal, else one line a change.</summary>
internal sealed class StageDisplay(IAnsiConsole console, TimeProvider timeProvider)
{
    private const int LongestSummary = 70;

    private bool IsLive => console.Profile is { Out.IsTerminal: true, Capabilities: { Ansi: true, Interactive: true } };

    /// <param name="snapshots">The run again and again, until it has ended.</param>
    /// <returns>The last snapshot.</returns>
    public async Task<PipelineRun> FollowAsync(IAsyncEnumerable<PipelineRun> snapshots)
    {
        PipelineRun? last = null;
        if (IsLive)
        {
            await console.Live(new Text("Waiting for the webhook …")).StartAsync(async live =>
            {
                await foreach (var run in snapshots)
                {
                    last = run;
                    live.UpdateTarget(TableOf(run));
                    live.Refresh();
                }
            });
        }
        else
        {
            var shown = new Dictionary<string, string>(StringComparer.Ordinal);
            await foreach (var run in snapshots)
            {
                last = run;
                foreach (var (agent, stage) in run.Stages())
                {
                    if (!stage.IsPending && (!shown.TryGetValue(stage.Name, out var state) || !string.Equals(state, stage.State, StringComparison.Ordinal)))
                    {
                        shown[stage.Name] = stage.State;
                        WriteLine(run, agent, stage);
                    }
                }
            }
        }

        return last!;
    }

    /// <summary>The stages as they stand, with the time of each and of all.</summary>
    public Table TableOf(PipelineRun run)
    {
        var now = timeProvider.GetUtcNow();
        var table = new Table().RoundedBorder().AddColumns("Stage", "Agent", "Result");
        table.AddColumn("Time", column => column.RightAligned().NoWrap().Footer(Seconds((run.CompletedAt ?? now) - run.StartedAt)));
        table.AddColumn("");
        table.Columns[0].NoWrap().Footer("in all");
        foreach (var (agent, stage) in run.Stages())
        {
            table.AddRow(
                new Text(stage.Name),
                new Text(agent, new Style(Color.Grey)),
                new Text(stage.State.ToLowerInvariant(), new Style(ColorOf(stage.State))),
                new Text(Seconds(stage.Duration(now))),
                new Text(Short(stage.Summary)));
        }

        return table;
    }

    public static Color ColorOf(string state) => state switch
    {
        "Passed" or "Merged" => Color.Green,
        "Failed" or "Errored" or "Broken" => Color.Red,
        "Running" or "Waiting" => Color.Yellow,
        _ => Color.Grey,
    };

    public static string Seconds(TimeSpan? duration) =>
        duration is { } known ? known.TotalSeconds.ToString("0.0 s", CultureInfo.InvariantCulture) : "";

    private static string Short(string? summary) => summary is { Length: > LongestSummary } ? summary[..(LongestSummary - 1)] + "…" : summary ?? "";

    private void WriteLine(PipelineRun run, string agent, PipelineStage stage)
    {
        var at = (stage.CompletedAt ?? stage.StartedAt ?? timeProvider.GetUtcNow()) - run.StartedAt;
        var line = FormattableString.Invariant(
            $"{Seconds(at),8}  {agent,-20} {stage.Name,-9} {stage.State.ToLowerInvariant(),-9} {(stage.CompletedAt is null ? "" : Seconds(stage.CompletedAt - stage.StartedAt)),7}  {stage.Summary}");
        console.WriteLine(line.TrimEnd());
    }
}

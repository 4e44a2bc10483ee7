using System.Diagnostics;
using System.Globalization;
using System.Text;
using AtomicDevOps.EndToEnd.Tests.Harness;
using AtomicDevOps.LocalForge.Faults;

namespace AtomicDevOps.EndToEnd.Tests.Crash;

/// <summary>Pull requests on a few repositories, and a platform that is killed again and again while it works on them.</summary>
internal sealed class CrashScenario(Installation installation, IReadOnlyList<ForgeRepository> repositories, string marker)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly WebhookOperator _webhooks = new(installation.Forge);
    private readonly List<ProposedChange> _changes = [];
    private readonly StringBuilder _journal = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private TimeSpan _startTime = TimeSpan.FromSeconds(1);
    private bool _alive = true;

    public IReadOnlyList<ProposedChange> Changes => _changes;

    /// <summary>How often the platform was killed.</summary>
    public int Kills { get; private set; }

    /// <summary>What happened, in order.</summary>
    public string Journal => _journal.ToString();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Opens a pull request, also while the platform is dead.</summary>
    public async Task ProposeAsync(ChangeKind kind)
    {
        var repository = repositories[_changes.Count % repositories.Count];
        var name = string.Create(CultureInfo.InvariantCulture, $"change_{_changes.Count}");
        var head = await repository.CommitAsync(name, $"Make {name}", ProposedChange.FilesOf(kind, name, marker));
        var opened = await repository.OpenPullRequestAsync(name, name);
        _changes.Add(new ProposedChange(repository, opened.Number, name, kind, [head]));
        Note($"opened {_changes[^1]}{(_alive ? "" : ", while the platform is dead")}");
    }

    /// <summary>Moves the head of the newest pull request that is not merged, while the platform is dead.</summary>
    public async Task MoveHeadAsync()
    {
        var change = _changes.FindLast(change => change.Kind == ChangeKind.Good)!;
        if ((await change.Repository.PullRequestAsync(change.Number)).Merged)
        {
            await ProposeAsync(ChangeKind.Good);
            change = _changes[^1];
        }

        change.Heads.Add(await change.Repository.CommitAsync(change.Branch, "Add a note", ($"{change.Branch}.txt", "noted\n")));
        change.Run = null;
        Note($"moved {change}");
    }

    /// <summary>Brings the platform to that point and kills it there.</summary>
    public async Task KillAsync(KillPoint point)
    {
        if (point is KillPoint.DuringStart start)
        {
            await KillDuringStartAsync(start);
        }
        else if (point is KillPoint.AtRequest request)
        {
            await KillAtRequestAsync(request);
        }
        else
        {
            await LiveAsync();
            await (point switch
            {
                KillPoint.InStage stage => WaitForStageAsync(stage),
                KillPoint.AfterStart after => Task.Delay(after.Delay, Cancelled),
                _ => throw new ArgumentOutOfRangeException(nameof(point), point, "There is no such kill point."),
            });
            await DieAsync(point);
        }
    }

    /// <summary>Starts the platform once more, has all failed deliveries repeated and waits until every run has ended.</summary>
    public async Task EndAsync()
    {
        await LiveAsync();
        await WaitAsync(
            async () =>
            {
                var redelivered = 0;
                foreach (var repository in repositories)
                {
                    redelivered += await _webhooks.RedeliverAsync(repository);
                }

                return redelivered == 0;
            },
            "no delivery is left that failed");
        await WaitAsync(async () => (await UnfinishedAsync()).Count == 0, "every pull request's run has ended");
        await WaitAsync(
            async () => (await RunsAsync()).All(run => run.State is "Completed" or "Broken"),
            "every run has ended, also those of pushes");
        Note("all runs have ended");
    }

    /// <summary>All runs of the repositories.</summary>
    public async Task<IReadOnlyList<PipelineRun>> RunsAsync()
    {
        var runs = new List<PipelineRun>();
        foreach (var repository in repositories)
        {
            runs.AddRange(await installation.Client.RunsAsync(repository.FullName));
        }

        return runs;
    }

    private async Task KillDuringStartAsync(KillPoint.DuringStart point)
    {
        if (_alive)
        {
            await installation.Platform.KillAsync();
        }

        var starting = installation.Platform.RestartAsync();
        await Task.Delay(_startTime * point.Share, Cancelled);
        var listens = starting.IsCompletedSuccessfully;
        await DieAsync(point);
        try
        {
            await starting;
        }
        catch (InvalidOperationException) when (!listens)
        {
            // It was killed before it listened.
        }
    }

    private async Task KillAtRequestAsync(KillPoint.AtRequest point)
    {
        // The fault waits before the platform lives: what a run repeats first thing after a start is a point like any other.
        using var fault = installation.Forge.Faults.Inject(new Fault(point.CarriedOut ? FaultKind.HoldAnswer : FaultKind.Slow)
        {
            Method = point.Method,
            PathContains = point.Path,
            Times = 1,
            Delay = TimeSpan.FromHours(1),
        });
        await LiveAsync();
        await WaitAsync(
            async () =>
            {
                await KeepBusyAsync();
                return fault.FirstHit.IsCompleted;
            },
            $"{point}");
        await DieAsync(point);
    }

    private async Task WaitForStageAsync(KillPoint.InStage point)
    {
        await WaitAsync(
            async () => (await KeepBusyAsync()).Any(change => change.Run?.FindStage(point.Stage) is { } stage
                && (point.State is { } state ? string.Equals(stage.State, state, StringComparison.Ordinal) : stage.CompletedAt is not null)),
            $"{point}");
        await Task.Delay(point.Delay, Cancelled);
    }

    private async Task LiveAsync()
    {
        if (!_alive)
        {
            var started = Stopwatch.GetTimestamp();
            await installation.Platform.RestartAsync();
            _startTime = Stopwatch.GetElapsedTime(started);
            _alive = true;
        }

        foreach (var repository in repositories)
        {
            await _webhooks.RedeliverAsync(repository, "pull_request");
        }
    }

    private async Task DieAsync(KillPoint point)
    {
        await installation.Platform.KillAsync();
        _alive = false;
        Kills++;
        Note($"kill {Kills}: {point}");
    }

    /// <summary>Opens another pull request where no run is left to kill the platform in.</summary>
    /// <returns>The changes whose runs have not ended.</returns>
    private async Task<IReadOnlyList<ProposedChange>> KeepBusyAsync()
    {
        var unfinished = await UnfinishedAsync();
        if (unfinished.Count == 0)
        {
            await ProposeAsync(ChangeKind.Good);
        }

        return unfinished;
    }

    private async Task<IReadOnlyList<ProposedChange>> UnfinishedAsync()
    {
        var unfinished = new List<ProposedChange>();
        foreach (var change in _changes.Where(change => change.Run?.State is not ("Completed" or "Broken")))
        {
            var id = change.Run?.Id
                ?? (await installation.Client.RunsAsync(change.Repository.FullName, change.Number))
                    .FirstOrDefault(run => string.Equals(run.HeadSha, change.Head, StringComparison.Ordinal))?.Id;
            change.Run = id is null ? null : await installation.Client.RunAsync(id);
            if (change.Run?.State is not ("Completed" or "Broken"))
            {
                unfinished.Add(change);
            }
        }

        return unfinished;
    }

    private async Task WaitAsync(Func<Task<bool>> condition, string expected)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                Assert.Fail($"Not within {Patience}: {expected}.");
            }

            await Task.Delay(Pause, Cancelled);
        }
    }

    private void Note(string what) =>
        _journal.AppendLine(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(_began).TotalSeconds,7:0.00} s  {what}");
}

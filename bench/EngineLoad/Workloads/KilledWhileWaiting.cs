namespace AtomicDevOps.EngineLoad.Workloads;

/// <summary>
/// W5: a process is killed while 200 instances wait on an event; another one starts on its data and raises all of them. Measured from the start of
/// that process to the last completion. An activity before the wait and one after it write to a file, which shows what ran twice or never.
/// </summary>
internal static class KilledWhileWaiting
{
    public const string WaitVerb = "w5-wait";
    public const string ReleaseVerb = "w5-release";
    private const int Orchestrations = 200;
    private const int Steps = 2;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(string directory, Report report, CancellationToken cancellationToken)
    {
        using (var waiting = ChildProcess.Start(WaitVerb, directory))
        {
            await waiting.ReadAsync<WaitingReport>(cancellationToken);
            await waiting.KillAsync(cancellationToken);
        }

        using var releasing = ChildProcess.Start(ReleaseVerb, directory);
        var released = await releasing.ReadAsync<ReleasedReport>(cancellationToken);
        var seconds = releasing.Seconds;
        await releasing.WaitForExitAsync(cancellationToken);
        RequireOneRunOfEach(await File.ReadAllLinesAsync(LoadFunctions.RecordFile(directory), cancellationToken));
        report.Add(new Measurement(
            "atomic",
            "W5",
            Orchestrations,
            seconds,
            Orchestrations / seconds,
            null,
            null,
            null,
            Measurement.FsyncPerCommit,
            released.Ok,
            Orchestrations - released.Ok,
            released.CpuSeconds));
    }

    /// <summary>The process that is killed: says so when all wait, and then stays.</summary>
    public static async Task WaitAsync(string directory, CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartWarmAsync(directory, cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, Orchestrations).Select(async number =>
        {
            await host.StartAsync(LoadFunctions.RecordedWait, Id(number), Input(number), cancellationToken);
            while ((await host.Client.GetInstanceAsync(Id(number), getInputsAndOutputs: true, cancellationToken))?.ReadCustomStatusAs<string>() is not LoadFunctions.Waiting)
            {
                await Task.Delay(LookAgain, cancellationToken);
            }
        }));
        JsonLines.Write(new WaitingReport(Orchestrations));
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }

    public static async Task ReleaseAsync(string directory, CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartAsync(directory, cancellationToken);
        var results = await Task.WhenAll(Enumerable.Range(0, Orchestrations).Select(async number =>
        {
            await host.Client.RaiseEventAsync(Id(number), LoadFunctions.Go, Input(number), cancellationToken);
            return await host.EndsWithAsync(Id(number), Input(number).Done(), cancellationToken);
        }));
        JsonLines.Write(new ReleasedReport(results.Count(static isRight => isRight), Environment.CpuUsage.TotalTime.TotalSeconds));
    }

    private static void RequireOneRunOfEach(IEnumerable<string> record)
    {
        var runs = record.GroupBy(static line => line, StringComparer.Ordinal).ToDictionary(static line => line.Key, static line => line.Count(), StringComparer.Ordinal);
        var expected = Enumerable.Range(0, Orchestrations)
            .SelectMany(static number => Enumerable.Range(0, Steps).Select(taken => FormattableString.Invariant($"{number} {taken}"))).ToHashSet(StringComparer.Ordinal);
        var lost = expected.Where(line => !runs.ContainsKey(line)).ToList();
        var wrong = runs.Where(line => line.Value > 1 || !expected.Contains(line.Key)).ToList();
        if (lost.Count > 0 || wrong.Count > 0)
        {
            throw new WrongResultException(
                $"Activities around the kill: {lost.Count} never ran ({string.Join(", ", lost.Take(5))}), {wrong.Count} ran twice or for nobody ({string.Join(", ", wrong.Take(5))}).");
        }
    }

    private static string Id(int number) => FormattableString.Invariant($"w5-{number}");

    private static Parcel Input(int number) => Parcel.Create(number, Steps);

    private sealed record WaitingReport(int Waiting);

    private sealed record ReleasedReport(int Ok, double CpuSeconds);
}

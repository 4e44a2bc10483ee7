using System.Globalization;
using AtomicDevOps.EmbeddedHost.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace AtomicDevOps.EngineLoad.Workloads;

/// <summary>
/// W7: 10,000 timers wait and nothing else happens; in skipped time for 24 hours, and in real time in a process that has opened a store with them.
/// </summary>
internal static class IdleTimers
{
    public const string IdleVerb = "w7-idle";
    private const int Timers = 10_000;
    private static readonly TimeSpan Idle = TimeSpan.FromHours(24);
    private static readonly TimeSpan TimerLength = TimeSpan.FromHours(25);

    /// <summary>What starting up leaves to the runtime, compilation in the background above all, is over by then.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    public static async Task InSkippedTimeAsync(Report report, CancellationToken cancellationToken)
    {
        using var functions = new LoadFunctions(Path.GetTempPath());
        await using var host = await DurableTestHost.StartAsync(functions.AddTo);
        for (var number = 0; number < 5; number++)
        {
            await host.Client.ScheduleNewOrchestrationInstanceAsync(LoadFunctions.Chain, Parcel.Create(number, steps: 5), options: null, cancellationToken);
        }

        await Task.WhenAll(Enumerable.Range(0, Timers).Select(number => host.Client.ScheduleNewOrchestrationInstanceAsync(
            LoadFunctions.Sleep, Input(number), new StartOrchestrationOptions(ManyWaiting.Id(number)), cancellationToken)));
        await host.AdvanceAsync(TimeSpan.Zero, cancellationToken);

        var stretch = Stretch.Begin();
        await host.AdvanceAsync(Idle, cancellationToken);
        var (seconds, cpu) = stretch.End();

        var waiting = await ManyWaiting.CountAsync(host.Client, LoadFunctions.Sleep, cancellationToken);
        if (waiting != Timers)
        {
            throw new WrongResultException($"After {Idle.TotalHours} of {TimerLength.TotalHours} hours {waiting} of {Timers} instances wait.");
        }

        await host.RunUntilIdleAsync(cancellationToken);
        var ok = 0;
        for (var number = 0; number < Timers; number++)
        {
            var instance = await host.Client.GetInstanceAsync(ManyWaiting.Id(number), getInputsAndOutputs: true, cancellationToken);
            ok += instance is { RuntimeStatus: OrchestrationRuntimeStatus.Completed } && instance.ReadOutputAs<Parcel>() == Input(number).Done() ? 1 : 0;
        }

        report.Add(new Measurement("atomic", "W7-skipped", Timers, seconds, null, null, null, null, Measurement.NoFsync, ok, Timers - ok, cpu));
    }

    public static async Task InRealTimeAsync(string directory, double seconds, Report report, CancellationToken cancellationToken)
    {
        await ManyWaiting.FillAsync(directory, LoadFunctions.Sleep, Timers, Input, cancellationToken);
        using var idling = ChildProcess.Start(IdleVerb, directory, seconds.ToString(CultureInfo.InvariantCulture));
        var idle = await idling.ReadAsync<IdleReport>(cancellationToken);
        await idling.WaitForExitAsync(cancellationToken);
        report.Add(new Measurement(
            "atomic", "W7-real", Timers, idle.Seconds, null, null, null, null, Measurement.FsyncPerCommit, idle.Waiting, Timers - idle.Waiting, idle.CpuSeconds));
    }

    public static async Task IdleAsync(string directory, double idleSeconds, CancellationToken cancellationToken)
    {
        await using var host = await LoadHost.StartAsync(directory, cancellationToken);
        await Task.Delay(Settling, cancellationToken);
        var stretch = Stretch.Begin();
        await Task.Delay(TimeSpan.FromSeconds(idleSeconds), cancellationToken);
        var (seconds, cpu) = stretch.End();

        // The others must not keep a short timer from firing.
        if (!await host.RunAsync(LoadFunctions.Sleep, "short", Parcel.Create(number: 0, steps: 1), cancellationToken))
        {
            throw new WrongResultException("A timer of a second beside the waiting ones gave a wrong result.");
        }

        JsonLines.Write(new IdleReport(seconds, cpu, await ManyWaiting.CountAsync(host.Client, LoadFunctions.Sleep, cancellationToken)));
    }

    private static Parcel Input(int number) => Parcel.Create(number, steps: (int)TimerLength.TotalSeconds);

    private sealed record IdleReport(double Seconds, double CpuSeconds, int Waiting);
}

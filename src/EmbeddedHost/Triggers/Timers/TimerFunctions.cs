using System.Text.RegularExpressions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Triggers.Timers;

/// <param name="UseMonitor">Whether the schedule's status is kept on disk.</param>
internal sealed record TimerFunction(FunctionDescriptor Function, TimerSchedule Schedule, bool UseMonitor, bool RunOnStartup);

/// <summary>Runs the timer functions, each on a loop of its own, so that a run never overlaps the one before it.</summary>
internal sealed partial class TimerFunctions(
    IReadOnlyList<TimerFunction> timers,
    FunctionExecutor executor,
    TimerStatusStore store,
    TimeProvider clock,
    IHostApplicationLifetime lifetime,
    ILogger<TimerFunctions> logger) : BackgroundService
{
    /// <summary>The clock may be set while a timer waits: it looks again at least this often.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <exception cref="FunctionSetupException">A schedule, a setting that it names, or the time zone is wrong.</exception>
    public static IReadOnlyList<TimerFunction> Plan(FunctionCatalog catalog, IConfiguration configuration, TimeProvider clock)
    {
        var problems = new List<string>();
        var timeZone = TimeZoneOf(configuration, clock, problems);
        var timers = new List<TimerFunction>();
        foreach (var (function, trigger) in catalog.With<TimerTriggerAttribute>())
        {
            try
            {
                var schedule = TimerSchedule.Parse(Resolve(trigger.Schedule, configuration), timeZone);
                timers.Add(new TimerFunction(
                    function, schedule, trigger.UseMonitor && !schedule.OccursMoreThanOnceAMinute, trigger.RunOnStartup));
            }
            catch (FormatException exception)
            {
                problems.Add($"{function.EntryPoint}: [TimerTrigger]: {exception.Message}");
            }
        }

        return problems.Count == 0 ? timers : throw FunctionSetupException.From(problems);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (await StartsAsync(stoppingToken))
        {
            // Nothing begins once the application stops; what runs then goes on until this service is stopped.
            using var noMore = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
            await Task.WhenAll(timers.Select(timer => RunAsync(timer, noMore.Token, stoppingToken)));
        }
    }

    private static TimeZoneInfo TimeZoneOf(IConfiguration configuration, TimeProvider clock, List<string> problems)
    {
        if (configuration["WEBSITE_TIME_ZONE"] is not { Length: > 0 } id)
        {
            return clock.LocalTimeZone;
        }

        if (TimeZoneInfo.TryFindSystemTimeZoneById(id, out var timeZone))
        {
            return timeZone;
        }

        problems.Add($"Configuration 'WEBSITE_TIME_ZONE' is '{id}', which this machine does not know. Use a name such as 'Europe/Berlin'.");
        return TimeZoneInfo.Utc;
    }

    private static string Resolve(string schedule, IConfiguration configuration) => SettingName().Replace(schedule, match =>
    {
        var name = match.Groups["name"].Value;
        return configuration[name] ?? configuration[name.Replace("__", ":", StringComparison.Ordinal)]
            ?? throw new FormatException($"'{schedule}' names the setting '{name}', which is not configured. Set it, or write the schedule out.");
    });

    [GeneratedRegex("%(?<name>[^%]+)%", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex SettingName();

    /// <summary>A function may need the engine, and its address: both are there once the whole host has started.</summary>
    /// <returns>False if it stops before that, for instance because a port is taken.</returns>
    private async Task<bool> StartsAsync(CancellationToken stopping)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var onStarted = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return started.Task.IsCompleted;
    }

    private async Task RunAsync(TimerFunction timer, CancellationToken noMore, CancellationToken stopping)
    {
        var name = timer.Function.Name;
        var status = Start(timer, clock.GetUtcNow());
        logger.LogInformation("Timer '{FunctionName}' runs {Schedule}, next at {Next:u}", name, timer.Schedule, status.Next);

        // Missed and start-up runs come before the schedule's own.
        var isPastDue = timer.UseMonitor && status.Next != default && clock.GetUtcNow() > AsOffset(status.Next);
        var runNow = isPastDue || timer.RunOnStartup;
        while (!noMore.IsCancellationRequested)
        {
            if (!runNow && !await WaitUntilAsync(status.Next, noMore))
            {
                return;
            }

            var startedAt = clock.GetUtcNow();
            await InvokeAsync(timer, new TimerInfo { ScheduleStatus = timer.UseMonitor ? Copy(status) : null, IsPastDue = isPastDue }, stopping);
            if (stopping.IsCancellationRequested)
            {
                return;
            }

            status = new ScheduleStatus
            {
                Last = startedAt.UtcDateTime,
                Next = (timer.Schedule.Next(startedAt) ?? default).UtcDateTime,
                LastUpdated = startedAt.UtcDateTime,
            };
            Save(timer, status);
            (isPastDue, runNow) = (false, false);
        }
    }

    /// <summary>Goes on from what is on disk, unless the schedule was changed since.</summary>
    private ScheduleStatus Start(TimerFunction timer, DateTimeOffset now)
    {
        var stored = timer.UseMonitor ? store.Read(timer.Function.Name) : null;
        if (stored is not null
            && AsOffset(stored.LastUpdated) <= now
            && timer.Schedule.Next(AsOffset(stored.LastUpdated))?.UtcDateTime == stored.Next)
        {
            return stored;
        }

        var fresh = new ScheduleStatus { Next = (timer.Schedule.Next(now) ?? default).UtcDateTime, LastUpdated = now.UtcDateTime };
        Save(timer, fresh);
        return fresh;
    }

    private void Save(TimerFunction timer, ScheduleStatus status)
    {
        if (!timer.UseMonitor)
        {
            return;
        }

        try
        {
            store.Write(timer.Function.Name, status);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogError(exception, "The status of timer '{FunctionName}' could not be kept; an occurrence missed now stays missed", timer.Function.Name);
        }
    }

    /// <returns>False if the host stops first, or the time never comes.</returns>
    private async Task<bool> WaitUntilAsync(DateTime next, CancellationToken stopping)
    {
        if (next == default)
        {
            return false;
        }

        try
        {
            for (var wait = AsOffset(next) - clock.GetUtcNow(); wait > TimeSpan.Zero; wait = AsOffset(next) - clock.GetUtcNow())
            {
                await Task.Delay(wait < LongestWait ? wait : LongestWait, clock, stopping);
            }

            return true;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task InvokeAsync(TimerFunction timer, TimerInfo info, CancellationToken stopping)
    {
        try
        {
            await executor.RunTimerAsync(timer.Function, info, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.LogInformation("Timer '{FunctionName}' was stopped with the host", timer.Function.Name);
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "Timer '{FunctionName}' failed; its schedule goes on", timer.Function.Name);
        }
    }

    private static DateTimeOffset AsOffset(DateTime utc) => new(DateTime.SpecifyKind(utc, DateTimeKind.Utc));

    private static ScheduleStatus Copy(ScheduleStatus status) =>
        new() { Last = status.Last, Next = status.Next, LastUpdated = status.LastUpdated };
}

using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers.Timers;

public sealed class TimerFunctionTests : IDisposable
{
    private static readonly DateTimeOffset Start = At("10:00:20");

    private readonly string _directory = Directory.CreateTempSubdirectory("timers-").FullName;
    private readonly ManualClock _clock = new(Start);
    private readonly Runs _runs = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_timer_runs_at_each_occurrence_and_knows_its_last_and_next()
    {
        await using var host = await StartAsync(typeof(EveryMinute));

        await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);
        var first = await _runs.NextAsync();
        await _clock.AdvanceToAsync(At("10:02:00"), Cancellation);
        var second = await _runs.NextAsync();

        first.IsPastDue.ShouldBeFalse();
        first.ScheduleStatus!.Last.ShouldBe(DateTime.MinValue);
        first.ScheduleStatus.Next.ShouldBe(At("10:01:00").UtcDateTime);
        second.IsPastDue.ShouldBeFalse();
        second.ScheduleStatus!.Last.ShouldBe(At("10:01:00").UtcDateTime);
        second.ScheduleStatus.Next.ShouldBe(At("10:02:00").UtcDateTime);
    }

    [Fact]
    public async Task An_occurrence_missed_while_the_host_was_down_runs_at_the_start_as_past_due_and_once()
    {
        await using (await StartAsync(typeof(EveryMinute)))
        {
            await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);
            await _runs.NextAsync();
            await StatusAsync("every-minute", status => status.Last == At("10:01:00").UtcDateTime);
        }

        _clock.Set(At("10:30:30"));
        await using var host = await StartAsync(typeof(EveryMinute));
        var missed = await _runs.NextAsync();
        await _clock.AdvanceToAsync(At("10:31:00"), Cancellation);
        var regular = await _runs.NextAsync();

        missed.IsPastDue.ShouldBeTrue();
        missed.ScheduleStatus!.Last.ShouldBe(At("10:01:00").UtcDateTime);
        missed.ScheduleStatus.Next.ShouldBe(At("10:02:00").UtcDateTime);
        regular.IsPastDue.ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_is_past_due_after_a_restart_between_occurrences()
    {
        await using (await StartAsync(typeof(EveryMinute)))
        {
            await StatusAsync("every-minute", status => status.Next == At("10:01:00").UtcDateTime);
        }

        await using var host = await StartAsync(typeof(EveryMinute));
        await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);

        (await _runs.NextAsync()).IsPastDue.ShouldBeFalse();
    }

    [Fact]
    public async Task A_changed_schedule_does_not_count_as_missed()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "timers"));
        await File.WriteAllTextAsync(
            Path.Combine(_directory, "timers", "every-minute.json"),
            JsonSerializer.Serialize(new ScheduleStatus
            {
                Last = At("09:00:00").UtcDateTime,
                Next = At("09:30:00").UtcDateTime,
                LastUpdated = At("09:00:00").UtcDateTime,
            }),
            Cancellation);
        await using var host = await StartAsync(typeof(EveryMinute));

        await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);

        (await _runs.NextAsync()).IsPastDue.ShouldBeFalse();
    }

    [Fact]
    public async Task A_status_that_cannot_be_read_starts_anew()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "timers"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "timers", "every-minute.json"), "{", Cancellation);
        await using var host = await StartAsync(typeof(EveryMinute));

        await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);

        (await _runs.NextAsync()).IsPastDue.ShouldBeFalse();
        host.Logs.Lines.ShouldContain(line => line.StartsWith("Warning") && line.Contains("'every-minute'"));
    }

    [Fact]
    public async Task A_timer_that_runs_on_startup_runs_then_and_at_its_occurrences()
    {
        await using var host = await StartAsync(typeof(OnStartup));

        var first = await _runs.NextAsync();
        await _clock.AdvanceToAsync(At("11:00:00"), Cancellation);
        await _runs.NextAsync();

        first.IsPastDue.ShouldBeFalse();
        first.ScheduleStatus.ShouldBeNull();
        Directory.Exists(Path.Combine(_directory, "timers")).ShouldBeFalse();
    }

    [Fact]
    public async Task Runs_never_overlap_and_what_fell_due_meanwhile_runs_once_afterwards()
    {
        await using var host = await StartAsync(typeof(EveryMinute));
        _runs.Hold();

        await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);
        await _runs.NextAsync();
        _clock.Set(At("10:05:30"));
        _runs.Count.ShouldBe(1);
        _runs.Release();
        await _runs.NextAsync();
        await _clock.AdvanceToAsync(At("10:06:00"), Cancellation);
        await _runs.NextAsync();

        _runs.Count.ShouldBe(3);
        _runs.MostAtOnce.ShouldBe(1);
    }

    [Fact]
    public async Task A_failing_run_does_not_stop_the_schedule()
    {
        await using var host = await StartAsync(typeof(Failing));

        await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);
        await _runs.NextAsync();
        await _clock.AdvanceToAsync(At("10:02:00"), Cancellation);
        await _runs.NextAsync();

        host.Logs.Lines.ShouldContain(line => line.StartsWith("Error") && line.Contains("Timer 'failing' failed"));
    }

    [Fact]
    public async Task Once_the_application_stops_a_run_may_end_and_no_other_begins()
    {
        _runs.Hold();
        await using (var host = await StartAsync(typeof(EveryMinute)))
        {
            await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);
            await _runs.NextAsync();
            host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            _clock.Set(At("10:05:00"));

            _runs.Release();

            await StatusAsync("every-minute", status => status.Last == At("10:01:00").UtcDateTime);
        }

        _runs.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_run_that_the_host_stops_is_made_up_for_at_the_next_start()
    {
        _runs.Hold();
        await using (await StartAsync(typeof(EveryMinute)))
        {
            await _clock.AdvanceToAsync(At("10:01:00"), Cancellation);
            await _runs.NextAsync();
        }

        _runs.Release();
        _clock.Set(At("10:01:10"));
        await using var host = await StartAsync(typeof(EveryMinute));

        (await _runs.NextAsync()).IsPastDue.ShouldBeTrue();
    }

    [Fact]
    public async Task A_schedule_may_come_from_a_setting_and_follows_the_configured_time_zone()
    {
        await using var host = await StartAsync(
            new() { ["Jobs:Nightly"] = "0 30 12 * * *", ["WEBSITE_TIME_ZONE"] = "Europe/Berlin" }, typeof(FromSetting));

        await _clock.AdvanceToAsync(At("10:30:00"), Cancellation);

        await _runs.NextAsync();
    }

    [Theory]
    [InlineData(null, null, "names the setting 'Jobs:Nightly', which is not configured")]
    [InlineData("0 0 25 * * *", null, "the hour field '25' is wrong")]
    [InlineData("0 0 1 * * *", "Middle/Earth", "'WEBSITE_TIME_ZONE' is 'Middle/Earth', which this machine does not know")]
    public async Task A_schedule_that_cannot_be_used_stops_the_start(string? schedule, string? zone, string message)
    {
        var start = async () => await StartAsync(new() { ["Jobs:Nightly"] = schedule, ["WEBSITE_TIME_ZONE"] = zone }, typeof(FromSetting));

        (await start.ShouldThrowAsync<FunctionSetupException>()).Message.ShouldContain(message);
    }

    private static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-06-15T{time}Z", CultureInfo.InvariantCulture);

    private Task<FunctionsTestHost> StartAsync(Type functions) => StartAsync([], functions);

    private Task<FunctionsTestHost> StartAsync(Dictionary<string, string?> settings, Type functions)
    {
        settings["Host:DataDirectory"] = _directory;
        return FunctionsTestHost.StartAsync(
            settings,
            builder =>
            {
                builder.Services.AddSingleton<TimeProvider>(_clock);
                builder.Services.AddSingleton(_runs);
            },
            functions);
    }

    /// <summary>Waits until the file says so.</summary>
    private async Task StatusAsync(string timer, Func<ScheduleStatus, bool> condition)
    {
        var path = Path.Combine(_directory, "timers", timer + ".json");
        while (!File.Exists(path) || !condition(JsonSerializer.Deserialize<ScheduleStatus>(await File.ReadAllBytesAsync(path, Cancellation))!))
        {
            await Task.Yield();
            Cancellation.ThrowIfCancellationRequested();
        }
    }

    public sealed class Runs
    {
        private readonly Channel<TimerInfo> _started = Channel.CreateUnbounded<TimerInfo>();
        private TaskCompletionSource _gate = Opened();
        private int _count;
        private int _running;
        private int _mostAtOnce;

        public int Count => Volatile.Read(ref _count);

        public int MostAtOnce => Volatile.Read(ref _mostAtOnce);

        public void Hold() => _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _gate.SetResult();

        public async Task RunAsync(TimerInfo timer, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _count);
            var running = Interlocked.Increment(ref _running);
            _mostAtOnce = Math.Max(_mostAtOnce, running);
            _started.Writer.TryWrite(timer);
            try
            {
                await _gate.Task.WaitAsync(cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _running);
            }
        }

        public async Task<TimerInfo> NextAsync() => await _started.Reader.ReadAsync(Cancellation);

        private static TaskCompletionSource Opened()
        {
            var gate = new TaskCompletionSource();
            gate.SetResult();
            return gate;
        }
    }

    public sealed class EveryMinute(Runs runs)
    {
        [Function("every-minute")]
        public Task RunAsync([TimerTrigger("0 * * * * *")] TimerInfo timer, CancellationToken cancellationToken) =>
            runs.RunAsync(timer, cancellationToken);
    }

    public sealed class OnStartup(Runs runs)
    {
        [Function("on-startup")]
        public Task RunAsync(
            [TimerTrigger("0 0 * * * *", RunOnStartup = true, UseMonitor = false)] TimerInfo timer, CancellationToken cancellationToken) =>
            runs.RunAsync(timer, cancellationToken);
    }

    public sealed class Failing(Runs runs)
    {
        [Function("failing")]
        public async Task RunAsync([TimerTrigger("0 * * * * *")] TimerInfo timer, CancellationToken cancellationToken)
        {
            await runs.RunAsync(timer, cancellationToken);
            throw new InvalidOperationException("on purpose");
        }
    }

    public sealed class FromSetting(Runs runs)
    {
        [Function("from-setting")]
        public Task RunAsync([TimerTrigger("%Jobs:Nightly%")] TimerInfo timer, CancellationToken cancellationToken) =>
            runs.RunAsync(timer, cancellationToken);
    }
}

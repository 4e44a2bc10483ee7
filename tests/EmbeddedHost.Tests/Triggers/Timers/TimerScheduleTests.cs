using System.Globalization;
using AtomicDevOps.EmbeddedHost.Triggers.Timers;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers.Timers;

public sealed class TimerScheduleTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("0 30 2 * * *", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z")]
    [InlineData("0 30 2 * * *", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z")]
    [InlineData("0 0 9 * * *", "2026-03-28T12:00:00Z", "2026-03-29T07:00:00Z", "2026-03-30T07:00:00Z")]
    [InlineData("0 0 9 * * *", "2026-10-24T12:00:00Z", "2026-10-25T08:00:00Z", "2026-10-26T08:00:00Z")]
    public void A_time_of_day_comes_once_a_day_whatever_the_clock_does(string schedule, params string[] instants)
    {
        var cron = TimerSchedule.Parse(schedule, Berlin);
        var times = instants.Select(Instant).ToList();

        cron.Next(times[0]).ShouldBe(times[1]);
        cron.Next(times[1]).ShouldBe(times[2]);
    }

    [Fact]
    public void A_time_of_day_that_has_come_does_not_come_again_when_the_clock_is_set_back()
    {
        // 02:29 of the second pass: 02:30 was in the first.
        TimerSchedule.Parse("0 30 2 * * *", Berlin).Next(Instant("2026-10-25T01:29:00Z")).ShouldBe(Instant("2026-10-26T01:30:00Z"));
    }

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Australia/Sydney")]
    [InlineData("Etc/UTC")]
    public void What_repeats_within_the_hour_keeps_its_beat_through_the_year(string zone)
    {
        var cases =
            from minutes in Gen.Elements(5, 10, 15, 20, 30)
            from hour in Gen.Choose(0, 365 * 24)
            select (minutes, hour);
        Prop.ForAll(
            cases.ToArbitrary(),
            ((int Minutes, int Hour) given) =>
            {
                var cron = TimerSchedule.Parse($"0 */{given.Minutes} * * * *", TimeZoneInfo.FindSystemTimeZoneById(zone));
                var time = Instant("2026-01-01T00:00:00Z").AddHours(given.Hour);
                for (var count = 0; count < 20; count++)
                {
                    var next = cron.Next(time)!.Value;
                    if (next - time != TimeSpan.FromMinutes(given.Minutes))
                    {
                        return false;
                    }

                    time = next;
                }

                return true;
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void What_repeats_beats_through_every_hour_in_which_the_clock_changes()
    {
        var cron = TimerSchedule.Parse("0 */30 * * * *", Berlin);
        foreach (var start in new[] { "2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z" })
        {
            var time = Instant(start);
            for (var count = 0; count < 8; count++)
            {
                var next = cron.Next(time)!.Value;
                (next - time).ShouldBe(TimeSpan.FromMinutes(30), $"after {time:u}");
                time = next;
            }
        }
    }

    [Fact]
    public void A_time_span_is_the_time_between_runs()
    {
        var schedule = TimerSchedule.Parse("1.02:00:00", TimeZoneInfo.Utc);

        schedule.Next(Instant("2026-01-01T00:00:30Z")).ShouldBe(Instant("2026-01-02T02:00:30Z"));
    }

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-00:01:00")]
    [InlineData("25:61:00")]
    public void A_wrong_time_span_is_refused(string schedule)
    {
        var parse = () => TimerSchedule.Parse(schedule, TimeZoneInfo.Utc);

        parse.ShouldThrow<FormatException>().Message.ShouldContain($"'{schedule}' is not a time between runs");
    }

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}

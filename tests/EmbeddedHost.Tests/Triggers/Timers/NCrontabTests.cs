using AtomicDevOps.EmbeddedHost.Triggers.Timers;
using FsCheck;
using FsCheck.Fluent;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers.Timers;

public sealed class NCrontabTests
{
    private static readonly (int Minimum, int Maximum)[] Ranges = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

    private static readonly DateTime Start = new(2000, 1, 1);

    [Fact]
    public void The_next_occurrence_is_the_one_that_trying_every_time_of_every_day_finds()
    {
        Prop.ForAll(
            Schedules().ToArbitrary(),
            Instants().ToArbitrary(),
            (schedule, after) => NCrontab.Parse(Text(schedule)).Next(after) == BruteForce(schedule, after)).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void No_occurrence_lies_between_a_time_and_the_one_after_it()
    {
        Prop.ForAll(
            Schedules().ToArbitrary(),
            Instants().ToArbitrary(),
            (schedule, after) =>
            {
                var cron = NCrontab.Parse(Text(schedule));
                var next = cron.Next(after)!.Value;
                return next > after && cron.Next(next.AddSeconds(-1)) == next && cron.AtOrAfter(next) == next;
            }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_range_with_a_step_means_the_list_of_its_values()
    {
        var items =
            from field in Gen.Choose(0, 5)
            from first in Gen.Choose(Ranges[field].Minimum, Ranges[field].Maximum)
            from last in Gen.Choose(first, Ranges[field].Maximum)
            from step in Gen.Choose(1, 70)
            select (field, first, last, step);
        Prop.ForAll(
            items.ToArbitrary(),
            Instants().ToArbitrary(),
            (item, after) =>
            {
                var list = string.Join(',', Enumerable.Range(item.first, item.last - item.first + 1).Where(value => (value - item.first) % item.step == 0));
                return NCrontab.Parse(With(item.field, $"{item.first}-{item.last}/{item.step}")).Next(after)
                    == NCrontab.Parse(With(item.field, list)).Next(after);
            }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("0 0 0 * jan *", "0 0 0 * 1 *")]
    [InlineData("0 0 0 * MAR-may *", "0 0 0 * 3-5 *")]
    [InlineData("0 0 0 * January,dec *", "0 0 0 * 1,12 *")]
    [InlineData("0 0 0 * * mon-Fri", "0 0 0 * * 1-5")]
    [InlineData("0 0 0 * * sunday,6", "0 0 0 * * 0,6")]
    [InlineData("0 5/20 * * * *", "0 5,25,45 * * * *")]
    [InlineData("0 */20 * * * *", "0 0,20,40 * * * *")]
    [InlineData("*/15 * * * *", "0 0,15,30,45 * * * *")]
    [InlineData("  0   0 12 * *  1 ", "0 0 12 * * mon")]
    public void Two_ways_to_write_a_schedule_mean_the_same(string one, string other)
    {
        var (first, second) = (NCrontab.Parse(one), NCrontab.Parse(other));
        var (left, right) = (Start, Start);
        for (var count = 0; count < 500; count++)
        {
            (left, right) = (first.Next(left)!.Value, second.Next(right)!.Value);
            left.ShouldBe(right);
        }
    }

    [Fact]
    public void Day_and_day_of_week_must_both_match()
    {
        NCrontab.Parse("0 0 0 13 * fri").Next(new DateTime(2026, 1, 1)).ShouldBe(new DateTime(2026, 2, 13));
    }

    [Fact]
    public void The_29th_of_February_comes_in_leap_years_only()
    {
        var cron = NCrontab.Parse("0 0 0 29 2 *");

        cron.Next(new DateTime(2026, 1, 1)).ShouldBe(new DateTime(2028, 2, 29));
        cron.Next(new DateTime(2096, 3, 1)).ShouldBe(new DateTime(2104, 2, 29));
    }

    [Theory]
    [InlineData("* * * *", "has 4 fields")]
    [InlineData("* * * * * * *", "has 7 fields")]
    [InlineData("", "has 0 fields")]
    [InlineData("60 * * * * *", "the second field '60' is wrong: '60' is not within 0 to 59")]
    [InlineData("0 -1 * * * *", "the minute field '-1' is wrong: '-1' is not within 0 to 59")]
    [InlineData("0 0 24 * * *", "the hour field")]
    [InlineData("0 0 0 0 * *", "the day field")]
    [InlineData("0 0 0 * 13 *", "the month field")]
    [InlineData("0 0 0 * * 7", "'7' is not within 0 to 6, Sunday being 0")]
    [InlineData("0 0 0 * * funday", "'funday' is none of Sunday, Monday")]
    [InlineData("0 0 noon * * *", "'noon' is not a number")]
    [InlineData("0 0 22-2 * * *", "the range '22-2' runs backwards")]
    [InlineData("0 */0 * * * *", "its step '0' is not a whole number of at least 1")]
    [InlineData("0 */x * * * *", "its step 'x'")]
    [InlineData("0 1,,2 * * * *", "the minute field '1,,2' is wrong")]
    [InlineData("0 1- * * * *", "the minute field '1-' is wrong")]
    [InlineData("0 0 0 30 2 *", "never occurs")]
    [InlineData("0 0 0 31 2,4,6,9,11 *", "never occurs")]
    [InlineData("0 99999999999 * * * *", "is not within 0 to 59")]
    public void A_wrong_expression_is_refused_with_the_field_and_the_reason(string expression, string reason)
    {
        var parse = () => NCrontab.Parse(expression);

        parse.ShouldThrow<FormatException>().Message.ShouldContain(reason);
    }

    [Fact]
    public void There_is_no_occurrence_after_the_end_of_the_calendar()
    {
        NCrontab.Parse("0 0 0 1 1 *").Next(new DateTime(9999, 1, 1)).ShouldBeNull();
        NCrontab.Parse("* * * * * *").Next(DateTime.MaxValue).ShouldBeNull();
        NCrontab.Parse("59 59 23 31 12 *").Next(new DateTime(9999, 1, 1)).ShouldBe(new DateTime(9999, 12, 31, 23, 59, 59));
    }

    [Theory]
    [InlineData("*/10 * * * * *", true)]
    [InlineData("0,30 * * * * *", true)]
    [InlineData("0 * * * * *", false)]
    [InlineData("*/10 0 * * * *", false)]
    public void It_is_known_whether_a_schedule_occurs_more_than_once_a_minute(string expression, bool expected)
    {
        NCrontab.Parse(expression).OccursMoreThanOnceAMinute.ShouldBe(expected);
    }

    private static string Text(int[][] schedule) => string.Join(' ', schedule.Select(values => string.Join(',', values)));

    private static string With(int field, string text) =>
        string.Join(' ', Enumerable.Range(0, 6).Select(index => index == field ? text : index < 3 ? "0" : "*"));

    private static DateTime? BruteForce(int[][] schedule, DateTime after)
    {
        for (var day = after.Date; ; day = day.AddDays(1))
        {
            if (!schedule[3].Contains(day.Day) || !schedule[4].Contains(day.Month) || !schedule[5].Contains((int)day.DayOfWeek))
            {
                continue;
            }

            foreach (var hour in schedule[2].Order())
            {
                foreach (var minute in schedule[1].Order())
                {
                    foreach (var second in schedule[0].Order())
                    {
                        if (day.AddSeconds((hour * 3600) + (minute * 60) + second) is var time && time > after)
                        {
                            return time;
                        }
                    }
                }
            }
        }
    }

    /// <summary>Some values of each field, among them a day that every month has.</summary>
    private static Gen<int[][]> Schedules() =>
        from seconds in Values(0)
        from minutes in Values(1)
        from hours in Values(2)
        from days in Values(3)
        from shortDay in Gen.Choose(1, 28)
        from months in Values(4)
        from daysOfWeek in Values(5)
        select new[] { seconds, minutes, hours, [.. days.Append(shortDay).Distinct()], months, daysOfWeek };

    private static Gen<int[]> Values(int field)
    {
        var (minimum, maximum) = Ranges[field];
        return from values in Gen.NonEmptyListOf(Gen.Choose(minimum, maximum)) select values.Take(6).Distinct().ToArray();
    }

    private static Gen<DateTime> Instants() =>
        from days in Gen.Choose(0, 40_000)
        from seconds in Gen.Choose(0, 86_399)
        from ticks in Gen.Choose(0, 9_999_999)
        from isWhole in ArbMap.Default.GeneratorFor<bool>()
        select Start.AddDays(days).AddSeconds(seconds).AddTicks(isWhole ? 0 : ticks);
}

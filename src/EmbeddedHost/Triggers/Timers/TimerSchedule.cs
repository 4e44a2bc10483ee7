using System.Globalization;

namespace AtomicDevOps.EmbeddedHost.Triggers.Timers;

/// <summary>When a timer function is due.</summary>
internal abstract class TimerSchedule
{
    /// <summary>Whether occurrences come so often that keeping them on disk is not worth it.</summary>
    public abstract bool OccursMoreThanOnceAMinute { get; }

    /// <summary>NCRONTAB, or a time between runs such as <c>00:05:00</c>.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static TimerSchedule Parse(string schedule, TimeZoneInfo timeZone)
    {
        if (schedule.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(schedule, CultureInfo.InvariantCulture, out var interval) && interval > TimeSpan.Zero
                ? new ConstantSchedule(interval)
                : throw new FormatException($"'{schedule}' is not a time between runs. Write 'hh:mm:ss', or 'd.hh:mm:ss' for days.");
        }

        return new CronSchedule(NCrontab.Parse(schedule), timeZone);
    }

    /// <summary>The first occurrence after an instant, in UTC; null if none comes before the year 9999.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset after);
}

/// <summary>The same time between runs.</summary>
internal sealed class ConstantSchedule(TimeSpan interval) : TimerSchedule
{
    public override bool OccursMoreThanOnceAMinute => interval < TimeSpan.FromMinutes(1);

    public override DateTimeOffset? Next(DateTimeOffset after) =>
        DateTimeOffset.MaxValue - after > interval ? after.ToUniversalTime() + interval : null;

    public override string ToString() => $"every {interval:c}";
}

/// <summary>
/// NCRONTAB in a time zone. A wall-clock time that summer time skips comes by as much later; one that comes twice counts the first
/// time, and both times for schedules that repeat within the day (<see cref="NCrontab.IsInterval"/>). These are the Functions host's
/// rules.
/// </summary>
internal sealed class CronSchedule(NCrontab cron, TimeZoneInfo timeZone) : TimerSchedule
{
    public override bool OccursMoreThanOnceAMinute => cron.OccursMoreThanOnceAMinute;

    public override DateTimeOffset? Next(DateTimeOffset after)
    {
        var local = TimeZoneInfo.ConvertTime(after, timeZone);
        if (IsFirstPass(local) && cron.IsInterval)
        {
            var next = cron.Next(local.DateTime);
            if (next is { } sameOffset && timeZone.IsAmbiguousTime(sameOffset))
            {
                return new DateTimeOffset(sameOffset, local.Offset).ToUniversalTime();
            }

            var secondPass = EndOfFirstPass(local);
            return cron.AtOrAfter(secondPass.DateTime) is { } repeated
                ? ToInstant(repeated, secondPass.Offset).ToUniversalTime()
                : null;
        }

        var inSecondPass = !IsFirstPass(local) && timeZone.IsAmbiguousTime(local.DateTime);
        var wall = cron.Next(local.DateTime);
        while (wall is { } time)
        {
            if (inSecondPass && timeZone.IsAmbiguousTime(time))
            {
                if (cron.IsInterval)
                {
                    return new DateTimeOffset(time, local.Offset).ToUniversalTime();
                }
            }
            else
            {
                var instant = ToInstant(time, preferred: null);
                if (instant > after)
                {
                    return instant.ToUniversalTime();
                }
            }

            wall = cron.Next(time);
        }

        return null;
    }

    public override string ToString() => $"'{cron.Expression}' in {timeZone.Id}";

    private DateTimeOffset ToInstant(DateTime wall, TimeSpan? preferred)
    {
        if (timeZone.IsAmbiguousTime(wall))
        {
            return new DateTimeOffset(wall, preferred ?? timeZone.GetAmbiguousTimeOffsets(wall).Max());
        }

        if (timeZone.IsInvalidTime(wall))
        {
            // The offset from before the gap gives the same span after it.
            return new DateTimeOffset(wall, timeZone.GetUtcOffset(wall.AddDays(-1)));
        }

        return new DateTimeOffset(wall, timeZone.GetUtcOffset(wall));
    }

    private bool IsFirstPass(DateTimeOffset local) =>
        timeZone.IsAmbiguousTime(local.DateTime) && local.Offset == timeZone.GetAmbiguousTimeOffsets(local.DateTime).Max();

    /// <summary>The instant at which the clock is set back.</summary>
    private DateTimeOffset EndOfFirstPass(DateTimeOffset local)
    {
        var low = local.UtcDateTime;
        var high = low + (local.Offset - timeZone.GetAmbiguousTimeOffsets(local.DateTime).Min());
        while (high - low > TimeSpan.FromTicks(1))
        {
            var middle = low + ((high - low) / 2);
            if (timeZone.GetUtcOffset(middle) == local.Offset)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return TimeZoneInfo.ConvertTime(new DateTimeOffset(high, TimeSpan.Zero), timeZone);
    }
}

using System.Globalization;

namespace AtomicDevOps.EmbeddedHost.Commands;

/// <summary>Times and spans as people read them.</summary>
internal static class TimeText
{
    /// <summary>In the zone of this machine, to the second; empty for none.</summary>
    public static string Local(string? utc, TimeProvider clock) => Local(utc, clock, "yyyy-MM-dd HH:mm:ss");

    /// <summary>In the zone of this machine, to the millisecond; empty for none.</summary>
    public static string LocalWithMilliseconds(string? utc, TimeProvider clock) => Local(utc, clock, "yyyy-MM-dd HH:mm:ss.fff");

    public static string Age(string utc, TimeProvider clock) => Span(clock.GetUtcNow() - Parse(utc));

    /// <summary>The largest unit and what fits: <c>350 ms</c>, <c>4.2 s</c>, <c>12 min</c>, <c>5.5 h</c>, <c>30 d</c>.</summary>
    public static string Span(TimeSpan span) => span switch
    {
        { TotalMilliseconds: < 1 } => "0 ms",
        { TotalSeconds: < 1 } => Number(span.TotalMilliseconds, "0", "ms"),
        { TotalMinutes: < 1 } => Number(span.TotalSeconds, "0.#", "s"),
        { TotalHours: < 1 } => Number(span.TotalMinutes, "0.#", "min"),
        { TotalDays: < 1 } => Number(span.TotalHours, "0.#", "h"),
        _ => Number(span.TotalDays, "0.#", "d"),
    };

    public static DateTimeOffset Parse(string utc) => DateTimeOffset.Parse(utc, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string Local(string? utc, TimeProvider clock, string format) => utc is null
        ? ""
        : TimeZoneInfo.ConvertTime(Parse(utc), clock.LocalTimeZone).ToString(format, CultureInfo.InvariantCulture);

    private static string Number(double value, string format, string unit) =>
        $"{(Math.Floor(value * 10) / 10).ToString(format, CultureInfo.InvariantCulture)} {unit}";
}

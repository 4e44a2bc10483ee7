using System.Globalization;
using System.Numerics;

namespace AtomicDevOps.EmbeddedHost.Triggers.Timers;

/// <summary>
/// An NCRONTAB expression over wall-clock time: <c>{second} {minute} {hour} {day} {month} {day-of-week}</c>, or the last five of
/// these for second 0. A field is a list of <c>*</c>, values, ranges <c>a-b</c> and any of them with a step <c>/n</c> (<c>a/n</c>
/// starts at a); months and days of the week may be named by any prefix of their English name, Sunday being 0. Day and
/// day-of-week must both match, unlike in Unix cron.
/// </summary>
/// <remarks>
/// Semantics: Azure Functions, "Timer trigger: NCRONTAB expressions", and the NCrontab library behind it. Stricter than that library
/// in three points where it guesses: a range that runs backwards, a step of zero and a date that never comes are errors.
/// </remarks>
internal sealed class NCrontab
{
    private static readonly string[] Months =
        ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

    private static readonly string[] Days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

    private static readonly Field[] Fields =
    [
        new("second", 0, 59, []),
        new("minute", 0, 59, []),
        new("hour", 0, 23, []),
        new("day", 1, 31, []),
        new("month", 1, 12, Months),
        new("day-of-week", 0, 6, Days),
    ];

    private readonly ulong _seconds;
    private readonly ulong _minutes;
    private readonly ulong _hours;
    private readonly ulong _days;
    private readonly ulong _months;
    private readonly ulong _daysOfWeek;

    private NCrontab(string expression, ulong[] masks, bool isInterval)
    {
        Expression = expression;
        IsInterval = isInterval;
        _seconds = masks[0];
        _minutes = masks[1];
        _hours = masks[2];
        _days = masks[3];
        _months = masks[4];
        _daysOfWeek = masks[5];
        OccursMoreThanOnceAMinute = BitOperations.PopCount(_seconds) > 1
            && Enumerable.Range(1, 5).All(index => masks[index] == Fields[index].All);
    }

    public string Expression { get; }

    /// <summary>Whether a field of the time of day holds <c>*</c>, a range or a step: such a schedule runs through the hour that is
    /// repeated when summer time ends, the others run once.</summary>
    public bool IsInterval { get; }

    public bool OccursMoreThanOnceAMinute { get; }

    /// <exception cref="FormatException">The expression is wrong; the message says which field, why, and what would be right.</exception>
    public static NCrontab Parse(string expression)
    {
        var parts = expression.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
        {
            throw new FormatException(
                $"'{expression}' has {parts.Length} fields. Write six, 'second minute hour day month day-of-week', or leave out the second.");
        }

        string[] six = parts.Length == 6 ? parts : ["0", .. parts];
        var masks = new ulong[6];
        for (var index = 0; index < six.Length; index++)
        {
            masks[index] = ParseField(Fields[index], six[index], expression);
        }

        if (!HasPossibleDate(masks[3], masks[4]))
        {
            throw new FormatException($"'{expression}' never occurs: none of its months has such a day.");
        }

        // The Functions host looks at the first three fields as written, of which a five-field expression has two.
        var isInterval = parts.Take(parts.Length - 3).Any(part => part.AsSpan().ContainsAny("*/-"));
        return new NCrontab(expression, masks, isInterval);
    }

    /// <summary>The first occurrence after a wall-clock time, in whole seconds; null past the year 9999.</summary>
    public DateTime? Next(DateTime after)
    {
        var from = Truncate(after);
        if (from > DateTime.MaxValue.AddSeconds(-2))
        {
            return null;
        }

        return AtOrAfter(from.AddSeconds(1));
    }

    /// <summary>As <see cref="Next"/>, but the time itself counts too.</summary>
    public DateTime? AtOrAfter(DateTime from)
    {
        var date = DateOnly.FromDateTime(from);
        var time = NextTime(from.Hour, from.Minute, from.Second);
        if (!Matches(date) || time is null)
        {
            if (NextDate(date) is not { } next)
            {
                return null;
            }

            date = next;
            time = NextTime(0, 0, 0);
        }

        return date.ToDateTime(time!.Value, from.Kind);
    }

    private static DateTime Truncate(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerSecond), time.Kind);

    private bool Matches(DateOnly date) =>
        IsSet(_months, date.Month) && IsSet(_days, date.Day) && IsSet(_daysOfWeek, (int)date.DayOfWeek);

    private DateOnly? NextDate(DateOnly after)
    {
        var date = after;
        while (date < DateOnly.MaxValue)
        {
            date = date.AddDays(1);
            if (!IsSet(_months, date.Month))
            {
                if (date.Year == DateOnly.MaxValue.Year && date.Month == 12)
                {
                    return null;
                }

                date = new DateOnly(date.Year, date.Month, 1).AddMonths(1).AddDays(-1);
            }
            else if (Matches(date))
            {
                return date;
            }
        }

        return null;
    }

    private TimeOnly? NextTime(int hour, int minute, int second)
    {
        if (IsSet(_hours, hour))
        {
            if (IsSet(_minutes, minute) && First(_seconds, second) is { } sameMinute)
            {
                return new TimeOnly(hour, minute, sameMinute);
            }

            if (First(_minutes, minute + 1) is { } sameHour)
            {
                return new TimeOnly(hour, sameHour, First(_seconds, 0)!.Value);
            }
        }

        return First(_hours, hour + 1) is { } sameDay
            ? new TimeOnly(sameDay, First(_minutes, 0)!.Value, First(_seconds, 0)!.Value)
            : null;
    }

    private static bool IsSet(ulong mask, int value) => (mask & (1UL << value)) != 0;

    private static int? First(ulong mask, int atLeast)
    {
        var rest = atLeast > 63 ? 0 : mask & (ulong.MaxValue << atLeast);
        return rest == 0 ? null : BitOperations.TrailingZeroCount(rest);
    }

    private static bool HasPossibleDate(ulong days, ulong months) =>
        Enumerable.Range(1, 12).Any(month => IsSet(months, month) && First(days, 1) <= DateTime.DaysInMonth(2000, month));

    private static ulong ParseField(Field field, string text, string expression)
    {
        var mask = 0UL;
        foreach (var item in text.Split(','))
        {
            mask |= ParseItem(field, item, text, expression);
        }

        return mask;
    }

    private static ulong ParseItem(Field field, string item, string text, string expression)
    {
        var slash = item.IndexOf('/', StringComparison.Ordinal);
        var range = slash < 0 ? item : item[..slash];
        var step = 1;
        if (slash >= 0
            && (!int.TryParse(item.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out step) || step < 1))
        {
            throw Wrong($"its step '{item[(slash + 1)..]}' is not a whole number of at least 1");
        }

        var dash = range.IndexOf('-', StringComparison.Ordinal);
        var (first, last) = range switch
        {
            "*" => (field.Minimum, field.Maximum),
            _ when dash > 0 => (Value(range[..dash]), Value(range[(dash + 1)..])),
            _ => (Value(range), slash >= 0 ? field.Maximum : Value(range)),
        };
        if (first > last)
        {
            throw Wrong($"the range '{range}' runs backwards; write its two parts as a list, such as '22-23,0-2'");
        }

        var mask = 0UL;
        for (var value = first; value <= last; value += step)
        {
            mask |= 1UL << value;
        }

        return mask;

        int Value(string value)
        {
            if (value.Length > 0 && char.IsAsciiLetter(value[0]))
            {
                var index = Array.FindIndex(field.Names, name => name.StartsWith(value, StringComparison.OrdinalIgnoreCase));
                return index >= 0
                    ? index + field.Minimum
                    : throw Wrong(field.Names.Length == 0
                        ? $"'{value}' is not a number"
                        : $"'{value}' is none of {string.Join(", ", field.Names)} nor the start of one");
            }

            return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                && number >= field.Minimum
                && number <= field.Maximum
                    ? number
                    : throw Wrong($"'{value}' is not within {field.Minimum} to {field.Maximum}{(field.Names == Days ? ", Sunday being 0" : "")}");
        }

        FormatException Wrong(string why) => new($"'{expression}': the {field.Name} field '{text}' is wrong: {why}.");
    }

    private sealed record Field(string Name, int Minimum, int Maximum, string[] Names)
    {
        public ulong All { get; } = Enumerable.Range(Minimum, Maximum - Minimum + 1).Aggregate(0UL, (mask, value) => mask | (1UL << value));
    }
}

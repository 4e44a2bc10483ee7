using System.Collections;
using System.Globalization;
using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.FunctionApp.Telemetry;

/// <summary>What a log entry or a scope says that had a secret in it, without that.</summary>
internal sealed class RedactedState : IReadOnlyList<KeyValuePair<string, object?>>
{
    /// <summary>The template. Its text is part of the message's: where that holds no secret, it holds none.</summary>
    private const string Template = "{OriginalFormat}";

    private readonly string _message;
    private readonly IReadOnlyList<KeyValuePair<string, object?>> _values;

    private RedactedState(string message, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        _message = message;
        _values = values;
    }

    public int Count => _values.Count;

    public KeyValuePair<string, object?> this[int index] => _values[index];

    /// <param name="state">What the logger was given; its values are redacted too if it has any.</param>
    /// <param name="message">Its text.</param>
    /// <returns>Null if neither the text nor a value holds a secret.</returns>
    public static RedactedState? TryCreate(object? state, string message, SecretRedactor redactor)
    {
        var text = redactor.Redact(message);
        var isClean = ReferenceEquals(text, message);
        return isClean && !HasSecret(state, redactor) ? null : new RedactedState(text, RedactedValues(state, redactor));
    }

    /// <summary>Stands for a clean message where something else of the entry is not.</summary>
    public static RedactedState Create(object? state, string message, SecretRedactor redactor) => new(redactor.Redact(message), RedactedValues(state, redactor));

    public override string ToString() => _message;

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static bool HasSecret(object? state, SecretRedactor redactor)
    {
        if (state is IReadOnlyList<KeyValuePair<string, object?>> list)
        {
            for (var index = 0; index < list.Count; index++)
            {
                if (HasSecret(list[index], redactor))
                {
                    return true;
                }
            }

            return false;
        }

        return state is IEnumerable<KeyValuePair<string, object?>> values && values.Any(pair => HasSecret(pair, redactor));
    }

    private static bool HasSecret(KeyValuePair<string, object?> pair, SecretRedactor redactor) =>
        pair.Key is not Template && !ReferenceEquals(Redacted(pair.Value, redactor), pair.Value);

    private static List<KeyValuePair<string, object?>> RedactedValues(object? state, SecretRedactor redactor) =>
    [
        .. (state as IEnumerable<KeyValuePair<string, object?>> ?? []).Select(pair => KeyValuePair.Create(pair.Key, Redacted(pair.Value, redactor))),
    ];

    private static object? Redacted(object? value, SecretRedactor redactor)
    {
        if (value is null || value.GetType().IsPrimitive || value is DateTime or DateTimeOffset or TimeSpan or Guid or Enum)
        {
            return value;
        }

        var text = value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;
        var redacted = redactor.Redact(text);
        return string.Equals(redacted, text, StringComparison.Ordinal) ? value : redacted;
    }
}

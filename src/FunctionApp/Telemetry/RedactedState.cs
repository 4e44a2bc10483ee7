using System.Collections;
using System.Globalization;
using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.FunctionApp.Telemetry;

/// <summary>What a log entry or a scope says, without its secrets.</summary>
internal sealed class RedactedState : IReadOnlyList<KeyValuePair<string, object?>>
{
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
    public static RedactedState Create(object? state, string message, SecretRedactor redactor) => new(
        redactor.Redact(message),
        state is IEnumerable<KeyValuePair<string, object?>> values ? [.. values.Select(pair => KeyValuePair.Create(pair.Key, Redacted(pair.Value, redactor)))] : []);

    /// <returns>Null if there is no secret in it.</returns>
    public static RedactedState? TryCreate(object? state, string message, SecretRedactor redactor)
    {
        var created = Create(state, message, redactor);
        var isClean = string.Equals(created._message, message, StringComparison.Ordinal)
            && (state is not IEnumerable<KeyValuePair<string, object?>> values
                || values.Zip(created._values).All(static pair => ReferenceEquals(pair.First.Value, pair.Second.Value) || Equals(pair.First.Value, pair.Second.Value)));
        return isClean ? null : created;
    }

    public override string ToString() => _message;

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

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

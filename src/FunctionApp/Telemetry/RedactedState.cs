using System.Collections;
using System.Globalization;
using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.FunctionApp.Telemetry;

/// <summary>What a log entry or a scope says, without its secrets.</summary>
internal sealed class RedactedState : IReadOnlyList<KeyValuePair<string, object?>>
{
    private readonly string _message;
    private readonly IReadOnlyList<KeyValuePair<string, object?>> _values;

    private RedactedState(string message, IReadOnlyList<KeyValuePair<string, object?>> values, bool hadSecret)
    {
        _message = message;
        _values = values;
        HadSecret = hadSecret;
    }

    /// <summary>Whether anything was taken out.</summary>
    public bool HadSecret { get; }

    public int Count => _values.Count;

    public KeyValuePair<string, object?> this[int index] => _values[index];

    /// <param name="state">What the logger was given; its values are redacted too if it has any.</param>
    /// <param name="message">Its text.</param>
    public static RedactedState Create(object? state, string message, SecretRedactor redactor)
    {
        var text = redactor.Redact(message);
        var hadSecret = !string.Equals(text, message, StringComparison.Ordinal);
        var redactedValues = new List<KeyValuePair<string, object?>>();
        foreach (var (key, value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
        {
            var redacted = Redacted(value, redactor);
            hadSecret |= !ReferenceEquals(redacted, value);
            redactedValues.Add(KeyValuePair.Create(key, redacted));
        }

        return new RedactedState(text, redactedValues, hadSecret);
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

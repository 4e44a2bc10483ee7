using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.FunctionApp.Telemetry;

/// <summary>Stands for an exception that has a secret in its text or in that of an inner one.</summary>
internal sealed class RedactedException : Exception
{
    private readonly string _text;

    private RedactedException(string message, string text)
        : base(message) => _text = text;

    /// <returns>Null if there is no secret in it.</returns>
    public static RedactedException? TryCreate(Exception exception, SecretRedactor redactor)
    {
        var text = exception.ToString();
        var redacted = redactor.Redact(text);
        return string.Equals(redacted, text, StringComparison.Ordinal) ? null : new RedactedException(redactor.Redact(exception.Message), redacted);
    }

    /// <summary>Type, message, inner exceptions and stack of the original.</summary>
    public override string ToString() => _text;
}

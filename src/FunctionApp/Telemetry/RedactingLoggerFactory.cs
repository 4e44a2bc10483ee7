using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.FunctionApp.Telemetry;

/// <summary>Takes secrets out of every log entry before any provider sees it: the console, OTLP and Application Insights alike.</summary>
internal sealed class RedactingLoggerFactory(ILoggerFactory inner, SecretRedactor redactor) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new RedactingLogger(inner.CreateLogger(categoryName), redactor);

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose() => inner.Dispose();

    private sealed class RedactingLogger(ILogger inner, SecretRedactor redactor) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => RedactedState.TryCreate(state, state.ToString() ?? string.Empty, redactor) is { } redacted
                ? inner.BeginScope(redacted)
                : inner.BeginScope(state);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var message = formatter(state, exception);
            var redactedState = RedactedState.TryCreate(state, message, redactor);
            var redactedException = exception is null ? null : RedactedException.TryCreate(exception, redactor);
            if (redactedState is null && redactedException is null)
            {
                inner.Log(logLevel, eventId, state, exception, (_, _) => message);
                return;
            }

            inner.Log(
                logLevel,
                eventId,
                redactedState ?? RedactedState.Create(state, message, redactor),
                redactedException ?? exception,
                static (redacted, _) => redacted.ToString());
        }
    }
}

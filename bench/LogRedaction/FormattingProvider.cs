using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace AtomicDevOps.LogRedaction;

/// <summary>Formats every entry as the console does, and writes it nowhere.</summary>
internal sealed class FormattingProvider(ConsoleFormatter formatter) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Logger(formatter, categoryName);

    public void Dispose()
    {
    }

    private sealed class Logger(ConsoleFormatter formatter, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> write)
        {
            var entry = new LogEntry<TState>(logLevel, category, eventId, state, exception, write);
            formatter.Write(in entry, scopeProvider: null, TextWriter.Null);
        }
    }
}

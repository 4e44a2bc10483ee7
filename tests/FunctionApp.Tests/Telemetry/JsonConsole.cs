using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace AtomicDevOps.FunctionApp.Tests.Telemetry;

/// <summary>The lines that the app's console would show with <c>Logging:Console:FormatterName</c> = <c>json</c>, by the formatter that it would use.</summary>
internal sealed class JsonConsole(IServiceProvider services) : ILoggerProvider, ISupportExternalScope
{
    private readonly Lazy<ConsoleFormatter> _formatter = new(() => services.GetServices<ConsoleFormatter>().Single(static formatter => formatter.Name is ConsoleFormatterNames.Json));
    private IExternalScopeProvider? _scopes;

    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
    }

    private sealed class Logger(JsonConsole console, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => console._scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            using var line = new StringWriter();
            var entry = new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter);
            console._formatter.Value.Write(in entry, console._scopes, line);
            console.Lines.Enqueue(line.ToString());
        }
    }
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.Primitives.Tests.Simulation;

/// <summary>What is outside of a workflow: activities that take their time, do things that can be seen, and fail when told to.</summary>
internal sealed class World : ILoggerFactory, ILogger
{
    private readonly Dictionary<string, (TimeSpan Duration, Func<object?, int, object?> Body)> _activities = new(StringComparer.Ordinal);
    private readonly List<string> _completed = [];
    private readonly ConcurrentDictionary<string, int> _calls = new(StringComparer.Ordinal);

    /// <summary>Whether activities are done at once, and compositions wait before them instead.</summary>
    public bool IsPaced { get; init; }

    /// <summary>The activities begun, in order, each with its input and the time since the start.</summary>
    public List<string> Effects { get; } = [];

    public List<string> Logs { get; } = [];

    /// <summary>Those completed activities that have an undo, and the undos completed, by the name of what they undo; each in order.</summary>
    public (IEnumerable<string> Done, IEnumerable<string> Undone) Undoable => (
        _completed.Where(name => _activities.ContainsKey($"undo {name}")),
        _completed.Where(name => name.StartsWith("undo ")).Select(name => name["undo ".Length..]));

    /// <summary>An activity that gets its input and the number of its call, from 1.</summary>
    public World With<TIn, TOut>(string name, Func<TIn, int, TOut> body, TimeSpan duration = default)
    {
        _activities.Add(name, (duration, (input, call) => body((TIn)input!, call)));
        return this;
    }

    public World With<TIn, TOut>(string name, Func<TIn, TOut> body, TimeSpan duration = default) =>
        With<TIn, TOut>(name, (input, _) => body(input), duration);

    /// <summary>Begins an activity: gives how long it takes and what then comes of it.</summary>
    public (TimeSpan Duration, Func<object?> Result) Begin(string name, object? input, TimeSpan sinceStart)
    {
        var (duration, body) = _activities[name];
        var call = _calls.AddOrUpdate(name, 1, (_, calls) => calls + 1);
        Effects.Add($"{name}({input}) at {sinceStart}");
        return (duration, Complete);

        object? Complete()
        {
            var result = body(input, call);
            _completed.Add(name);
            return result;
        }
    }

    /// <summary>Runs an activity to its end at once.</summary>
    public object? Perform(string name, object? input)
    {
        lock (_calls)
        {
            return Begin(name, input, TimeSpan.Zero).Result();
        }
    }

    public IEnumerable<string> Activities => _activities.Keys;

    /// <summary>Counts a call whose result is known already.</summary>
    public void Skip(string name) => _calls.AddOrUpdate(name, 1, (_, calls) => calls + 1);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Logs.Add($"{logLevel}: {formatter(state, exception)}");

    public void Dispose()
    {
    }
}

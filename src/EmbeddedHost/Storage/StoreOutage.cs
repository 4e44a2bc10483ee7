using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Storage;

/// <summary>The time in which the store cannot be written: one log line a period, whatever the number of changes that fail in it.</summary>
internal sealed partial class StoreOutage(string path, TimeProvider time, ILogger logger)
{
    public static readonly TimeSpan LogPeriod = TimeSpan.FromMinutes(1);

    private long? _loggedAt;
    private long _failures;
    private volatile bool _isOn;

    /// <summary>Whether the last change could not be stored because none can.</summary>
    public bool IsOn => _isOn;

    /// <summary>Called on the writer's thread when a change is stored again.</summary>
    public Action? Over { get; set; }

    /// <summary>A change could not be stored.</summary>
    public void Begin(DurableStoreException exception)
    {
        _isOn = true;
        _failures++;
        if (_loggedAt is not { } logged || time.GetElapsedTime(logged) >= LogPeriod)
        {
            _loggedAt = time.GetTimestamp();
            LogOutage(exception.Message, _failures);
        }
    }

    /// <summary>A change was stored.</summary>
    public void End()
    {
        if (!_isOn)
        {
            return;
        }

        _isOn = false;
        LogOver(path, _failures);
        _failures = 0;
        Over?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Problem} Changes that could not be stored so far: {Failures}")]
    private partial void LogOutage(string problem, long failures);

    [LoggerMessage(Level = LogLevel.Information, Message = "The durable store '{Path}' can be written again, after {Failures} changes that could not be stored")]
    private partial void LogOver(string path, long failures);
}

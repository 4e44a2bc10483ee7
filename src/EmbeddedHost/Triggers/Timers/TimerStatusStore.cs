using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Triggers.Timers;

/// <summary>Keeps each monitored timer's last and next occurrence in a file of its own.</summary>
internal sealed class TimerStatusStore(FunctionHostOptions options, ILogger<TimerStatusStore> logger)
{
    private string PathOf(string function) => Path.Combine(options.DataDirectory, "timers", function + ".json");

    /// <returns>Null if nothing is known of the timer.</returns>
    public ScheduleStatus? Read(string function)
    {
        var path = PathOf(function);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<ScheduleStatus>(File.ReadAllBytes(path)) : null;
        }
        catch (JsonException exception)
        {
            logger.LogWarning(exception, "The status of timer '{FunctionName}' in {Path} cannot be read and starts anew", function, path);
            return null;
        }
    }

    public void Write(string function, ScheduleStatus status)
    {
        var path = PathOf(function);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = path + ".new";
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(status));
        File.Move(temporary, path, overwrite: true);
    }
}

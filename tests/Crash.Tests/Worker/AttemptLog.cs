using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace AtomicDevOps.Crash.Tests.Worker;

/// <summary>Notes each attempt of an activity when it begins, in a file apart from the engine's: one line a write, so that no kill tears one.</summary>
internal sealed class AttemptLog(string path) : IDisposable
{
    private readonly ConcurrentDictionary<(string, string), int> _attempts = new();
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    public int AttemptsInThisLife(string instanceId, string step) => _attempts.GetValueOrDefault((instanceId, step));

    public void Write(string instanceId, string step, string seen, string token)
    {
        _attempts.AddOrUpdate((instanceId, step), 1, static (_, count) => count + 1);
        lock (_file)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow.Ticks}\t{instanceId}\t{step}\t{seen}\t{token}\n");
            _file.Write(Encoding.UTF8.GetBytes(line));
        }
    }

    public void Dispose() => _file.Dispose();
}

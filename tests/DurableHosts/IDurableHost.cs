using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.DurableHosts;

/// <summary>A host under test. Disposing of it ends it and removes its data.</summary>
public interface IDurableHost : IAsyncDisposable
{
    DurableTaskClient Client { get; }

    /// <summary>The time by which the host's timers fire.</summary>
    DateTimeOffset Now { get; }

    /// <summary>Returns when nothing is left to happen, timers included, until someone from outside does something.</summary>
    Task SettleAsync();

    /// <summary>Lets so much time pass.</summary>
    Task PassAsync(TimeSpan span);

    /// <summary>Makes the host forget what it has in memory: every instance is replayed when it is next needed.</summary>
    Task RestartAsync();
}

/// <param name="Logs">Gets what the host and its functions log.</param>
/// <param name="Converter">Reads and writes payloads; by default as the Durable Task packages do outside of Azure Functions.</param>
public sealed record DurableHostSettings(ILoggerProvider? Logs = null, DataConverter? Converter = null);

using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.EmbeddedHost;

/// <summary>Settings of the embedded durable task engine.</summary>
public sealed class EmbeddedDurableTaskOptions
{
    /// <summary>Where the database is; made if it is not there. Relative to the working directory.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>How many activities run at once; ten a processor unless set.</summary>
    public int MaxConcurrentActivityFunctions { get; set; } = 10 * Environment.ProcessorCount;

    /// <summary>How many orchestrators take a turn at once; ten a processor unless set.</summary>
    public int MaxConcurrentOrchestratorFunctions { get; set; } = 10 * Environment.ProcessorCount;

    /// <summary>How many instances are kept in memory between turns; those used least recently are replayed when they are needed again.</summary>
    public int MaxInstancesInMemory { get; set; } = 10_000;

    /// <summary>When finished instances are purged; never unless set.</summary>
    public RetentionOptions Retention { get; set; } = new();

    /// <summary>False keeps the instances as they are: what is sent to one waits on disk for the next start. For commands on a stopped host.</summary>
    internal bool TakesTurns { get; set; } = true;

    /// <summary>False skips the fsync of each commit: a power cut may then lose acknowledged work. For tests.</summary>
    internal bool IsDurable { get; set; } = true;
}

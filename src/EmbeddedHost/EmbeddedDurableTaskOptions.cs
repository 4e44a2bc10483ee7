using AtomicDevOps.EmbeddedHost.Engine;

namespace AtomicDevOps.EmbeddedHost;

/// <summary>Settings of the embedded durable task engine.</summary>
public sealed class EmbeddedDurableTaskOptions
{
    /// <summary>Bytes; a turn must be able to hold a payload and what becomes of it.</summary>
    internal const int LargestPayload = 512 * 1024 * 1024;

    /// <summary>Where the database is; made if it is not there. Relative to the working directory.</summary>
    public string DataDirectory { get; set; } = "data";

    /// <summary>How many activities run at once; ten a processor unless set.</summary>
    public int MaxConcurrentActivityFunctions { get; set; } = 10 * Environment.ProcessorCount;

    /// <summary>How many orchestrators take a turn at once; ten a processor unless set.</summary>
    public int MaxConcurrentOrchestratorFunctions { get; set; } = 10 * Environment.ProcessorCount;

    /// <summary>How many entities run their operations at once; ten a processor unless set.</summary>
    public int MaxConcurrentEntityFunctions { get; set; } = 10 * Environment.ProcessorCount;

    /// <summary>How many operations an entity runs at most before what they did is stored.</summary>
    public int MaxEntityOperationBatchSize { get; set; } = 5_000;

    /// <summary>How many instances are kept in memory between turns; those used least recently are replayed when they are needed again.</summary>
    public int MaxInstancesInMemory { get; set; } = 10_000;

    /// <summary>
    /// How many bytes of inputs and histories the instances in memory may stand for; beyond it those used least recently are replayed when
    /// they are needed again. The one used last always stays.
    /// </summary>
    public long MaxMemoryBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>After how long without a turn an instance leaves memory; null: only when the limits above ask for room.</summary>
    public TimeSpan? IdleTimeInMemory { get; set; }

    /// <summary>
    /// The most bytes of an input, output, event or custom status, as JSON in UTF-8. A payload is in memory with its instance and read again by
    /// every replay: sixteen of the default size fill <see cref="MaxMemoryBytes"/>. At most 512 MB.
    /// </summary>
    public int MaxPayloadBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>How many events a history may have before a warning suggests continue-as-new; it is repeated at each doubling.</summary>
    public int HistoryLengthWarning { get; set; } = 10_000;

    /// <summary>Whether a start may replace an instance with its id that has not ended; <see cref="Microsoft.DurableTask.StartOrchestrationOptions.DedupeStatuses"/>
    /// goes before it.</summary>
    public OverridableStates OverridableExistingInstanceStates { get; set; } = OverridableStates.NonRunningStates;

    /// <summary>
    /// What activities that run when the host stops may take to end: their results are kept. Those that take longer are cancelled, and run
    /// again after the next start. None cancels them at once.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>When finished instances are purged; never unless set.</summary>
    public RetentionOptions Retention { get; set; } = new();

    /// <summary>False keeps the instances as they are: what is sent to one waits on disk for the next start. For commands on a stopped host.</summary>
    internal bool TakesTurns { get; set; } = true;

    /// <summary>False skips the fsync of each commit: a power cut may then lose acknowledged work. For tests.</summary>
    internal bool IsDurable { get; set; } = true;

    /// <summary>The most bytes of a row of the database: SQLite's own limit, a billion, unless a test sets less.</summary>
    internal int? MaxRowBytes { get; set; }

    /// <summary>What a test makes fail.</summary>
    internal IEngineFaults? Faults { get; set; }
}

/// <summary>Which existing instances a start with their id replaces.</summary>
public enum OverridableStates
{
    /// <summary>Every one; what has not ended is terminated.</summary>
    AnyState,

    /// <summary>Those that have ended.</summary>
    NonRunningStates,
}

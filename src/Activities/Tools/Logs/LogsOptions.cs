namespace AtomicDevOps.Activities.Tools.Logs;

/// <summary>Configuration section <c>Logs</c>.</summary>
public sealed class LogsOptions : StoreOptions
{
    /// <summary>How many bytes of a stage's output are kept, 4096 to 1 GiB: the first and the last half of it.</summary>
    public int StageBytes { get; set; } = 4 * 1024 * 1024;

    private protected override string DefaultDirectory => Path.Combine(".data", "logs");
}

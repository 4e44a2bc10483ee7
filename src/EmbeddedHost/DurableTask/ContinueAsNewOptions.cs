namespace Microsoft.DurableTask;

/// <summary>How an orchestration goes on as a new one.</summary>
public class ContinueAsNewOptions
{
    public object? NewInput { get; set; }

    /// <summary>Whether events that nobody has waited for yet are handed on. True unless set.</summary>
    public bool PreserveUnprocessedEvents { get; set; } = true;

    /// <summary>Null or white space keeps the version.</summary>
    public string? NewVersion { get; set; }
}

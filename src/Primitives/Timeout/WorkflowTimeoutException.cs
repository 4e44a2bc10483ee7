namespace AtomicDevOps.Primitives.Timeout;

/// <summary>Work did not end before its deadline. The inner exception is what went wrong while it was being stopped, if anything did.</summary>
public sealed class WorkflowTimeoutException : TimeoutException
{
    internal WorkflowTimeoutException(TimeSpan deadline, Exception? innerException)
        : base($"The work did not end within {deadline}{(innerException is null ? "." : $", and failed while it was being stopped: {innerException.Message}")}", innerException)
    {
        Deadline = deadline;
    }

    /// <summary>How long the work was given.</summary>
    public TimeSpan Deadline { get; }
}

namespace AtomicDevOps.Activities.Tools.Processes;

/// <summary>The program is not installed; the message says how to get it.</summary>
public sealed class ProgramMissingException : ToolException
{
    public ProgramMissingException(string tool, string message)
        : base(tool, message)
    {
    }
}

namespace AtomicDevOps.Activities.Tools.PyTest;

/// <summary>A report is not what its format prescribes.</summary>
public sealed class ReportFormatException : ToolException
{
    public ReportFormatException(string message, Exception? innerException = null)
        : base(PyTestTool.Name, message, innerException)
    {
    }
}

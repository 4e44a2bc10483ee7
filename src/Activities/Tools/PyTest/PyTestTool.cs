namespace AtomicDevOps.Activities.Tools.PyTest;

internal static class PyTestTool
{
    public const string Name = "pytest CLI";
}

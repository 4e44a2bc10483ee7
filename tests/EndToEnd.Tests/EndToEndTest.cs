using AtomicDevOps.EndToEnd.Tests.Harness;

namespace AtomicDevOps.EndToEnd.Tests;

/// <summary>Shows the end of the platform's log where a test fails.</summary>
public abstract class EndToEndTest : IDisposable
{
    private const int ShownLines = 80;

    private Installation? _installation;

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected Installation Use(Installation installation) => _installation = installation;

    protected virtual void Dispose(bool disposing)
    {
        if (TestContext.Current.TestState?.Result == TestResult.Failed && _installation is { } installation)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"The platform's log ends with:\n{installation.Platform.Log(ShownLines)}");
        }
    }
}

using System.Runtime.CompilerServices;
using AtomicDevOps.Crash.Tests.Worker;
using Xunit.Runner.InProc.SystemConsole;

namespace AtomicDevOps.Crash.Tests;

internal static class Program
{
    private static Task<int> Main(string[] arguments)
        => arguments switch
        {
            [WorkerProgram.Command, var dataDirectory, var attemptLog] => WorkerProgram.RunAsync(dataDirectory, attemptLog),
            [HostProgram.Command, .. var settings] => Task.FromResult(HostProgram.Run(settings)),
            _ => RunTestsAsync(arguments),
        };

    /// <summary>Apart, so that a worker loads nothing of the test framework.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> RunTestsAsync(string[] arguments) => ConsoleRunner.Run(arguments);
}

using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AtomicDevOps.EmbeddedHost.Tests.Failures;

internal static class Logs
{
    /// <summary>Collects what a host logs from Information up.</summary>
    public static void CollectIn(this IServiceCollection services, FunctionsTestHost.LogCollector logs)
        => services.AddLogging(logging => logging.AddProvider(logs));

    public static IReadOnlyList<string> With(this FunctionsTestHost.LogCollector logs, string text)
        => [.. logs.Lines.Where(line => line.Contains(text, StringComparison.Ordinal))];

    /// <summary>Lets the skipped clock go on until something has happened on another thread.</summary>
    public static async Task AdvanceUntilAsync(this EmbeddedHost.Testing.SkippedTimeProvider time, TimeSpan step, Func<bool> happened)
    {
        while (!happened())
        {
            time.AdvanceTo(time.GetUtcNow() + step);
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}

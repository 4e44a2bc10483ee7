using System.Diagnostics;
using System.Text.Json;

namespace AtomicDevOps.EndToEnd.Tests.Harness;

/// <summary>Waits for what other processes bring about.</summary>
public static class Eventually
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>Reads until what is read is as it should be.</summary>
    /// <param name="expected">What is waited for, as the message says it where it never comes.</param>
    /// <returns>The first value that is.</returns>
    public static async Task<T> ReadAsync<T>(Func<Task<T>> read, Func<T, bool> condition, string expected, TimeSpan? patience = null)
    {
        var cancelled = TestContext.Current.CancellationToken;
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var value = await read();
            if (condition(value))
            {
                return value;
            }

            if (Stopwatch.GetElapsedTime(started) > (patience ?? Patience))
            {
                Assert.Fail($"Not within {patience ?? Patience}: {expected}. Seen last: {JsonSerializer.Serialize(value, Readable)}");
            }

            await Task.Delay(Pause, cancelled);
        }
    }

    public static Task HoldsAsync(Func<Task<bool>> condition, string expected, TimeSpan? patience = null) =>
        ReadAsync(condition, holds => holds, expected, patience);
}

using System.Text.Json;

namespace AtomicDevOps.EngineLoad;

/// <summary>One line of the output. A figure that does not apply to a workload is null.</summary>
/// <param name="N">Orchestrations, or activities where there is one orchestration, or commits.</param>
/// <param name="Seconds">Of the measured part.</param>
/// <param name="PerSecond"><paramref name="N"/> a second.</param>
/// <param name="P50Ms">The median latency of one orchestration.</param>
/// <param name="Ok">How many of the results are right.</param>
/// <param name="Failed">How many are not.</param>
/// <param name="CpuSeconds">Of the process that is measured, all threads, user and system.</param>
internal sealed record Measurement(
    string Engine,
    string Workload,
    int N,
    double Seconds,
    double? PerSecond,
    double? ActivitiesPerSecond,
    double? P50Ms,
    double? P99Ms,
    string Durability,
    int Ok,
    int Failed,
    double CpuSeconds)
{
    public const string FsyncPerCommit = "fsync per commit (WAL, synchronous=FULL)";
    public const string NoFsync = "none (the test host writes without fsync)";
}

/// <summary>What the process that has opened W6's store holds; megabytes of 1,000,000 bytes, <c>VmRSS</c> unless said otherwise.</summary>
/// <param name="ResidentMb">When it is ready.</param>
/// <param name="AfterCollectionMb">After a full collection then.</param>
/// <param name="CacheFullMb">After as many instances have had an event as fill the engine's cache, without a forced collection.</param>
/// <param name="PeakMb"><c>VmHWM</c> after that and a query over all instances.</param>
internal sealed record MemoryMeasurement(
    string Engine, string Workload, int N, double ResidentMb, double AfterCollectionMb, double CacheFullMb, double PeakMb);

/// <summary>The lines on standard output.</summary>
internal static class JsonLines
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Write<T>(T line) => Console.Out.WriteLine(Format(line));

    public static string Format<T>(T line) => JsonSerializer.Serialize(line, Options);

    /// <exception cref="InvalidDataException">The text is no such line.</exception>
    public static T Read<T>(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Options) ?? throw new InvalidDataException($"'{text}' is no {typeof(T).Name}.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"'{text}' is no {typeof(T).Name}.", exception);
        }
    }
}

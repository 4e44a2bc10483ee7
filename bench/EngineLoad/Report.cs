namespace AtomicDevOps.EngineLoad;

/// <summary>An orchestration or activity did something else than the workload asked for.</summary>
internal sealed class WrongResultException(string message) : Exception(message);

/// <summary>What a run has measured: each line goes to standard output as it comes.</summary>
internal sealed class Report
{
    private readonly List<Measurement> _measurements = [];
    private readonly List<MemoryMeasurement> _memory = [];

    public bool IsAllRight => _measurements.TrueForAll(static each => each.Failed == 0);

    public void Add(Measurement measurement)
    {
        _measurements.Add(measurement);
        JsonLines.Write(Rounded(measurement));
    }

    public void Add(MemoryMeasurement measurement)
    {
        _memory.Add(measurement);
        JsonLines.Write(Rounded(measurement));
    }

    /// <summary>The medians of a workload's figures over the rounds, and the most that failed in one. Null if it was not run.</summary>
    public Measurement? Median(string workload)
    {
        var rounds = _measurements.Where(each => string.Equals(each.Workload, workload, StringComparison.Ordinal)).ToList();
        return rounds.Count == 0
            ? null
            : rounds[0] with
            {
                N = (int)Statistics.Median(rounds.Select(static round => (double)round.N)),
                Seconds = Statistics.Median(rounds.Select(static round => round.Seconds)),
                PerSecond = Median(rounds, static round => round.PerSecond),
                ActivitiesPerSecond = Median(rounds, static round => round.ActivitiesPerSecond),
                P50Ms = Median(rounds, static round => round.P50Ms),
                P99Ms = Median(rounds, static round => round.P99Ms),
                Ok = (int)Statistics.Median(rounds.Select(static round => (double)round.Ok)),
                Failed = rounds.Max(static round => round.Failed),
                CpuSeconds = Statistics.Median(rounds.Select(static round => round.CpuSeconds)),
            };
    }

    /// <inheritdoc cref="Median(string)"/>
    public MemoryMeasurement? MedianMemory() => _memory.Count == 0
        ? null
        : _memory[0] with
        {
            ResidentMb = Statistics.Median(_memory.Select(static round => round.ResidentMb)),
            AfterCollectionMb = Statistics.Median(_memory.Select(static round => round.AfterCollectionMb)),
            CacheFullMb = Statistics.Median(_memory.Select(static round => round.CacheFullMb)),
            PeakMb = Statistics.Median(_memory.Select(static round => round.PeakMb)),
        };

    /// <summary>A line for each workload, named <c>…-median</c>.</summary>
    public void WriteMedians()
    {
        foreach (var workload in _measurements.Select(static each => each.Workload).Distinct(StringComparer.Ordinal))
        {
            JsonLines.Write(Rounded(Median(workload)! with { Workload = workload + "-median" }));
        }

        if (MedianMemory() is { } memory)
        {
            JsonLines.Write(Rounded(memory with { Workload = memory.Workload + "-median" }));
        }
    }

    private static double? Median(IReadOnlyCollection<Measurement> rounds, Func<Measurement, double?> figure)
        => rounds.Select(figure).OfType<double>().ToList() is { Count: > 0 } values ? Statistics.Median(values) : null;

    private static Measurement Rounded(Measurement measurement) => measurement with
    {
        Seconds = Statistics.Rounded(measurement.Seconds),
        PerSecond = Statistics.Rounded(measurement.PerSecond),
        ActivitiesPerSecond = Statistics.Rounded(measurement.ActivitiesPerSecond),
        P50Ms = Statistics.Rounded(measurement.P50Ms),
        P99Ms = Statistics.Rounded(measurement.P99Ms),
        CpuSeconds = Statistics.Rounded(measurement.CpuSeconds),
    };

    private static MemoryMeasurement Rounded(MemoryMeasurement measurement) => measurement with
    {
        ResidentMb = Statistics.Rounded(measurement.ResidentMb),
        AfterCollectionMb = Statistics.Rounded(measurement.AfterCollectionMb),
        CacheFullMb = Statistics.Rounded(measurement.CacheFullMb),
        PeakMb = Statistics.Rounded(measurement.PeakMb),
    };
}

using System.Diagnostics;

namespace AtomicDevOps.EngineLoad;

/// <summary>A stretch of this process's life: wall clock and processor time.</summary>
internal sealed class Stretch
{
    private readonly TimeSpan _cpu;
    private readonly long _started;

    private Stretch()
    {
        _cpu = Environment.CpuUsage.TotalTime;
        _started = Stopwatch.GetTimestamp();
    }

    public double Seconds => Stopwatch.GetElapsedTime(_started).TotalSeconds;

    /// <summary>Begins one on a heap without the garbage of what came before.</summary>
    public static Stretch Begin()
    {
        GC.Collect();
        return new Stretch();
    }

    public (double Seconds, double CpuSeconds) End() => (Seconds, (Environment.CpuUsage.TotalTime - _cpu).TotalSeconds);
}

using System.Globalization;

namespace AtomicDevOps.EngineLoad;

/// <summary>What this process holds in memory, in bytes, by <c>/proc/self/status</c>; where there is none, by the working set.</summary>
internal static class ResidentMemory
{
    private const string Status = "/proc/self/status";

    public static long Current => Read("VmRSS:") ?? Environment.WorkingSet;

    public static long Peak => Read("VmHWM:") ?? Environment.WorkingSet;

    private static long? Read(string name)
    {
        if (!File.Exists(Status))
        {
            return null;
        }

        var line = File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? null : long.Parse(line[name.Length..].Replace("kB", string.Empty, StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }
}

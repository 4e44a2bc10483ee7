using System.Globalization;

namespace AtomicDevOps.Activities.Tools;

/// <summary>Checks what callers hand over, with an error that says what would be right.</summary>
internal static class ToolGuard
{
    public static void InRange(string tool, string name, long value, long minimum, long maximum)
    {
        if (value < minimum || value > maximum)
        {
            throw new ToolException(
                tool,
                string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be from {minimum} to {maximum}."));
        }
    }
}

using System.Runtime.InteropServices;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Something for an instance to handle in its next turn.</summary>
/// <param name="Arrival">Null only wakes the instance up.</param>
/// <param name="MessageId">Its place in the inbox, if it is stored there.</param>
/// <param name="Acknowledgement">Completed once the arrival is on disk, or dropped because the instance has ended.</param>
/// <param name="ResumesActivities">Whether the host has just started, so that no activity of the instance runs though history waits for it.</param>
/// <param name="Damage">Why something that was stored for the instance cannot be read.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Mail(
    Arrival? Arrival,
    long? MessageId = null,
    TaskCompletionSource? Acknowledgement = null,
    bool ResumesActivities = false,
    UnreadableRecordException? Damage = null)
{
    public static Mail WakeUp => default;

    /// <summary>Whether it only wakes the instance up.</summary>
    public bool IsEmpty => Arrival is null && Damage is null;

    public static Mail Resume => new(Arrival: null, ResumesActivities: true);
}

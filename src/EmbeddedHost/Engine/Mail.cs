using System.Runtime.InteropServices;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>Something for an instance to handle in its next turn.</summary>
/// <param name="Arrival">Null only wakes the instance up.</param>
/// <param name="MessageId">Its place in the inbox, if it is stored there.</param>
/// <param name="Acknowledgement">Completed once the arrival is on disk, or dropped because the instance has ended.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Mail(Arrival? Arrival, long? MessageId = null, TaskCompletionSource? Acknowledgement = null)
{
    public static Mail WakeUp => default;
}

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>The critical section that an execution has asked for and not left, as far as its decisions tell.</summary>
internal sealed class OpenCriticalSection
{
    private EntityLockRequested? _request;

    /// <summary>
    /// What gives the locks back when the code itself cannot: it goes the way of the request, so that it is right whether or not the
    /// section has been entered. Null if no section is open.
    /// </summary>
    public EntityUnlocked? Release => _request is { LockSet: var locks } request
        ? new EntityUnlocked(request.TaskId, locks[0], request.RequestId, locks.From(1))
        : null;

    public void Record(Decision decision)
    {
        switch (decision)
        {
            case EntityLockRequested request:
                _request = request;
                break;
            case EntityUnlocked unlocked when unlocked.RequestId == _request?.RequestId:
                _request = null;
                break;
        }
    }
}

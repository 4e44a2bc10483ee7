using System.Globalization;
using AtomicDevOps.EmbeddedHost.Storage;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>
/// Something in memory that mail is for. It takes one turn at a time, each over all mail that has come since, and the next one only when
/// the last is on disk.
/// </summary>
internal abstract class Mailbox(long sequence, DurableTaskEngine engine)
{
    private readonly Lock _gate = new();
    private List<Mail> _mail = [];
    private bool _isScheduled;
    private bool _isRetired;
    private bool _waitsForRetry;
    private int _failedTurns;

    public long Sequence => sequence;

    public CacheEntry Cached => field ??= new CacheEntry(this);

    /// <summary>What it stands for in memory.</summary>
    public abstract long Bytes { get; }

    protected DurableTaskEngine Engine => engine;

    /// <summary>Whether it holds what would be lost with it.</summary>
    protected virtual bool HoldsMail => false;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"number {sequence}");

    /// <returns>False if this object is retired: look it up again.</returns>
    public bool TryPost(params ReadOnlySpan<Mail> mail)
    {
        bool isInLine;
        bool isAwaited;
        lock (_gate)
        {
            if (_isRetired)
            {
                return false;
            }

            _mail.AddRange(mail);
            isInLine = _isScheduled;
            isAwaited = _waitsForRetry && mail is [{ Acknowledgement: not null }, ..];
            _isScheduled = true;
        }

        if (!isInLine)
        {
            Schedule();
        }
        else if (isAwaited)
        {
            engine.RetryNow(this);
        }

        return true;
    }

    /// <returns>True if it had nothing to do and is now out of use.</returns>
    public bool TryEvict()
    {
        lock (_gate)
        {
            if (_isScheduled || HoldsMail)
            {
                return false;
            }

            _isRetired = true;
            return true;
        }
    }

    /// <summary>Puts it in line for a turn.</summary>
    public abstract void Schedule();

    /// <summary>A change could not be stored.</summary>
    public void TryAgain(IReadOnlyList<Mail> mail, Exception exception)
    {
        if (exception is not DurableStoreException)
        {
            RetryTurn(mail, exception);
            return;
        }

        PutBack(mail, exception);
        if (engine.WaitForStore(this))
        {
            RetryIfAwaited();
        }
    }

    /// <summary>Drops what it holds: the engine stops, and the next start takes it from disk.</summary>
    public void Abandon(Exception reason)
    {
        List<Mail> mail;
        lock (_gate)
        {
            _isRetired = true;
            (mail, _mail) = (_mail, []);
        }

        engine.Remove(this);
        mail.ForEach(item => item.Acknowledgement?.TrySetException(reason));
        engine.Work.End(mail.Count);
    }

    /// <summary>Drops from memory what is on disk.</summary>
    protected abstract void Forget();

    protected List<Mail> TakeMail()
    {
        lock (_gate)
        {
            List<Mail> mail;
            (mail, _mail) = (_mail, []);
            _waitsForRetry = false;
            return mail;
        }
    }

    /// <summary>The turn has a defect of its own: it is taken again later, from what is on disk.</summary>
    protected void RetryTurn(IReadOnlyList<Mail> mail, Exception exception)
    {
        PutBack(mail, exception);
        if (engine.RetryLater(this, ++_failedTurns, exception))
        {
            RetryIfAwaited();
        }
    }

    protected void TurnStored() => _failedTurns = 0;

    /// <summary>Puts mail before all that has come since.</summary>
    protected void PutAhead(IEnumerable<Mail> mail)
    {
        lock (_gate)
        {
            _mail.InsertRange(0, mail);
        }
    }

    /// <summary>A turn is over: the next one is taken if there is mail.</summary>
    protected void GoOn()
    {
        lock (_gate)
        {
            if (_mail.Count > 0)
            {
                Schedule();
                return;
            }

            _isScheduled = false;
        }

        engine.KeepInMemory(this);
    }

    /// <summary>What it stands for has ended, is gone, or is not there yet: mail that has come since looks again.</summary>
    protected void Retire(List<Mail> mail)
    {
        Forget();
        lock (_gate)
        {
            _isRetired = _mail.Count == 0;
            if (!_isRetired)
            {
                Schedule();
            }
        }

        if (_isRetired)
        {
            engine.Remove(this);
        }

        Settle(mail);
    }

    protected void Settle(IReadOnlyList<Mail> mail)
    {
        foreach (var item in mail)
        {
            item.Acknowledgement?.TrySetResult();
        }

        engine.Work.End(mail.Count);
    }

    /// <summary>What a caller waits for is refused, for it can ask again; all else is tried again by itself.</summary>
    private void PutBack(IReadOnlyList<Mail> mail, Exception exception)
    {
        Forget();
        lock (_gate)
        {
            // Before it waits: a retry that comes at once takes this back.
            _waitsForRetry = true;
            _mail.InsertRange(0, mail.Where(static item => item.Acknowledgement is null));
        }

        var refused = mail.Where(static item => item.Acknowledgement is not null).ToList();
        refused.ForEach(item => item.Acknowledgement!.TrySetException(exception));
        engine.Work.End(refused.Count);
    }

    /// <summary>Somebody may have asked between the failure and the wait.</summary>
    private void RetryIfAwaited()
    {
        bool isAwaited;
        lock (_gate)
        {
            isAwaited = _waitsForRetry && _mail.Exists(static item => item.Acknowledgement is not null);
        }

        if (isAwaited)
        {
            engine.RetryNow(this);
        }
    }
}

using System.Globalization;

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

    public long Sequence => sequence;

    /// <summary>Its place among those that may be evicted; set and read by the engine alone.</summary>
    public LinkedListNode<Mailbox>? EvictionPlace { get; set; }

    /// <summary>What it is called in the log, as far as that is known.</summary>
    public virtual string Name => string.Create(CultureInfo.InvariantCulture, $"number {sequence}");

    protected DurableTaskEngine Engine => engine;

    /// <summary>Whether it holds what would be lost with it.</summary>
    protected virtual bool HoldsMail => false;

    /// <returns>False if this object is retired: look it up again.</returns>
    public bool TryPost(params ReadOnlySpan<Mail> mail)
    {
        lock (_gate)
        {
            if (_isRetired)
            {
                return false;
            }

            _mail.AddRange(mail);
            if (_isScheduled)
            {
                return true;
            }

            _isScheduled = true;
        }

        Schedule();
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

    /// <summary>
    /// The turn could not be taken or stored. What a caller waits for is refused, for it can ask again; all else is tried again a little
    /// later, from what is on disk.
    /// </summary>
    public void TryAgain(IReadOnlyList<Mail> mail, Exception exception)
    {
        var name = Name;
        Forget();
        var refused = mail.Where(static item => item.Acknowledgement is not null).ToList();
        PutBack([.. mail.Where(static item => item.Acknowledgement is null)]);
        engine.RetryLater(this, name, exception);
        foreach (var item in refused)
        {
            item.Acknowledgement!.TrySetException(exception);
        }

        engine.Work.End(refused.Count);
    }

    /// <summary>Drops from memory what is on disk.</summary>
    protected abstract void Forget();

    protected List<Mail> TakeMail()
    {
        lock (_gate)
        {
            List<Mail> mail;
            (mail, _mail) = (_mail, []);
            return mail;
        }
    }

    /// <summary>Puts mail before all that has come since.</summary>
    protected void PutBack(IReadOnlyList<Mail> mail)
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

    protected void Retire(List<Mail> mail)
    {
        lock (_gate)
        {
            _isRetired = true;
            mail = [.. mail, .. _mail];
            _mail.Clear();
        }

        engine.Remove(this);
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
}

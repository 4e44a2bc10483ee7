namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>
/// An entity in memory. Its messages are in its inbox on disk until the commit of the turn that handles them, so nothing is lost with it.
/// Mail only tells that there are new ones: it may come in another order than they were stored in, and after they were handled.
/// </summary>
internal sealed class LiveEntity(long sequence, DurableTaskEngine engine) : Mailbox(sequence, engine)
{
    private volatile LoadedEntity? _loaded;
    private DateTime? _wakesAt;

    public override long Bytes => _loaded?.Bytes ?? 0;

    public override string ToString() => _loaded is { } loaded ? $"'{loaded.Id}', an entity" : base.ToString();

    public override void Schedule() => Engine.Schedule(this);

    public async Task TakeTurnAsync(EntityExecutor executor, int maxOperations, CancellationToken cancellationToken)
    {
        var mail = TakeMail();
        try
        {
            await HandleAsync(mail, executor, maxOperations, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Retire(mail);
        }
        catch (Exception exception)
        {
            RetryTurn(mail, exception);
        }
    }

    /// <param name="effects">What follows from the turn now that it is on disk.</param>
    public void Committed(EntityTurn turn, TurnEffects effects)
    {
        TurnStored();
        Engine.Release(effects);
        if (turn.HasMore)
        {
            Engine.Post(Sequence, Mail.WakeUp);
        }

        Wait();
        GoOn();
        Settle(turn.Mail);
    }

    protected override void Forget()
    {
        _loaded = null;
        _wakesAt = null;
    }

    private async Task HandleAsync(List<Mail> mail, EntityExecutor executor, int maxOperations, CancellationToken cancellationToken)
    {
        var now = Engine.UtcNow;
        _loaded ??= Load(now);
        if (_loaded is null)
        {
            Retire(mail);
            return;
        }

        if (mail.Exists(item => item.MessageId > _loaded.LastMessage))
        {
            _loaded.Add(Engine.Store.Messages(Sequence, after: _loaded.LastMessage), now);
        }

        var turn = await _loaded.TakeTurnAsync(executor, now, mail, maxOperations, cancellationToken);
        if (turn.Steps.Count > 0)
        {
            Engine.Store.WriteHere(new EntityTurnWrite(this, turn));
            return;
        }

        Wait();
        GoOn();
        Settle(mail);
    }

    /// <returns>Null if it has been cleaned away.</returns>
    private LoadedEntity? Load(DateTime now) => Engine.Store.LoadEntity(Sequence) is { } stored ? new LoadedEntity(stored, now) : null;

    private void Wait()
    {
        if (_loaded?.NextDue is { } due && due != _wakesAt)
        {
            _wakesAt = due;
            Engine.WakeAt(Sequence, due);
        }
    }
}

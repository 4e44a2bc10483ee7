using System.Globalization;

namespace AtomicDevOps.Activities.Tools;

/// <summary>
/// Holds every request of a client back until the time that the service named. Rules:
/// https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately and
/// https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling.
/// </summary>
internal sealed class RateLimitGate(TimeProvider timeProvider)
{
    private static readonly TimeSpan FirstSecondaryPause = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestSecondaryPause = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private DateTimeOffset _opensAt = DateTimeOffset.MinValue;
    private DateTimeOffset _closedAt = DateTimeOffset.MinValue;
    private TimeSpan _nextSecondaryPause = FirstSecondaryPause;

    /// <summary>How long it stays closed; zero when it is open.</summary>
    public TimeSpan Remaining
    {
        get
        {
            lock (_lock)
            {
                var remaining = _opensAt - timeProvider.GetUtcNow();
                return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Waits until it is open.</summary>
    /// <param name="tool">Who waits, for errors.</param>
    /// <param name="request">What waits, for errors.</param>
    /// <param name="waited">How long that has waited already.</param>
    /// <param name="longest">How long it may wait, all in all.</param>
    /// <returns>How long it has waited now.</returns>
    /// <exception cref="ToolUnavailableException">It would have to wait for longer.</exception>
    public async Task<TimeSpan> PassAsync(string tool, string request, TimeSpan waited, TimeSpan longest, CancellationToken cancellationToken)
    {
        while (Remaining is var pause && pause > TimeSpan.Zero)
        {
            waited += pause;
            if (waited > longest)
            {
                throw new ToolUnavailableException(
                    tool, string.Create(CultureInfo.InvariantCulture, $"{request} has to wait for the rate limit for another {pause.TotalSeconds:0} s."))
                {
                    RetryAfter = pause,
                };
            }

            await Task.Delay(pause, timeProvider, cancellationToken);
        }

        return waited;
    }

    public void Close(TimeSpan pause)
    {
        lock (_lock)
        {
            CloseLocked(pause);
        }
    }

    /// <summary>Closes for a limit that came without a time: a minute at first, twice as long whenever it comes again after the pause.</summary>
    /// <param name="sentAt">When the refused request went out: those on their way together are refused together.</param>
    public void CloseForUnknown(DateTimeOffset sentAt)
    {
        lock (_lock)
        {
            if (sentAt <= _closedAt && _opensAt > timeProvider.GetUtcNow())
            {
                return;
            }

            CloseLocked(_nextSecondaryPause);
            _nextSecondaryPause = TimeSpan.FromTicks(Math.Min(_nextSecondaryPause.Ticks * 2, LongestSecondaryPause.Ticks));
        }
    }

    /// <summary>A request sent since the last pause was served.</summary>
    public void ReportServed(DateTimeOffset sentAt)
    {
        lock (_lock)
        {
            if (sentAt > _closedAt)
            {
                _nextSecondaryPause = FirstSecondaryPause;
            }
        }
    }

    private void CloseLocked(TimeSpan pause)
    {
        _closedAt = timeProvider.GetUtcNow();
        var opensAt = _closedAt + pause;
        if (opensAt > _opensAt)
        {
            _opensAt = opensAt;
        }
    }
}

using System.Globalization;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>What the kills hit.</summary>
internal sealed class KillStatistics
{
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _lives = [];
    private int _duringRecovery;
    private int _duringCommit;

    public int Kills => _lives.Count;

    /// <param name="life">From the opening of the store.</param>
    /// <param name="wasReady">Recovery was over.</param>
    /// <param name="log">As the kill left it.</param>
    public void Add(TimeSpan life, bool wasReady, WriteAheadLog log)
    {
        lock (_gate)
        {
            _lives.Add(life);
            _duringRecovery += wasReady ? 0 : 1;
            _duringCommit += log.IsTorn ? 1 : 0;
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kills} kills, {_duringRecovery} of them before the store was open, {_duringCommit} with a transaction half written; "
        + $"median life {_lives.Order().ElementAtOrDefault(Kills / 2).TotalMilliseconds:0} ms after the start of opening");
}

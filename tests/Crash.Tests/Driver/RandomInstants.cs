using System.Diagnostics;
using System.Globalization;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>Instants in the life of a worker: while it opens its store and recovers, at any time after that, and right behind an acknowledgement.</summary>
internal sealed class RandomInstants(int seed)
{
    private const double ShareDuringOpening = 0.2;
    private const double ShareBehindAcknowledgement = 0.4;
    private const int MostAnswers = 40;

    private static readonly TimeSpan LongestLife = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan LongestCommit = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan LongestWaitForWrite = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);

    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly List<TimeSpan> _lives = [];
    private TimeSpan _openingTime = TimeSpan.FromMilliseconds(100);
    private int _beforeReady;

    public int Count => _lives.Count;

    /// <summary>Waits for a random instant in the life of this worker.</summary>
    public async Task WaitAsync(WorkerProcess worker)
    {
        var (kind, fraction, answers, openingTime) = Draw();
        await worker.Opening;
        var opening = Stopwatch.GetTimestamp();
        if (kind < ShareDuringOpening)
        {
            await Task.WhenAny(worker.Ready, Task.Delay(openingTime * fraction));
        }
        else
        {
            await worker.Ready;
            NoteOpeningTime(Stopwatch.GetElapsedTime(opening));
            if (kind < ShareDuringOpening + ShareBehindAcknowledgement)
            {
                await WaitForAnswersAsync(worker, answers, LongestCommit * fraction);
            }
            else
            {
                await Task.Delay(LongestLife * fraction);
            }
        }

        lock (_gate)
        {
            _lives.Add(Stopwatch.GetElapsedTime(opening));
            _beforeReady += worker.Ready.IsCompleted ? 0 : 1;
        }
    }

    /// <summary>Waits a little more, until the log is written again, if the worker has anything left to do.</summary>
    /// <param name="writtenAt">When the log was last written.</param>
    public async Task WaitForWriteAsync(StoreFiles files, DateTime writtenAt)
    {
        var began = Stopwatch.GetTimestamp();
        while (files.LogWrittenAt == writtenAt && Stopwatch.GetElapsedTime(began) < LongestWaitForWrite)
        {
            await Task.Delay(Poll);
        }

        Spin(LongestCommit * Draw().Fraction);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Count} instants, {_beforeReady} of them before the worker was ready; "
        + $"median {_lives.Order().ElementAtOrDefault(Count / 2).TotalMilliseconds:0} ms after it began to open its store");

    private static async Task WaitForAnswersAsync(WorkerProcess worker, int answers, TimeSpan more)
    {
        await Task.WhenAny(worker.AnswersAsync(answers), Task.Delay(LongestLife));
        Spin(more);
    }

    private static void Spin(TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(began) > time);
    }

    private void NoteOpeningTime(TimeSpan time)
    {
        lock (_gate)
        {
            _openingTime = (_openingTime + time) / 2;
        }
    }

    private (double Kind, double Fraction, int Answers, TimeSpan OpeningTime) Draw()
    {
        lock (_gate)
        {
            return (_random.NextDouble(), _random.NextDouble(), _random.Next(1, MostAnswers), _openingTime);
        }
    }
}

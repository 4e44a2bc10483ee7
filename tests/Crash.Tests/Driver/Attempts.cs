using System.Globalization;
using AtomicDevOps.Crash.Tests.Workloads;

namespace AtomicDevOps.Crash.Tests.Driver;

internal sealed record Attempt(DateTime At, string InstanceId, string Step, string Seen, string Token);

/// <summary>All attempts of activities over all lives of a worker, in order.</summary>
internal sealed class Attempts
{
    private readonly ILookup<string, Attempt> _byInstance;

    private Attempts(IEnumerable<Attempt> attempts)
        => _byInstance = attempts.ToLookup(static attempt => attempt.InstanceId, StringComparer.Ordinal);

    /// <param name="directory">A file for each life, whose names sort by age.</param>
    public static Attempts Read(string directory)
        => new(Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).SelectMany(File.ReadLines).Select(Parse));

    public IReadOnlyList<Attempt> Of(string instanceId) => [.. _byInstance[instanceId]];

    /// <summary>Each step ran, none before the one before it was done, and none again after that.</summary>
    public void ShouldRunInOrder(string instanceId, IEnumerable<string> steps)
    {
        var ran = new List<string>();
        foreach (var attempt in _byInstance[instanceId])
        {
            if (ran.Count == 0 || !string.Equals(ran[^1], attempt.Step, StringComparison.Ordinal))
            {
                ran.Add(attempt.Step);
            }
        }

        ran.ShouldBe(steps, $"attempts of {instanceId}, those of one step in a row as one");
    }

    /// <summary>What the orchestration recorded of a step came of one of its attempts, and all attempts ever made had seen the same.</summary>
    public void ShouldAgreeWith(StepRecord step)
    {
        var attempts = _byInstance[step.InstanceId].Where(attempt => string.Equals(attempt.Step, step.Step, StringComparison.Ordinal)).ToList();
        attempts.ShouldContain(
            attempt => string.Equals(attempt.Token, step.Token, StringComparison.Ordinal),
            $"{step.InstanceId} has a result of {step.Step} that no attempt gave");
        attempts.ShouldAllBe(
            attempt => string.Equals(attempt.Seen, step.Seen, StringComparison.Ordinal),
            $"{step.InstanceId}: the results before {step.Step} have changed");
    }

    private static Attempt Parse(string line)
        => line.Split('\t') is [var ticks, var instanceId, var step, var seen, var token]
            ? new Attempt(new DateTime(long.Parse(ticks, CultureInfo.InvariantCulture), DateTimeKind.Utc), instanceId, step, seen, token)
            : throw new InvalidDataException($"Not an attempt: '{line}'.");
}

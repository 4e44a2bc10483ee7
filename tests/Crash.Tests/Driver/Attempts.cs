using System.Globalization;
using AtomicDevOps.Crash.Tests.Workloads;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <param name="MayBeForgotten">The commit that led to it may be lost, as it is in a power cut if nobody was told of it.</param>
internal sealed record Attempt(DateTime At, string InstanceId, string Step, string Seen, string Token, bool MayBeForgotten);

/// <summary>All attempts of activities over all lives of a worker, in order.</summary>
internal sealed class Attempts
{
    private const string ForgettableExtension = ".forgettable";

    private readonly ILookup<string, Attempt> _byInstance;

    private Attempts(IEnumerable<Attempt> attempts)
        => _byInstance = attempts.ToLookup(static attempt => attempt.InstanceId, StringComparer.Ordinal);

    /// <param name="directory">A file for each life, whose names sort by age.</param>
    public static Attempts Read(string directory)
        => new(Directory.EnumerateFiles(directory).Order(StringComparer.Ordinal).SelectMany(
            static file => File.ReadLines(file).Select(
                line => Parse(line, string.Equals(Path.GetExtension(file), ForgettableExtension, StringComparison.Ordinal)))));

    /// <summary>Copies the attempts known now.</summary>
    /// <returns>How long each file was.</returns>
    public static IReadOnlyDictionary<string, long> Copy(string directory, string target)
    {
        var lengths = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(directory))
        {
            var content = File.ReadAllBytes(file);
            File.WriteAllBytes(Path.Combine(target, Path.GetFileName(file)), content);
            lengths.Add(Path.GetFileName(file), content.Length);
        }

        return lengths;
    }

    /// <summary>Copies the attempts known now; those beyond earlier lengths as ones that may be forgotten.</summary>
    public static void Copy(string directory, string target, IReadOnlyDictionary<string, long> certain)
    {
        foreach (var file in Directory.EnumerateFiles(directory))
        {
            var content = File.ReadAllBytes(file);
            var length = (int)certain.GetValueOrDefault(Path.GetFileName(file));
            var copy = Path.Combine(target, Path.GetFileName(file));
            File.WriteAllBytes(copy, content[..length]);
            File.WriteAllBytes(Path.ChangeExtension(copy, ForgettableExtension), content[length..]);
        }
    }

    public IReadOnlyList<Attempt> Of(string instanceId) => [.. _byInstance[instanceId]];

    /// <summary>Each step ran, none before the one before it was done, and none again after that.</summary>
    public void ShouldRunInOrder(string instanceId, IEnumerable<string> steps)
    {
        var order = steps.Index().ToDictionary(static item => item.Item, static item => item.Index, StringComparer.Ordinal);
        var attempts = _byInstance[instanceId].ToList();
        attempts.Select(static attempt => attempt.Step).Distinct(StringComparer.Ordinal).ShouldBe(order.Keys, ignoreOrder: true, instanceId);
        attempts.Where(static attempt => !attempt.MayBeForgotten).Select(attempt => order[attempt.Step])
            .ShouldBeInOrder(SortDirection.Ascending, $"{instanceId}: a step ran after a later one");
    }

    /// <summary>What the orchestration recorded of a step came of one of its attempts, and all attempts ever made had seen the same.</summary>
    public void ShouldAgreeWith(StepRecord step)
    {
        var attempts = _byInstance[step.InstanceId].Where(attempt => string.Equals(attempt.Step, step.Step, StringComparison.Ordinal)).ToList();
        attempts.ShouldContain(
            attempt => string.Equals(attempt.Token, step.Token, StringComparison.Ordinal),
            $"{step.InstanceId} has a result of {step.Step} that no attempt gave");
        attempts.ShouldAllBe(
            attempt => attempt.MayBeForgotten || string.Equals(attempt.Seen, step.Seen, StringComparison.Ordinal),
            $"{step.InstanceId}: the results before {step.Step} have changed");
    }

    private static Attempt Parse(string line, bool mayBeForgotten)
        => line.Split('\t') is [var ticks, var instanceId, var step, var seen, var token]
            ? new Attempt(new DateTime(long.Parse(ticks, CultureInfo.InvariantCulture), DateTimeKind.Utc), instanceId, step, seen, token, mayBeForgotten)
            : throw new InvalidDataException($"Not an attempt: '{line}'.");
}

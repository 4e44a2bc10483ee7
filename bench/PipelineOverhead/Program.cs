using System.CommandLine;
using System.Diagnostics;
using System.Text;
using AtomicDevOps.Activities.Platform;
using AtomicDevOps.PipelineOverhead;
using AtomicDevOps.QuickStart;

var rounds = new Option<int>("--rounds") { Description = "How often each side is measured.", DefaultValueFactory = _ => 10 };
var warmUp = new Option<int>("--warm-up") { Description = "Rounds before that do not count.", DefaultValueFactory = _ => 2 };
var command = new RootCommand("The platform's time for a pull request against the bare docker build and pytest on the same input.") { rounds, warmUp };
command.SetAction((arguments, cancellationToken) => RunAsync(arguments.GetRequiredValue(rounds), arguments.GetRequiredValue(warmUp), cancellationToken));
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });

static async Task<int> RunAsync(int rounds, int warmUp, CancellationToken cancellationToken)
{
    const string SameWork = "octo/same-work";
    const string WithLint = "octo/with-lint";
    using var directory = RunDirectory.Create(".quickstart");
    await using var machinery = await TestMachinery.FindAsync(directory.Path, cancellationToken);
    if (machinery.Runner != PipelineRunner.Container)
    {
        Console.Error.WriteLine($"The comparison needs a container engine at DOCKER_HOST. {machinery.Description}");
        return ExitCodes.Unavailable;
    }

    using var bare = new BareEngine(Environment.GetEnvironmentVariable("DOCKER_HOST") ?? "unix:///var/run/docker.sock");
    await using var platform = await PlatformUnderTest.StartAsync(directory.Path, machinery, cancellationToken);
    var tree = await ReadTreeAsync(cancellationToken);
    await platform.AddRepositoryAsync(SameWork, WithoutLint(tree), cancellationToken);
    await platform.AddRepositoryAsync(WithLint, tree, cancellationToken);

    var samples = new Samples();
    for (var round = -warmUp; round < rounds; round++)
    {
        // Whichever comes first finds the machine a little different, so the order turns round by round.
        Func<Task>[] sides = [() => BareAsync(round), () => PlatformAsync(SameWork, samples.Platform, round), () => PlatformAsync(WithLint, samples.Linting, round)];
        for (var side = 0; side < sides.Length; side++)
        {
            await sides[(side + round + warmUp) % sides.Length]();
        }
    }

    samples.Report(rounds);
    return ExitCodes.Merged;

    async Task BareAsync(int round)
    {
        var files = new Dictionary<string, byte[]?>(WithoutLint(tree), StringComparer.Ordinal);
        foreach (var (path, content) in Change("bare", round))
        {
            files[path] = content;
        }

        var started = Stopwatch.GetTimestamp();
        await bare.BuildAndTestAsync(files, cancellationToken);
        var time = Stopwatch.GetElapsedTime(started);
        await bare.RemoveImageAsync(cancellationToken);
        if (round >= 0)
        {
            samples.Bare.Add(time);
        }
    }

    async Task PlatformAsync(string repository, List<TimeSpan> times, int round)
    {
        var (time, run) = await platform.MergeAsync(repository, FormattableString.Invariant($"round-{round + warmUp}"), Change(repository, round), cancellationToken);
        if (round >= 0)
        {
            times.Add(time);
            if (repository is SameWork)
            {
                samples.Add(run);
            }
        }
    }

    // A file that no image has had yet keeps both sides from taking the copied tree out of the engine's cache.
    static Dictionary<string, byte[]?> Change(string side, int round) => new(StringComparer.Ordinal)
    {
        ["calculator/mark.py"] = Encoding.UTF8.GetBytes(FormattableString.Invariant($"MARK = \"{side} {round} {Guid.NewGuid()}\"\n")),
        ["tests/test_mark.py"] = "from calculator.mark import MARK\n\n\ndef test_is_marked():\n    assert MARK\n"u8.ToArray(),
    };
}

static async Task<Dictionary<string, byte[]?>> ReadTreeAsync(CancellationToken cancellationToken)
{
    var files = new Dictionary<string, byte[]?>(await SampleChange.Passing.ReadFilesAsync(cancellationToken), StringComparer.Ordinal);
    foreach (var file in Directory.EnumerateFiles(SampleChange.RepositoryDirectory, "*", SearchOption.AllDirectories))
    {
        files[Path.GetRelativePath(SampleChange.RepositoryDirectory, file)] = await File.ReadAllBytesAsync(file, cancellationToken);
    }

    return files;
}

static IReadOnlyDictionary<string, byte[]?> WithoutLint(IReadOnlyDictionary<string, byte[]?> tree) =>
    new Dictionary<string, byte[]?>(tree, StringComparer.Ordinal)
    {
        [".atomicdevops.yml"] = [.. tree[".atomicdevops.yml"]!, .. "\nlint:\n  enabled: false\n"u8],
    };

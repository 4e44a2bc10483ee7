using System.CommandLine;
using AtomicDevOps.EngineLoad;
using AtomicDevOps.EngineLoad.Workloads;

const int AllRight = 0;
const int Wrong = 1;
const int Unusable = 2;

var data = new Option<string>("--data")
{
    Description = "Where the data directories are made, and removed afterwards; on the disk that is to be measured.",
    DefaultValueFactory = _ => ".data",
    Recursive = true,
};
var workloads = new Option<string>("--workloads")
{
    Description = "Which ones, with commas between.",
    DefaultValueFactory = _ => string.Join(',', Workload.All.Select(static workload => workload.Name)),
};
workloads.Validators.Add(result =>
{
    if (Names(result.GetValue(workloads)).FirstOrDefault(static name => Find(name) is null) is { } unknown)
    {
        result.AddError($"--workloads: there is no workload '{unknown}'. There are {string.Join(", ", Workload.All.Select(static workload => workload.Name))}.");
    }
});
var rounds = new Option<int>("--rounds") { Description = "How often each is run; with more than one the medians are printed too.", DefaultValueFactory = _ => 1 };
rounds.Validators.Add(result => RequirePositive(result, "--rounds", result.GetValue(rounds)));
var idleSeconds = new Option<double>("--idle-seconds") { Description = "How long W7 idles in real time.", DefaultValueFactory = _ => 60 };
idleSeconds.Validators.Add(result => RequirePositive(result, "--idle-seconds", result.GetValue(idleSeconds)));
var command = new RootCommand("The embedded host's engine under load: JSON lines on standard output, the goals on standard error.")
{
    data, workloads, rounds, idleSeconds,
};
command.SetAction((arguments, token) => RunAsync(
    arguments.GetRequiredValue(data),
    [.. Names(arguments.GetRequiredValue(workloads)).Select(static name => Find(name)!)],
    arguments.GetRequiredValue(rounds),
    new WorkloadSettings(arguments.GetRequiredValue(idleSeconds)),
    token));

var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 120 };
minutes.Validators.Add(result =>
{
    if (!(result.GetValue(minutes) >= 1))
    {
        result.AddError("--minutes must be at least 1: less shows nothing of memory and file size.");
    }
});
var rateShare = new Option<double>("--rate-share")
{
    Description = "The load, as a share of the maximum throughput that is measured first.",
    DefaultValueFactory = _ => 0.5,
};
rateShare.Validators.Add(result =>
{
    if (result.GetValue(rateShare) is <= 0 or > 1 or double.NaN)
    {
        result.AddError("--rate-share must be above 0 and at most 1.");
    }
});
var soak = new Command("soak", "Mixed load for a long time: a JSON line every ten seconds, and a verdict on errors, memory and file size.") { minutes, rateShare };
soak.SetAction(async (arguments, token) =>
{
    if (RunDirectory.TryCreate(arguments.GetRequiredValue(data), "soak") is not { } directory)
    {
        return Unusable;
    }

    using var owned = directory;
    return await Soak.RunAsync(directory.Path, TimeSpan.FromMinutes(arguments.GetRequiredValue(minutes)), arguments.GetRequiredValue(rateShare), token) ? AllRight : Wrong;
});
command.Subcommands.Add(soak);

AddChild(KilledWhileWaiting.WaitVerb, KilledWhileWaiting.WaitAsync);
AddChild(KilledWhileWaiting.ReleaseVerb, KilledWhileWaiting.ReleaseAsync);
AddChild(ManyWaiting.OpenVerb, ManyWaiting.OpenAsync);
var childDirectory = new Argument<string>("directory");
var childSeconds = new Argument<double>("seconds");
var idle = new Command(IdleTimers.IdleVerb) { childDirectory, childSeconds };
idle.Hidden = true;
idle.SetAction((arguments, token) => IdleTimers.IdleAsync(arguments.GetRequiredValue(childDirectory), arguments.GetRequiredValue(childSeconds), token));
command.Subcommands.Add(idle);
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });

void AddChild(string verb, Func<string, CancellationToken, Task> run)
{
    var directory = new Argument<string>("directory");
    var child = new Command(verb) { directory };
    child.Hidden = true;
    child.SetAction((arguments, token) => run(arguments.GetRequiredValue(directory), token));
    command.Subcommands.Add(child);
}

static IEnumerable<string> Names(string? list)
    => (list ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

static Workload? Find(string name) => Workload.All.FirstOrDefault(each => string.Equals(each.Name, name, StringComparison.OrdinalIgnoreCase));

static void RequirePositive(System.CommandLine.Parsing.OptionResult result, string option, double value)
{
    if (!(value > 0))
    {
        result.AddError($"{option} must be above 0.");
    }
}

static async Task<int> RunAsync(
    string data, IReadOnlyList<Workload> workloads, int rounds, WorkloadSettings settings, CancellationToken cancellationToken)
{
    if (RunDirectory.TryCreate(data, "engine-load") is not { } run)
    {
        return Unusable;
    }

    using var owned = run;
    if (new DriveInfo(run.Path).DriveFormat is "tmpfs")
    {
        await Console.Error.WriteLineAsync($"{run.Path} is in memory (tmpfs): an fsync costs nothing there. Name a directory on a disk with --data.");
    }

    var report = new Report();
    try
    {
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var workload in workloads)
            {
                using (var disk = RunDirectory.Create(run.Path, "disk"))
                {
                    report.Add(DiskCommits.Measure(disk.Path));
                }

                await Console.Error.WriteLineAsync($"{workload.Name}, round {round} of {rounds}");
                using var directory = RunDirectory.Create(run.Path, workload.Name);
                await workload.RunAsync(directory.Path, settings, report, cancellationToken);
            }
        }
    }
    catch (WrongResultException exception)
    {
        await Console.Error.WriteLineAsync($"Wrong: {exception.Message}");
        return Wrong;
    }

    if (rounds > 1)
    {
        report.WriteMedians();
    }

    foreach (var goal in Goals.Of(report))
    {
        await Console.Error.WriteLineAsync(goal.ToString());
    }

    return report.IsAllRight ? AllRight : Wrong;
}

using System.Globalization;
using AtomicDevOps.Crash.Tests.Worker;
using AtomicDevOps.Crash.Tests.Workloads;

namespace AtomicDevOps.Crash.Tests.Driver;

/// <summary>Where the lives of one worker take place: its data directory, its attempts, and the ledger over all of them.</summary>
/// <param name="directory">Made here, for the attempts and scratch copies.</param>
/// <param name="dataDirectory">As the worker sees it.</param>
/// <param name="files">The same, as this process sees it.</param>
internal sealed class WorkerSite(string directory, Ledger ledger, string dataDirectory, StoreFiles files)
{
    /// <summary>Long enough for the slowest machine, and reached only if something never ends.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private const int OperationsAtOnce = 6;

    private int _lives;

    public WorkerSite(string directory, Ledger ledger)
        : this(directory, ledger, Path.Combine(directory, "data"), new StoreFiles(Path.Combine(directory, "data")))
    {
    }

    public Ledger Ledger => ledger;

    public StoreFiles Files => files;

    public string AttemptDirectory => Directory.CreateDirectory(Path.Combine(directory, "attempts")).FullName;

    public string ScratchDirectory => Path.Combine(directory, "scratch");

    public WorkerProcess StartWorker(params IEnumerable<string> launcher)
    {
        var log = string.Create(CultureInfo.InvariantCulture, $"{Directory.EnumerateFiles(AttemptDirectory).Count():00000}.log");
        _lives++;
        return WorkerProcess.Start(dataDirectory, Path.Combine(AttemptDirectory, log), launcher);
    }

    /// <summary>Asks the worker for what the ledger has open until there is nothing more, or the worker is dead, or it refuses.</summary>
    /// <param name="active">How many of the instances may be begun with.</param>
    public async Task ApplyLoadAsync(WorkerProcess worker, int active)
    {
        if (await worker.Ready)
        {
            await Task.WhenAll(Enumerable.Range(0, OperationsAtOnce).Select(_ => AskAsync(worker, active)));
        }
    }

    /// <summary>Lets a last worker do all that is left, and checks everything.</summary>
    /// <returns>The value of each instance.</returns>
    public async Task<IReadOnlyDictionary<string, string>> FinishAsync()
    {
        await using var worker = StartWorker();
        var values = await FinishAsync(worker);
        await worker.EndAsync();
        files.CheckIntegrity(ScratchDirectory);
        return values;
    }

    /// <summary>Lets this worker do all that is left, and checks everything.</summary>
    /// <returns>The value of each instance.</returns>
    public async Task<IReadOnlyDictionary<string, string>> FinishAsync(WorkerProcess worker)
    {
        await ApplyLoadAsync(worker, ledger.Instances.Count).WaitAsync(Patience);
        ledger.Instances.ShouldAllBe(static instance => instance.StartedAt != null, "a start was never acknowledged");
        var answers = await Task.WhenAll(ledger.Instances.Select(instance => CompletionAsync(worker, instance)));
        var attempts = Attempts.Read(AttemptDirectory);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (instance, answer) in ledger.Instances.Zip(answers))
        {
            values.Add(instance.Id, Check(instance, answer, attempts));
        }

        var listed = (await worker.SendAsync(WorkerProgram.List)).ShouldNotBeNull();
        listed.Rest.Split('\t').ShouldAllBe(static item => IsFinished(item), "nothing is left that has not ended");
        return values;
    }

    private static bool IsFinished(string listed)
        => listed.EndsWith("=Completed", StringComparison.Ordinal) || listed.EndsWith("=Failed", StringComparison.Ordinal);

    private static string Check(LedgerInstance instance, Answer? answer, Attempts attempts)
    {
        answer.ShouldNotBeNull($"the worker died before {instance} ended").Word.ShouldBe(WorkerProgram.Ok, $"{instance}: {answer.Rest}");
        var output = WorkloadOutput.FromJson(answer.Rest);
        output.Value.ShouldBe(instance.Workload.Expected(instance.Input), instance.Id);
        foreach (var step in output.Steps)
        {
            attempts.ShouldAgreeWith(step);
        }

        instance.Workload.Check(instance, output, attempts);
        return output.Value;
    }

    private async Task<Answer?> CompletionAsync(WorkerProcess worker, LedgerInstance instance)
    {
        try
        {
            return await worker.SendAsync(WorkerProgram.Await, instance.Id).WaitAsync(Patience);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(string.Create(
                CultureInfo.InvariantCulture,
                $"{instance} ({instance.Input}) has not ended within {Patience} after {_lives} lives of the worker in {directory}."), exception);
        }
    }

    private async Task AskAsync(WorkerProcess worker, int active)
    {
        while (ledger.TryTake(active, out var operation))
        {
            var answer = await worker.SendAsync(operation.Command, operation.Parts);
            ledger.Record(operation, answer);
            if (answer is not { IsAcknowledgement: true })
            {
                return;
            }
        }
    }
}

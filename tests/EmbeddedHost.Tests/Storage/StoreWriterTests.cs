using AtomicDevOps.EmbeddedHost.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace AtomicDevOps.EmbeddedHost.Tests.Storage;

public sealed class StoreWriterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("durable-writer-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_that_shares_the_commit_at_which_the_process_dies_learns_of_its_death_and_is_not_tried_again()
    {
        using var hasBegun = new ManualResetEventSlim();
        using var isBehind = new ManualResetEventSlim();
        var faults = new DiesAfterSecondCommit();
        using var store = EngineStore.Open(_directory, isDurable: false, NullLogger.Instance, faults: faults);
        var first = new RecordedWrite(() =>
        {
            hasBegun.Set();
            isBehind.Wait(Token);
        });
        RecordedWrite[] batch = [new(), new(), new()];

        store.Write(first);
        hasBegun.Wait(Token);
        Array.ForEach(batch, store.Write);
        isBehind.Set();

        (await first.Outcome).ShouldBeNull();
        foreach (var write in batch)
        {
            (await write.Outcome).ShouldBeOfType<SimulatedCrashException>();
            write.Applications.ShouldBe(1);
        }
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private sealed class DiesAfterSecondCommit : IStoreFaults
    {
        private int _commits;

        public void BeforeCommit()
        {
        }

        public void AfterCommit()
        {
            if (++_commits >= 2)
            {
                throw new SimulatedCrashException();
            }
        }
    }

    private sealed class RecordedWrite(Action? onApply = null) : StoreWrite
    {
        private readonly TaskCompletionSource<Exception?> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Exception?> Outcome => _outcome.Task;

        public int Applications { get; private set; }

        public override void Apply(StoreSession session)
        {
            Applications++;
            onApply?.Invoke();
        }

        public override void Committed() => _outcome.SetResult(null);

        public override void Failed(Exception exception) => _outcome.SetResult(exception);
    }
}

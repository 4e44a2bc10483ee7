using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tools.Docker;
using AtomicDevOps.Activities.Tools.Logs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Docker;

public sealed class StageLogWriterTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("one\ntwo", "one\ntwo\n")]
    [InlineData("one\ntwo\n", "one\ntwo\n")]
    [InlineData("", "")]
    public async Task A_last_line_without_an_end_is_seen_by_others_once_the_stage_is_over(string output, string seen)
    {
        await using (var writer = new StageLogWriter(Log(), "r", "s", limit: 1000, TimeProvider.System, NullLogger.Instance))
        {
            writer.Append(output);
        }

        (await Log().ReadAsync("r", "s", 0, TestContext.Current.CancellationToken)).ShouldBe(seen);
    }

    private FileStageLog Log() => new(Options.Create(new LogsOptions { Directory = _directory.Path }), RealTools.Redactor);
}

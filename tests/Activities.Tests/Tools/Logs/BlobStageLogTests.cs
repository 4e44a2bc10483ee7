using System.Text;
using AtomicDevOps.Activities.Tests.Support;
using AtomicDevOps.Activities.Tests.Tools.Blobs;
using AtomicDevOps.Activities.Tools;
using AtomicDevOps.Activities.Tools.Logs;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Options;

namespace AtomicDevOps.Activities.Tests.Tools.Logs;

public sealed class BlobStageLogTests(Azurite azurite) : StageLogContract, IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _opened = [];
    private Uri? _container;

    public async ValueTask DisposeAsync()
    {
        foreach (var each in _opened)
        {
            await each.DisposeAsync();
        }
    }

    [Fact]
    public async Task Any_sequence_of_appends_reads_like_a_file_from_any_offset()
    {
        var blobs = await OpenAsync();
        using var directory = new TemporaryDirectory();
        var files = new FileStageLog(Options.Create(new LogsOptions { Directory = directory.Path, StageBytes = StageBytes }), new SecretRedactor([]));
        var run = 0;
        var shortened = 0;
        Prop.ForAll(Appends.ToArbitrary(), appends =>
        {
            var id = $"run-{++run}";
            foreach (var text in appends)
            {
                blobs.AppendAsync(id, "s", text, Token).AsTask().GetAwaiter().GetResult();
                files.AppendAsync(id, "s", text, Token).AsTask().GetAwaiter().GetResult();
            }

            var whole = files.ReadAsync(id, "s", 0, Token).GetAwaiter().GetResult();
            shortened += whole.Contains("left out", StringComparison.Ordinal) ? 1 : 0;
            foreach (var offset in new[] { 0, 1, whole.Length / 2, Encoding.UTF8.GetByteCount(whole) - 1, Encoding.UTF8.GetByteCount(whole) }.Where(offset => offset >= 0))
            {
                blobs.ReadAsync(id, "s", offset, Token).GetAwaiter().GetResult().ShouldBe(files.ReadAsync(id, "s", offset, Token).GetAwaiter().GetResult());
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
        shortened.ShouldBeGreaterThan(5);
    }

    [Fact]
    public async Task Instances_append_in_turn_and_each_reads_what_all_wrote()
    {
        var one = await OpenAsync();
        var other = await OpenAsync();
        var expected = new StringBuilder();
        for (var i = 0; i < 20; i++)
        {
            await (i % 2 == 0 ? one : other).AppendAsync("r", "s", $"line {i}\n", Token);
            expected.Append(FormattableString.Invariant($"line {i}\n"));
        }

        (await one.ReadAsync("r", "s", 0, Token)).ShouldBe(expected.ToString());
        (await other.ReadAsync("r", "s", 0, Token)).ShouldBe(expected.ToString());
        (await (await OpenAsync()).ReadAsync("r", "s", 0, Token)).ShouldBe(expected.ToString());
    }

    [Fact]
    public async Task Instances_that_append_at_the_same_time_lose_nothing_below_the_limit()
    {
        var logs = new[] { await OpenAsync(), await OpenAsync(), await OpenAsync() };

        await Task.WhenAll(logs.Select(async (log, n) =>
        {
            for (var i = 0; i < 15; i++)
            {
                await log.AppendAsync("r", "s", $"{n}: line {i}\n", Token);
            }
        }));

        var lines = (await logs[0].ReadAsync("r", "s", 0, Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var n = 0; n < logs.Length; n++)
        {
            lines.Where(line => line.StartsWith($"{n}:", StringComparison.Ordinal)).ShouldBe(Enumerable.Range(0, 15).Select(i => $"{n}: line {i}"));
        }
    }

    [Fact]
    public async Task Instances_that_append_past_the_limit_cut_whole_lines_only()
    {
        var logs = new[] { await OpenAsync(), await OpenAsync() };

        await Task.WhenAll(logs.Select(async (log, n) =>
        {
            for (var i = 0; i < 60; i++)
            {
                await log.AppendAsync("r", "s", $"{n}: line {i} {new string('x', 200)}\n", Token);
            }
        }));

        var text = await logs[0].ReadAsync("r", "s", 0, Token);
        text.Length.ShouldBeLessThan(StageBytes * 2);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Where(line => line.Contains("left out", StringComparison.Ordinal)).ShouldHaveSingleItem();
        lines.Where(line => !line.EndsWith(new string('x', 200), StringComparison.Ordinal)).ShouldHaveSingleItem();
        lines[^1].ShouldContain("line 59 ");
    }

    [Fact]
    public async Task An_append_whose_answer_is_lost_is_there_once()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        await stores.Logs.AppendAsync("r", "s", "one\n", Token);
        faults.Add(request => request.IsCommit, new BlobFault(0) { AnswerBytes = 0 });

        await stores.Logs.AppendAsync("r", "s", "two\n", Token);
        await stores.Logs.AppendAsync("r", "s", "three\n", Token);

        (await stores.Logs.ReadAsync("r", "s", 0, Token)).ShouldBe("one\ntwo\nthree\n");
    }

    [Fact]
    public async Task An_append_that_fails_for_good_loses_its_own_text_alone()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        await stores.Logs.AppendAsync("r", "s", "one\n", Token);
        faults.Add(_ => true, new BlobFault(500, "InternalError"), times: 4);

        (await Should.ThrowAsync<ToolUnavailableException>(() => stores.Logs.AppendAsync("r", "s", "two\n", Token).AsTask())).Message.ShouldContain("append to log 'r/s.log'");
        await stores.Logs.AppendAsync("r", "s", "three\n", Token);

        faults.Requests.Count(request => request.IsWrite).ShouldBe(2 + 4 + 2);
        (await stores.Logs.ReadAsync("r", "s", 0, Token)).ShouldBe("one\nthree\n");
    }

    [Fact]
    public async Task An_append_costs_two_requests_however_long_the_log_is()
    {
        var (stores, faults) = await OpenBeforeFaultsAsync();
        await stores.Logs.AppendAsync("r", "s", "one\n", Token);
        var before = faults.Requests.Count;
        for (var i = 0; i < 10; i++)
        {
            await stores.Logs.AppendAsync("r", "s", $"line {i}\n", Token);
        }

        (faults.Requests.Count - before).ShouldBe(20);
    }

    [Fact]
    public async Task A_log_that_goes_on_after_a_long_silence_goes_on_at_its_end()
    {
        var stores = Open(_container ??= await azurite.NewContainerAsync());
        await stores.Logs.AppendAsync("r", "s", "one\n", Token);
        stores.Clock.Advance(TimeSpan.FromHours(1));
        await stores.Logs.AppendAsync("r", "other", "x\n", Token);

        await stores.Logs.AppendAsync("r", "s", "two\n", Token);

        (await stores.Logs.ReadAsync("r", "s", 0, Token)).ShouldBe("one\ntwo\n");
    }

    [Fact]
    public async Task A_container_that_is_missing_is_named_with_its_setting()
    {
        var log = Open(await azurite.NoContainerAsync()).Logs;

        foreach (var failure in new[]
        {
            await Should.ThrowAsync<ToolException>(() => log.AppendAsync("r", "s", "one\n", Token).AsTask()),
            await Should.ThrowAsync<ToolException>(() => log.ReadAsync("r", "s", 0, Token)),
            await Should.ThrowAsync<ToolException>(() => log.CheckAsync(Token)),
        })
        {
            failure.Message.ShouldContain("no such container");
            failure.Message.ShouldContain("Logs:Container");
        }
    }

    private protected override async Task<IStageLog> OpenAsync(string? secret = null) =>
        Open(_container ??= await azurite.NewContainerAsync(), secret is null ? [] : [("Test:Secret", secret)]).Logs;

    private protected override async Task<string> KeptAsync()
    {
        var text = new StringBuilder();
        foreach (var name in await Azurite.NamesAsync(_container!))
        {
            text.Append((await Azurite.Client(_container!).GetBlobClient(name).DownloadContentAsync(Token)).Value.Content);
        }

        return text.ToString();
    }

    /// <summary>Appends from a letter to more than the limit, with and without ends of lines, also within characters of several bytes.</summary>
    private static Gen<string[]> Appends
    {
        get
        {
            var size = Gen.Frequency((6, Gen.Choose(1, 80)), (3, Gen.Choose(100, 1500)), (1, Gen.Choose(2000, 9000)));
            var line = from length in size
                       from letter in Gen.Elements('a', 'ä', '…', '\n')
                       from end in Gen.Elements("", "\n", "\n", "\n\n")
                       select new string(letter, length) + end;
            return Gen.Choose(1, 25).SelectMany(count => line.ArrayOf(count));
        }
    }

    private BlobStores Open(Uri container, params (string Key, string Value)[] settings)
    {
        var stores = new BlobStores(container, settings);
        _opened.Add(stores);
        return stores;
    }

    private async Task<(BlobStores Stores, BlobFaults Faults)> OpenBeforeFaultsAsync()
    {
        var faults = await BlobFaults.StartAsync(_container = await azurite.NewContainerAsync());
        _opened.Add(faults);
        return (Open(faults.Container), faults);
    }
}

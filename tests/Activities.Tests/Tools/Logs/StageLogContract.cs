using AtomicDevOps.Activities.Tools.Logs;

namespace AtomicDevOps.Activities.Tests.Tools.Logs;

/// <summary>What holds for every place where stage logs are kept.</summary>
public abstract class StageLogContract
{
    private protected const int StageBytes = 4096;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Text_is_read_from_an_offset_and_gone_after_the_run()
    {
        var log = await OpenAsync();
        await log.AppendAsync("pipeline:a", "build", "one\ntwo\n", Token);
        await log.AppendAsync("pipeline:ab", "build", "other\n", Token);

        (await log.ReadAsync("pipeline:a", "build", 4, Token)).ShouldBe("two\n");
        (await log.ReadAsync("pipeline:a", "test", 0, Token)).ShouldBeEmpty();
        (await log.ReadAsync("pipeline:a", "build", 8, Token)).ShouldBeEmpty();
        (await log.ReadAsync("pipeline:a", "build", 100, Token)).ShouldBeEmpty();
        await log.DeleteAsync("pipeline:a", Token);
        await log.DeleteAsync("pipeline:a", Token);
        (await log.ReadAsync("pipeline:a", "build", 0, Token)).ShouldBeEmpty();
        (await log.ReadAsync("pipeline:ab", "build", 0, Token)).ShouldBe("other\n");
    }

    [Fact]
    public async Task A_run_whose_log_was_deleted_begins_a_new_one()
    {
        var log = await OpenAsync();
        await log.AppendAsync("r", "s", "one\nand", Token);
        await log.DeleteAsync("r", Token);
        await log.AppendAsync("r", "s", "two\n", Token);

        (await log.ReadAsync("r", "s", 0, Token)).ShouldBe("two\n");
    }

    [Fact]
    public async Task An_offset_counts_bytes_also_in_the_line_that_has_not_ended()
    {
        var log = await OpenAsync();
        await log.AppendAsync("r", "s", "ä\nöü", Token);

        (await log.ReadAsync("r", "s", 2, Token)).ShouldBe("\nöü");
        (await log.ReadAsync("r", "s", 3, Token)).ShouldBe("öü");
        (await log.ReadAsync("r", "s", 5, Token)).ShouldBe("ü");
        (await log.ReadAsync("r", "s", 7, Token)).ShouldBeEmpty();
        (await log.ReadAsync("r", "s", 8, Token)).ShouldBeEmpty();
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => log.ReadAsync("r", "s", -1, Token));
    }

    [Fact]
    public async Task Past_its_limit_the_beginning_and_the_end_remain()
    {
        var log = await OpenAsync();
        for (var i = 0; i < 2_000; i += 4)
        {
            await log.AppendAsync("r", "s", $"line {i}\nline {i + 1}\nline {i + 2}\nline {i + 3}\n", Token);
        }

        var text = await log.ReadAsync("r", "s", 0, Token);

        text.ShouldStartWith("line 0\n");
        text.ShouldContain("\n[… output left out here …]\nline ");
        text.ShouldEndWith("line 1999\n");
        text.Length.ShouldBeLessThan(8_000);
    }

    [Fact]
    public async Task A_secret_that_comes_in_two_pieces_is_redacted()
    {
        var log = await OpenAsync("hunter2hunter2");

        await log.AppendAsync("r", "s", "the password is hunter2", Token);
        await log.AppendAsync("r", "s", "hunter2 indeed\n", Token);

        (await log.ReadAsync("r", "s", 0, Token)).ShouldBe($"the password is {SecretRedactor.Replacement} indeed\n");
        (await KeptAsync()).ShouldNotContain("hunter2hunter2");
    }

    [Fact]
    public async Task What_is_appended_at_the_same_time_is_all_there_in_whole_lines()
    {
        var log = await OpenAsync();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => log.AppendAsync("r", "s", $"line {i}\n", Token).AsTask()));

        (await log.ReadAsync("r", "s", 0, Token)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)
            .ShouldBe(Enumerable.Range(0, 40).Select(i => $"line {i}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_log_that_is_there_passes_its_check()
    {
        var log = await OpenAsync();

        await log.CheckAsync(Token);
    }

    private protected abstract Task<IStageLog> OpenAsync(string? secret = null);

    /// <summary>Everything that was written, as it lies there.</summary>
    private protected abstract Task<string> KeptAsync();
}

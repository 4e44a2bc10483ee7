using System.Net;

namespace AtomicDevOps.QuickStart.Tests;

/// <summary>The built sample, run as a person runs it: a real forge, the real platform, real tests.</summary>
public sealed class SampleTests : IDisposable
{
    private static readonly (string, string) NoEngine = ("DOCKER_HOST", "unix:///nonexistent/engine.sock");

    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task With_an_engine_the_pull_request_is_built_and_tested_in_a_container_and_merged()
    {
        await Guard.NeedsEngineAsync(_data.Path);

        await using var sample = Start([]);

        (await sample.WaitForExitAsync()).ShouldBe(0, sample.Output);
        sample.Output.ShouldContain("in a locked-down container");
        sample.Output.ShouldContain("8 of 8 tests passed");
        sample.Output.ShouldMatch(@"build +passed +\d+\.\d s");
        sample.Output.ShouldMatch(@"lint +passed");
        sample.Output.ShouldContain("Merged into main.");
        sample.Output.ShouldContain("atomic-devops commented");
        sample.Output.ShouldMatch(@"in all .* \d+\.\d s");
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_an_engine_it_says_so_and_the_tests_run_by_the_local_pytest()
    {
        await Guard.NeedsPyTestAsync();

        await using var sample = Start([], NoEngine);

        (await sample.WaitForExitAsync()).ShouldBe(0, sample.Output);
        sample.Output.ShouldContain("There is no container engine");
        sample.Output.ShouldMatch(@"build +skipped");
        sample.Output.ShouldContain("8 of 8 tests passed");
        sample.Output.ShouldContain("Merged into main.");
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_failing_pull_request_is_not_merged_and_its_comment_shows_the_failed_assertion()
    {
        await Guard.NeedsPyTestAsync();

        await using var sample = Start(["--failing"], NoEngine);

        (await sample.WaitForExitAsync()).ShouldBe(1, sample.Output);
        sample.Output.ShouldContain("6 of 8 tests passed");
        sample.Output.ShouldContain("assert 4.5 == 3");
        sample.Output.ShouldNotContain("Merged");
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task With_neither_engine_nor_pytest_it_says_what_to_install()
    {
        await using var sample = Start([], NoEngine, ("PyTest__Python", "no-such-python3"));

        (await sample.WaitForExitAsync()).ShouldBe(69, sample.Output);
        sample.Output.ShouldContain("./quickstart.sh");
        sample.Output.ShouldContain("pytest-cov");
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_python_that_is_not_there_is_named()
    {
        await using var sample = Start([], NoEngine, ("PyTest__Python", "/nonexistent/python3"));

        (await sample.WaitForExitAsync()).ShouldBe(69, sample.Output);
        sample.Output.ShouldContain("PyTest:Python names a program that does not exist");
        LeftOver().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_docker_host_that_is_no_address_is_named()
    {
        await using var sample = Start([], ("DOCKER_HOST", "somewhere"));

        (await sample.WaitForExitAsync()).ShouldBe(69, sample.Output);
        sample.Output.ShouldContain("DOCKER_HOST is 'somewhere'");
    }

    [Fact]
    public async Task Kept_running_it_answers_at_every_printed_address_until_it_is_stopped()
    {
        await Guard.NeedsPyTestAsync();
        using var http = new HttpClient();

        await using var sample = Start(["--keep"], NoEngine);
        var page = AddressIn(await sample.WaitForLineAsync("the pull request  http"));
        var pipeline = AddressIn(await sample.WaitForLineAsync("its pipeline"));
        var pipelines = AddressIn(await sample.WaitForLineAsync("all pipelines"));
        var health = AddressIn(await sample.WaitForLineAsync("health"));

        (await GetAsync(page)).ShouldContain("<strong>Merged</strong>");
        (await GetAsync(pipeline)).ShouldContain("\"verdict\":\"Merged\"");
        (await GetAsync(pipelines)).ShouldContain("octo/calculator");
        var answer = await http.GetAsync(health, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable);

        await sample.StopAsync();
        (await sample.WaitForExitAsync()).ShouldBe(0, sample.Output);
        await Should.ThrowAsync<HttpRequestException>(() => GetAsync(page));
        await Should.ThrowAsync<HttpRequestException>(() => GetAsync(pipelines));
        LeftOver().ShouldBeEmpty();

        Task<string> GetAsync(string address) => http.GetStringAsync(address, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stopped_on_the_way_it_leaves_nothing_behind()
    {
        await Guard.NeedsPyTestAsync();

        await using var sample = Start([], NoEngine);
        await sample.WaitForLineAsync("octo opened");
        await sample.StopAsync();

        (await sample.WaitForExitAsync()).ShouldBe(130, sample.Output);
        LeftOver().ShouldBeEmpty();
        Directory.EnumerateDirectories("/proc").Where(process => WorksBelow(process, _data.Path)).ShouldBeEmpty();
    }

    private static string AddressIn(string line) => line[line.IndexOf("http", StringComparison.Ordinal)..].Trim();

    /// <summary>Whether a process's current directory, which the platform has in the run's own, is there.</summary>
    private static bool WorksBelow(string process, string directory)
    {
        try
        {
            return new FileInfo(Path.Combine(process, "cwd")).LinkTarget?.StartsWith(directory, StringComparison.Ordinal) ?? false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private SampleProcess Start(IReadOnlyList<string> arguments, params IEnumerable<(string, string)> environment) =>
        SampleProcess.StartSample([.. arguments, "--data", _data.Path], environment);

    private IEnumerable<string> LeftOver() => Directory.EnumerateDirectories(_data.Path, "run-*");
}

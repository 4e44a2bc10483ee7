using AtomicDevOps.EmbeddedHost.Tests.Triggers;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Tests.Commands;

/// <summary>The commands while the host runs.</summary>
public sealed class RunningHostTests : IAsyncLifetime
{
    private FunctionsTestHost _host = null!;
    private Operator _operator = null!;

    private DurableTaskClient Client => _host.Services.GetRequiredService<DurableTaskClient>();

    public async ValueTask InitializeAsync()
    {
        _host = await FunctionsTestHost.StartAsync(typeof(OperatedFunctions));
        _operator = new Operator(_host.DataDirectory);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_list_has_a_line_for_each_instance_oldest_first()
    {
        await Client.RunAsync("Echo", "one", "hello");
        await Client.StartAsync("WaitForGo", "two");

        var lines = (await _operator.SucceedAsync("list")).Lines;

        lines.Length.ShouldBe(3);
        lines[0].ShouldMatch("^Id +Name +Status +Created +Updated +Age +Custom status$");
        lines[1].ShouldMatch(@"^one +Echo +Completed +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +[\d.]+ \w+ +hello$");
        lines[2].ShouldMatch("^two +WaitForGo +Running +");
    }

    [Theory]
    [InlineData(new[] { "--status", "running" }, "waits")]
    [InlineData(new[] { "--status", "Failed,Completed" }, "echoes fails")]
    [InlineData(new[] { "--status", "Failed", "--status", "Running" }, "fails waits")]
    [InlineData(new[] { "--prefix", "e" }, "echoes")]
    [InlineData(new[] { "--name", "waitforgo" }, "waits")]
    [InlineData(new[] { "--created-to", "2020-01-01" }, "")]
    [InlineData(new[] { "--created-from", "2020-01-01T00:00Z" }, "echoes fails waits")]
    [InlineData(new[] { "--top", "2" }, "echoes fails")]
    public async Task A_list_holds_what_its_filters_let_through(string[] filter, string expected)
    {
        await Client.RunAsync("Echo", "echoes", "hello");
        await Client.RunAsync("Fail", "fails");
        await Client.StartAsync("WaitForGo", "waits");

        var listed = (await _operator.SucceedAsync(["list", "--json", .. filter])).Json.AsArray();

        string.Join(' ', listed.Select(instance => instance!["instanceId"]!.GetValue<string>())).ShouldBe(expected);
    }

    [Fact]
    public async Task A_list_goes_on_where_the_last_one_ended_also_when_it_is_filtered_by_name()
    {
        for (var i = 0; i < 7; i++)
        {
            await Client.RunAsync(i % 2 == 0 ? "Echo" : "Fail", $"i{i}", i % 2 == 0 ? "x" : null);
        }

        var first = await _operator.SucceedAsync("list", "--json", "--name", "Echo", "--top", "3");
        var token = first.Error.Trim().Split(' ')[^1];
        var rest = await _operator.SucceedAsync("list", "--json", "--name", "Echo", "--top", "3", "--continuation", token);

        first.Json.AsArray().Concat(rest.Json.AsArray()).Select(instance => instance!["instanceId"]!.GetValue<string>())
            .ShouldBe(["i0", "i2", "i4", "i6"]);
        rest.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_pipe_gets_all_of_a_long_value_on_one_line()
    {
        var longText = new string('x', 500);
        await Client.RunAsync("Echo", "one", longText);

        (await _operator.SucceedAsync("list")).Lines[1].ShouldEndWith(" " + longText);
        (await _operator.SucceedAsync("history", "one")).Lines.ShouldContain(line => line.EndsWith(" " + longText, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_terminal_gets_what_fits_its_width()
    {
        await Client.RunAsync("Echo", "one", new string('x', 500));
        var terminal = new Operator(_host.DataDirectory) { Width = 120 };

        var listed = await terminal.SucceedAsync("list");
        var history = await terminal.SucceedAsync("history", "one");
        var full = await terminal.SucceedAsync("history", "one", "--full");

        listed.Lines.ShouldAllBe(line => line.Length <= 120);
        listed.Output.ShouldContain("xx…");
        full.Lines.ShouldAllBe(line => line.Length <= 120);
        history.Lines.ShouldAllBe(line => line.Length <= 120);
        history.Output.ShouldContain("xx…");
        full.Output.ShouldNotContain("…");
        full.Output.Count(character => character == 'x').ShouldBeGreaterThanOrEqualTo(1000);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(150)]
    public async Task Markup_in_data_is_shown_as_it_is_and_control_characters_are_never_sent(int? width)
    {
        await Client.RunAsync("Echo", "[red]id[/]", "[bold]\u001b[2Jx\nnext[/]");
        var person = new Operator(_host.DataDirectory) { Width = width };

        var all = (await person.SucceedAsync("list")).Output
            + (await person.SucceedAsync("show", "[red]id[/]")).Output
            + (await person.SucceedAsync("history", "[red]id[/]")).Output;

        all.ShouldContain("[red]id[/]");
        all.ShouldContain("[bold]\\u001b[2Jx\\nnext[/]", Case.Insensitive);
        all.ShouldNotContain("\u001b[2J");
    }

    [Fact]
    public async Task An_instance_is_shown_with_its_payloads()
    {
        await Client.RunAsync("Echo", "one", "hello");

        var shown = await _operator.SucceedAsync("show", "one");

        shown.Lines.ShouldContain("Id         one");
        shown.Lines.ShouldContain("Status     Completed");
        shown.Output.ShouldContain("Input\n\"hello\"");
        shown.Output.ShouldContain("Output\n\"hello\"");
        shown.Output.ShouldContain("Custom status\n\"hello\"");
    }

    [Fact]
    public async Task A_failed_instance_is_shown_with_the_chain_of_its_failures()
    {
        await Client.RunAsync("Fail", "one");

        var shown = await _operator.SucceedAsync("show", "one");
        var json = (await _operator.SucceedAsync("show", "one", "--json")).Json;

        shown.Output.ShouldMatch("(?s)Failure\n.*TaskFailedException.*\n.*caused by System.InvalidOperationException: on purpose\n.*caused by System.TimeoutException: the cause");
        json["runtimeStatus"]!.GetValue<string>().ShouldBe("Failed");
        json["details"]!["failure"]!["innerFailure"]!["errorMessage"]!.GetValue<string>().ShouldBe("on purpose");
    }

    [Fact]
    public async Task An_instance_is_shown_with_its_parent_and_its_children()
    {
        await Client.StartAsync("Parent", "one");
        await Client.WaitForInstanceStartAsync("one-child", TestContext.Current.CancellationToken);

        (await _operator.SucceedAsync("show", "one")).Output.ShouldContain("Children\n  one-child (WaitForGo, Running)");
        (await _operator.SucceedAsync("show", "one-child")).Lines.ShouldContain("Parent     one (Parent, Running)");
    }

    [Fact]
    public async Task An_instance_is_shown_with_its_tags_and_version()
    {
        await Client.ScheduleNewOrchestrationInstanceAsync(
            "WaitForGo",
            null,
            new Microsoft.DurableTask.StartOrchestrationOptions("one") { Version = "2.1", Tags = new Dictionary<string, string> { ["team"] = "blue" } },
            TestContext.Current.CancellationToken);

        var shown = await _operator.SucceedAsync("show", "one");

        shown.Lines.ShouldContain("Version    2.1");
        shown.Lines.ShouldContain("Tag        team = blue");
    }

    [Fact]
    public async Task A_history_shows_each_event_with_its_time_name_duration_and_result()
    {
        await Client.RunAsync("Echo", "one", "hello");

        var lines = (await _operator.SucceedAsync("history", "one")).Lines;
        var json = (await _operator.SucceedAsync("history", "one", "--json")).Json.AsArray();

        lines.Length.ShouldBe(4);
        lines[1].ShouldMatch(@"^1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} +ExecutionStarted +Echo +hello$");
        lines[2].ShouldMatch(@"^2 +.* +TaskCompleted +Same +[\d.]+ m?s +hello$");
        lines[3].ShouldMatch("^3 +.* +ExecutionCompleted +Completed: hello$");
        json.Select(entry => entry!["EventType"]!.GetValue<string>()).ShouldBe(["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"]);
    }

    [Fact]
    public async Task A_history_shows_calls_signals_and_locks_of_entities()
    {
        await Client.RunAsync("Tallies", "one", null);

        var lines = (await _operator.SucceedAsync("history", "one")).Lines;

        lines.Length.ShouldBe(7);
        lines[2].ShouldMatch("^2 .* EntityOperationSignaled +Add +to @tally@b: 2$");
        lines[3].ShouldMatch(@"^3 .* EntityLockGranted +[\d.]+ m?s +@tally@a$");
        lines[4].ShouldMatch(@"^4 .* EntityOperationCompleted +Add +[\d.]+ m?s +from @tally@a: 1$");
        lines[5].ShouldMatch("^5 .* EntityUnlockSent +@tally@a$");
    }

    [Fact]
    public async Task A_raised_event_is_handled_at_once()
    {
        await Client.StartAsync("WaitForGo", "one");

        var raised = await _operator.SucceedAsync("raise", "one", "Go", "--data", "\"now\"");
        var ended = await Client.WaitForInstanceCompletionAsync("one", getInputsAndOutputs: true, TestContext.Current.CancellationToken);

        raised.Lines.ShouldBe(["Event 'Go' is raised for 'one'."]);
        raised.Error.ShouldBeEmpty();
        ended.ReadOutputAs<string>().ShouldBe("now");
    }

    [Fact]
    public async Task A_payload_may_come_from_a_file()
    {
        await Client.StartAsync("WaitForGo", "one");
        var file = Path.Combine(_host.DataDirectory, "payload.json");
        await File.WriteAllTextAsync(file, "\"from a file\"", TestContext.Current.CancellationToken);

        await _operator.SucceedAsync("raise", "one", "Go", "--data-file", file);

        var ended = await Client.WaitForInstanceCompletionAsync("one", getInputsAndOutputs: true, TestContext.Current.CancellationToken);
        ended.ReadOutputAs<string>().ShouldBe("from a file");
    }

    [Fact]
    public async Task An_instance_is_suspended_resumed_and_terminated_at_once()
    {
        await Client.StartAsync("WaitForGo", "one");

        await _operator.SucceedAsync("suspend", "one", "--reason", "lunch");
        await Client.ReachAsync("one", OrchestrationRuntimeStatus.Suspended);
        await _operator.SucceedAsync("resume", "one");
        await Client.ReachAsync("one", OrchestrationRuntimeStatus.Running);
        await _operator.SucceedAsync("terminate", "one", "--reason", "enough");
        await Client.ReachAsync("one", OrchestrationRuntimeStatus.Terminated);

        (await Client.GetInstanceAsync("one", getInputsAndOutputs: true, TestContext.Current.CancellationToken))!.ReadOutputAs<string>().ShouldBe("enough");
    }

    [Fact]
    public async Task A_finished_instance_is_restarted_under_a_new_id_or_its_own()
    {
        await Client.RunAsync("Echo", "one", "hello");

        var started = (await _operator.SucceedAsync("restart", "one", "--json")).Json["id"]!.GetValue<string>();
        var again = await _operator.SucceedAsync("restart", "one", "--same-id");

        started.ShouldNotBe("one");
        (await Client.WaitForInstanceCompletionAsync(started, getInputsAndOutputs: true, TestContext.Current.CancellationToken))
            .ReadOutputAs<string>().ShouldBe("hello");
        again.Lines.ShouldBe(["Instance 'one' is started."]);
    }

    [Fact]
    public async Task A_failed_instance_is_rewound()
    {
        await Client.RunAsync("FailOnce", "one", Guid.NewGuid().ToString("N"));
        (await Client.GetInstanceAsync("one", TestContext.Current.CancellationToken))!.RuntimeStatus.ShouldBe(OrchestrationRuntimeStatus.Failed);

        await _operator.SucceedAsync("rewind", "one", "--reason", "it works now");

        await Client.ReachAsync("one", OrchestrationRuntimeStatus.Completed);
        (await _operator.SucceedAsync("history", "one")).Output.ShouldContain("it works now");
    }

    [Fact]
    public async Task A_narrow_terminal_still_gets_every_id_and_status_whole()
    {
        var id = "an-id-of-quite-some-length-" + new string('z', 40);
        await Client.RunAsync("Echo", id, "hello");
        var terminal = new Operator(_host.DataDirectory) { Width = 60 };

        var listed = await terminal.SucceedAsync("list");

        listed.Lines[1].ShouldMatch($"^{id} +Echo +Completed +.* +hello$");
    }

    [Theory]
    [InlineData("show")]
    [InlineData("history")]
    [InlineData("terminate")]
    [InlineData("suspend")]
    [InlineData("resume")]
    [InlineData("restart")]
    [InlineData("rewind")]
    [InlineData("purge")]
    public async Task An_instance_that_is_not_there_has_an_exit_code_of_its_own(string command) =>
        (await _operator.FailAsync(3, command, "nobody")).ShouldBe("There is no instance 'nobody'.\n");

    [Fact]
    public async Task What_has_ended_cannot_be_steered_and_the_message_says_so()
    {
        await Client.RunAsync("Echo", "one", "hello");

        (await _operator.FailAsync(1, "raise", "one", "Go")).ShouldContain("Instance 'one' has ended");
        (await _operator.FailAsync(1, "terminate", "one")).ShouldContain("Instance 'one' has ended");
    }

    [Fact]
    public async Task What_runs_cannot_be_purged_and_the_message_says_so()
    {
        await Client.StartAsync("WaitForGo", "one");

        (await _operator.FailAsync(1, "purge", "one")).ShouldContain("'one' is Running. Terminate it first.");
    }

    [Fact]
    public async Task Instances_are_purged_by_id()
    {
        await Client.RunAsync("Echo", "one", "x");
        await Client.RunAsync("Echo", "two", "x");
        await Client.RunAsync("Echo", "three", "x");

        (await _operator.SucceedAsync("purge", "one", "three")).Lines.ShouldBe(["2 instances purged."]);

        (await _operator.SucceedAsync("list")).Lines.Skip(1).ShouldHaveSingleItem().ShouldStartWith("two ");
    }

    [Fact]
    public async Task A_purge_by_filter_is_refused_unless_it_is_confirmed()
    {
        await Client.RunAsync("Echo", "one", "x");
        await Client.RunAsync("Fail", "two");
        await Client.StartAsync("WaitForGo", "three");

        (await _operator.FailAsync(2, "purge", "--status", "Completed")).ShouldContain("--yes");
        (await new Operator(_host.DataDirectory) { Width = 100, Answers = "n\n" }.FailAsync(1, "purge", "--all"))
            .ShouldContain("Purge 2 instances for good? [y/N]");
        (await _operator.SucceedAsync("list")).Lines.Length.ShouldBe(4);

        (await _operator.SucceedAsync("purge", "--status", "Completed", "--yes")).Lines.ShouldBe(["1 instance purged."]);
        (await new Operator(_host.DataDirectory) { Width = 100, Answers = "y\n" }.SucceedAsync("purge", "--all")).Lines.ShouldBe(["1 instance purged."]);
        (await _operator.SucceedAsync("purge", "--all", "--yes", "--json")).Json["instancesDeleted"]!.GetValue<int>().ShouldBe(0);
        (await _operator.SucceedAsync("list")).Lines.Skip(1).ShouldHaveSingleItem().ShouldStartWith("three ");
    }

    [Fact]
    public async Task A_command_with_another_key_says_so()
    {
        var stranger = new Operator(_host.DataDirectory) { DurableKey = "another-key-than-the-host-has" };

        (await stranger.FailAsync(1, "list")).ShouldContain("has another key than this command found");
    }

    [Fact]
    public async Task Compacting_is_refused_by_the_name_of_the_host() =>
        (await _operator.FailAsync(1, "compact")).ShouldContain($"in use by process {Environment.ProcessId} ");

    [Fact]
    public async Task A_backup_and_a_check_work_beside_the_host()
    {
        await Client.RunAsync("Echo", "one", "x");
        var backup = Path.Combine(_host.DataDirectory, "copy.db");

        (await _operator.SucceedAsync("backup", backup)).Output.ShouldStartWith(backup);
        (await _operator.SucceedAsync("check")).Lines.Skip(1).ShouldAllBe(line => line.EndsWith(" yes", StringComparison.Ordinal));

        File.Exists(backup).ShouldBeTrue();
        (await _operator.FailAsync(1, "backup", backup)).ShouldContain("exists, and a backup overwrites nothing");
    }
}

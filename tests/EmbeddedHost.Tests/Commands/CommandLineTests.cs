using AtomicDevOps.EmbeddedHost.Commands;

namespace AtomicDevOps.EmbeddedHost.Tests.Commands;

public sealed class CommandLineTests
{
    private readonly Operator _operator = new(Path.Combine(Path.GetTempPath(), "nowhere-at-all"));

    [Theory]
    [InlineData("-h")]
    [InlineData("list", "-h")]
    [InlineData("show", "-h")]
    [InlineData("history", "--help")]
    [InlineData("raise", "-h")]
    [InlineData("terminate", "-h")]
    [InlineData("suspend", "-h")]
    [InlineData("resume", "-h")]
    [InlineData("restart", "-h")]
    [InlineData("rewind", "-h")]
    [InlineData("purge", "-h")]
    [InlineData("backup", "-h")]
    [InlineData("check", "-h")]
    [InlineData("compact", "-h")]
    public async Task Every_command_explains_itself(params string[] args)
    {
        var help = await _operator.SucceedAsync(args);

        help.Output.ShouldContain("Usage:");
        help.Output.ShouldContain(args.Length == 1 ? "history" : args[0]);
    }

    [Theory]
    [InlineData("Required command was not provided.")]
    [InlineData("no status that can be asked for. Use Pending, Running", "list", "--status", "Busy")]
    [InlineData("no status that can be asked for. Use Completed, Failed, Terminated", "purge", "--status", "Running")]
    [InlineData("'--top' takes a whole number from 1", "list", "--top", "0")]
    [InlineData("'yesterday' is no time. Use ISO 8601", "list", "--created-from", "yesterday")]
    [InlineData("See 'instances show -h'.", "show")]
    [InlineData("in one way", "purge")]
    [InlineData("in one way", "purge", "one", "--all")]
    [InlineData("not both", "raise", "one", "Go", "--data", "1", "--data-file", "x")]
    [InlineData("Unrecognized command or argument '--colour'.", "list", "--colour")]
    public async Task A_wrong_command_line_is_told_what_would_be_right(string message, params string[] args) =>
        (await _operator.FailAsync(2, args)).ShouldContain(message);

    [Fact]
    public void Arguments_that_do_not_begin_with_the_verb_start_the_host() =>
        CommandArguments.Find(["--port", "7071", "instances"]).ShouldBeNull();

    [Fact]
    public void Options_with_a_colon_configure_the_host_wherever_they_stand()
    {
        var found = CommandArguments.Find(
            ["instances", "--Host:DataDirectory", "/data", "raise", "one", "Go", "--Host:Port=1", "--data", "1", "--", "--a:b"])!;

        found.Command.ShouldBe(["raise", "one", "Go", "--data", "1", "--", "--a:b"]);
        found.Configuration.ShouldBe(["--Host:DataDirectory", "/data", "--Host:Port=1"]);
    }
}

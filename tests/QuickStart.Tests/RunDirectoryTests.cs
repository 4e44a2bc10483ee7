namespace AtomicDevOps.QuickStart.Tests;

public sealed class RunDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void Runs_beside_each_other_have_directories_of_their_own_which_go_with_them()
    {
        using var first = RunDirectory.Create(_data.Path);
        using (var second = RunDirectory.Create(_data.Path))
        {
            second.Path.ShouldNotBe(first.Path);
            Directory.Exists(first.Path).ShouldBeTrue();
            Directory.Exists(second.Path).ShouldBeTrue();
        }

        Directory.EnumerateDirectories(_data.Path).ShouldBe([first.Path]);
    }

    [Fact]
    public void What_a_killed_run_left_is_removed_by_the_next_and_nothing_else_is()
    {
        var abandoned = Directory.CreateDirectory(Path.Combine(_data.Path, "run-killed", "forge")).Parent!.FullName;
        var engine = Directory.CreateDirectory(Path.Combine(_data.Path, "engine")).FullName;

        using var run = RunDirectory.Create(_data.Path);

        Directory.Exists(abandoned).ShouldBeFalse();
        Directory.Exists(engine).ShouldBeTrue();
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_named_with_the_way_out()
    {
        var file = Path.Combine(_data.Path, "file");
        File.WriteAllText(file, "");

        var problem = Should.Throw<QuickStartException>(() => RunDirectory.Create(file));

        problem.Message.ShouldContain(file);
        problem.Message.ShouldContain("--data");
    }
}

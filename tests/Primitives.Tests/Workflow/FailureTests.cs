using System.Text.Json;
using AtomicDevOps.Primitives.Json;
using AtomicDevOps.Primitives.Workflow;
using Microsoft.DurableTask;

namespace AtomicDevOps.Primitives.Tests.Workflow;

public sealed class FailureTests
{
    [Fact]
    public void It_reads_the_same_from_an_exception_and_from_what_the_host_recorded_of_it()
    {
        var exception = new InvalidOperationException("outer", new FileNotFoundException("inner"));
        var raw = Failure.From(exception);
        var recorded = Failure.From(new TaskFailedException("work", 1, TaskFailureDetails.FromException(exception)));
        recorded.ErrorTypes.ShouldBe(raw.ErrorTypes);
        recorded.ToString().ShouldBe(raw.ToString());
        recorded.Inner!.ErrorTypes.ShouldBe(raw.Inner!.ErrorTypes);
        raw.ErrorType.ShouldBe("System.InvalidOperationException");
        raw.ToString().ShouldBe("System.InvalidOperationException: outer");
    }

    [Fact]
    public void It_is_caused_by_its_type_its_base_types_and_what_led_to_it()
    {
        var failure = Failure.From(new InvalidOperationException("outer", new FileNotFoundException("inner")));
        failure.IsCausedBy<InvalidOperationException>().ShouldBeTrue();
        failure.IsCausedBy<SystemException>().ShouldBeTrue();
        failure.IsCausedBy<Exception>().ShouldBeTrue();
        failure.IsCausedBy<IOException>().ShouldBeTrue();
        failure.IsCausedBy<TimeoutException>().ShouldBeFalse();
    }

    [Fact]
    public void A_type_that_is_not_loaded_is_known_by_its_name_alone()
    {
        var failure = Failure.From(new TaskFailureDetails("Elsewhere.StrangeException", "strange", null, null, null));
        failure.ErrorTypes.ShouldBe(["Elsewhere.StrangeException"]);
        failure.IsCausedBy<IOException>().ShouldBeFalse();
        failure.IsCausedBy<Exception>().ShouldBeTrue();
    }

    [Fact]
    public void It_survives_json()
    {
        var failure = Failure.From(new InvalidOperationException("outer", new IOException("inner")));
        var json = JsonSerializer.Serialize(failure, JsonDefaults.Options);
        var back = JsonSerializer.Deserialize<Failure>(json, JsonDefaults.Options)!;
        back.ErrorType.ShouldBe(failure.ErrorType);
        back.IsCausedBy<IOException>().ShouldBeTrue();
        back.Inner!.Message.ShouldBe("inner");
    }

    [Fact]
    public void Outcomes_and_paths_survive_json()
    {
        var outcome = new Outcome<int>(5, Failure: null);
        JsonSerializer.Deserialize<Outcome<int>>(JsonSerializer.Serialize(outcome, JsonDefaults.Options), JsonDefaults.Options).ShouldBe(outcome);
        var path = new AgentPath("a/b");
        JsonSerializer.Deserialize<AgentPath>(JsonSerializer.Serialize(path, JsonDefaults.Options), JsonDefaults.Options).ShouldBe(path);
    }
}

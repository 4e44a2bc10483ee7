using System.Diagnostics;
using System.Reflection;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

public sealed class TaskEntityTests
{
    [Theory]
    [InlineData("Add")]
    [InlineData("add")]
    [InlineData("ADD")]
    public async Task An_operation_is_the_public_method_of_its_name_in_any_case(string operation)
    {
        var (result, state) = await RunAsync(new Counter(), operation, "10", input: "5");

        result.ShouldBe(15);
        state.ShouldBe("15");
    }

    [Theory]
    [InlineData("Missing")]
    [InlineData("Hidden")]
    [InlineData("Static")]
    public async Task Only_public_instance_methods_are_operations(string operation)
    {
        var exception = await FailsAsync<NotSupportedException>(new Counter(), operation);

        exception.Message.ShouldStartWith($"There is no method for operation 'counter/{operation}'");
        exception.Message.ShouldContain(typeof(Counter).ToString());
    }

    [Theory]
    [InlineData("Nothing", null)]
    [InlineData("TaskOf", "task")]
    [InlineData("SlowTaskOf", "slow task")]
    [InlineData("PlainTask", null)]
    [InlineData("ValueTaskOf", "value task")]
    [InlineData("SlowValueTaskOf", "slow value task")]
    [InlineData("PlainValueTask", null)]
    [InlineData("SlowPlainValueTask", null)]
    public async Task A_method_returns_its_result_at_once_or_later(string operation, string? expected)
    {
        var (result, state) = await RunAsync(new Shapes(), operation, "0");

        result.ShouldBe(expected);
        state.ShouldBe("1", "the state is stored after the operation has ended");
    }

    [Fact]
    public async Task A_method_takes_the_context_and_the_input_in_any_order()
        => (await RunAsync(new Shapes(), "WithContext", null, input: "\"in\"")).Result.ShouldBe("@counter@k in");

    [Fact]
    public async Task An_input_that_is_left_out_takes_the_parameters_default()
    {
        (await RunAsync(new Shapes(), "WithDefault", null)).Result.ShouldBe("default");
        (await RunAsync(new Shapes(), "WithDefault", null, input: "\"given\"")).Result.ShouldBe("given");
    }

    [Theory]
    [InlineData("Add", null, "takes the input, but the caller gave none")]
    [InlineData("TwoInputs", "1", "would be the input, as 'first' already is")]
    [InlineData("TwoContexts", "1", "would be the context, as 'first' already is")]
    [InlineData("TakesOperation", "1", "which gives no TaskEntityOperation. Take a TaskEntityContext")]
    public async Task Parameters_that_cannot_be_bound_are_named_with_the_cure(string operation, string? input, string message)
    {
        ITaskEntity entity = operation is "Add" ? new Counter() : new Shapes();

        (await FailsAsync<InvalidOperationException>(entity, operation, input: input)).Message.ShouldContain(message);
    }

    [Fact]
    public async Task Two_methods_of_one_name_are_ambiguous()
        => await FailsAsync<AmbiguousMatchException>(new Shapes(), "Twice", input: "1");

    [Fact]
    public async Task A_methods_own_exception_comes_out_as_it_is()
        => (await FailsAsync<IOException>(new Shapes(), "Throws")).Message.ShouldBe("on purpose");

    [Theory]
    [InlineData("delete")]
    [InlineData("DELETE")]
    public async Task Delete_deletes_the_state(string operation)
    {
        var (result, state) = await RunAsync(new Counter(), operation, "10");

        result.ShouldBeNull();
        state.ShouldBeNull();
    }

    [Fact]
    public async Task A_method_named_delete_takes_the_place_of_the_implicit_one()
        => (await RunAsync(new KeepsState(), "delete", "10")).State.ShouldBe("-1");

    [Fact]
    public async Task Setting_a_state_that_can_be_null_to_null_deletes_it()
        => (await RunAsync(new Nullable(), "Clear", "10")).State.ShouldBeNull();

    [Fact]
    public async Task An_entity_without_state_starts_with_the_default_of_the_type_behind_a_nullable_one()
        => (await RunAsync(new Nullable(), "Add", null, input: "2")).State.ShouldBe("2");

    [Fact]
    public async Task InitializeState_makes_the_state_of_an_entity_that_has_none_and_of_no_other()
    {
        (await RunAsync(new StartsAtHundred(), "Add", null, input: "1")).State.ShouldBe("101");
        (await RunAsync(new StartsAtHundred(), "Add", "1", input: "1")).State.ShouldBe("2");
    }

    [Fact]
    public async Task The_state_has_operations_only_if_the_entity_allows_it()
    {
        (await RunAsync(new StateDispatching(), "Push", """{"Items":[1]}""", input: "2")).State.ShouldBe("""{"Items":[1,2]}""");
        await FailsAsync<NotSupportedException>(new NotDispatching(), "Push", input: "2");
    }

    [Fact]
    public async Task The_entitys_method_goes_before_that_of_the_state()
        => (await RunAsync(new StateDispatching(), "Both", null)).Result.ShouldBe("entity");

    [Fact]
    public async Task Operations_do_not_go_to_a_state_that_is_null()
        => (await FailsAsync<InvalidOperationException>(new NullState(), "Push", input: "2")).Message.ShouldContain("there is no state");

    [Theory]
    [InlineData("")]
    [InlineData("counter")]
    [InlineData("@counter")]
    [InlineData("@@key")]
    public void A_text_of_another_form_is_no_entity_id(string text)
        => Should.Throw<ArgumentException>(() => EntityInstanceId.FromString(text));

    [Fact]
    public void An_entity_id_has_a_name_in_lower_case_and_any_key()
    {
        var id = EntityInstanceId.FromString("@Counter@A@b");

        id.ShouldBe(new EntityInstanceId("COUNTER", "A@b"));
        id.ToString().ShouldBe("@counter@A@b");
        JsonDataConverter.Default.Deserialize<EntityInstanceId>(JsonDataConverter.Default.Serialize(id)).ShouldBe(id);
        Should.Throw<ArgumentException>(() => new EntityInstanceId("a@b", "key"));
        Should.Throw<System.Text.Json.JsonException>(() => JsonDataConverter.Default.Deserialize<EntityInstanceId>("5"));
    }

    private static async Task<(object? Result, string? State)> RunAsync(
        ITaskEntity entity, string operation, string? state, string? input = null)
    {
        var request = new EntityOperation(
            new EntityInstanceId("Counter", "k"),
            new EntityOperationRequest(null, null, operation, input, null),
            state,
            JsonDataConverter.Default);
        var result = await entity.RunAsync(request);
        return (result, request.StoredState);
    }

    private static Task<TException> FailsAsync<TException>(ITaskEntity entity, string operation, string? input = null)
        where TException : Exception
        => Should.ThrowAsync<TException>(() => RunAsync(entity, operation, null, input));

    private class Counter : TaskEntity<int>
    {
        public int Add(int amount) => State += amount;

        public static int Static() => throw new UnreachableException();

        internal int Hidden() => State;
    }

    private sealed class StartsAtHundred : Counter
    {
        protected override int InitializeState(TaskEntityOperation entityOperation) => 100;
    }

    private sealed class KeepsState : TaskEntity<int>
    {
        public void Delete() => State = -1;
    }

    private sealed class Nullable : TaskEntity<int?>
    {
        public void Add(int amount) => State += amount;

        public void Clear() => State = null;
    }

    private sealed class Shapes : TaskEntity<int>
    {
        public void Nothing() => State++;

        public Task<string> TaskOf() => Task.FromResult(Count("task"));

        public async Task<string> SlowTaskOf()
        {
            await Task.Yield();
            return Count("slow task");
        }

        public async Task PlainTask() => await SlowTaskOf();

        public ValueTask<string> ValueTaskOf() => new(Count("value task"));

        public async ValueTask<string> SlowValueTaskOf()
        {
            await Task.Yield();
            return Count("slow value task");
        }

        public ValueTask PlainValueTask() => new(TaskOf());

        public async ValueTask SlowPlainValueTask() => await SlowTaskOf();

        public string WithContext(TaskEntityContext context, string input) => $"{context.Id} {input}";

        public string WithDefault(string input = "default") => input;

        public void TwoInputs(int first, int second) => State = first + second;

        public int TwoContexts(TaskEntityContext first, TaskEntityContext second) => first == second ? State : 0;

        public string TakesOperation(TaskEntityOperation operation) => operation.Name;

        public int Twice(int value) => State + value;

        public int Twice(string value) => State + value.Length;

        public void Throws() => throw new IOException("on purpose");

        private string Count(string result)
        {
            State++;
            return result;
        }
    }

    private class StateDispatching : TaskEntity<Stack>
    {
        protected override bool AllowStateDispatch => true;

        public string Both() => "entity";
    }

    private sealed class NotDispatching : TaskEntity<Stack>
    {
    }

    private sealed class NullState : StateDispatching
    {
        protected override Stack InitializeState(TaskEntityOperation entityOperation) => null!;
    }

    private sealed class Stack
    {
        public List<int> Items { get; init; } = [];

        public void Push(int item) => Items.Add(item);

        public string Both() => "state";
    }
}

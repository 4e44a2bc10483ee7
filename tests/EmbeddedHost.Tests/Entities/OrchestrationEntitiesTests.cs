using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

public sealed class OrchestrationEntitiesTests
{
    private static readonly EntityInstanceId A = new("e", "a");
    private static readonly EntityInstanceId B = new("e", "b");

    private readonly Requests _requests = new();
    private readonly OrchestrationEntities _entities;

    public OrchestrationEntitiesTests() => _entities = new OrchestrationEntities(_requests);

    [Fact]
    public async Task A_call_is_a_decision_and_ends_with_its_response()
    {
        var call = _entities.CallEntityAsync<int>(A, "add", 2);

        var called = _requests.Take<EntityCalled>();
        called.ShouldBe(new EntityCalled(0, A, called.RequestId, "add", "2"));
        called.MessageFrom("i").ShouldBe(new EntityOperationRequest("i", called.RequestId, "add", "2", null));
        _requests.Respond(new EntityCallCompleted(called.RequestId, "3"));
        (await call).ShouldBe(3);
    }

    [Fact]
    public async Task A_failed_operation_throws_with_the_entity_the_operation_and_its_failure()
    {
        var call = _entities.CallEntityAsync(A, "add");
        var failure = TaskFailureDetails.FromException(new IOException("broken"));
        _requests.Respond(new EntityCallFailed(_requests.Take<EntityCalled>().RequestId, failure));

        var exception = await Should.ThrowAsync<EntityOperationFailedException>(() => call);
        exception.EntityId.ShouldBe(A);
        exception.OperationName.ShouldBe("add");
        exception.FailureDetails.ShouldBe(failure);
        exception.Message.ShouldBe("Operation 'add' of entity '@e@a' failed: broken");
    }

    [Fact]
    public void A_signal_is_a_decision_that_nobody_waits_for()
    {
        _entities.SignalEntityAsync(A, "add", 2, new DateTimeOffset(2030, 1, 1, 1, 0, 0, TimeSpan.FromHours(1))).IsCompletedSuccessfully.ShouldBeTrue();

        var signaled = _requests.Take<EntitySignaled>();
        var at = new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        signaled.ShouldBe(new EntitySignaled(0, A, "add", "2", at));
        signaled.MessageFrom("i").ShouldBe(new EntityOperationRequest("i", null, "add", "2", at));
    }

    [Fact]
    public async Task A_critical_section_asks_the_first_entity_and_releases_all_of_them_when_it_is_disposed_of()
    {
        var (exit, request) = await EnterAsync(B, A);

        request.Entity.ShouldBe(A);
        request.LockSet.ShouldBe([A, B]);
        _entities.InCriticalSection(out var locked).ShouldBeTrue();
        locked!.ShouldBe([A, B]);

        await exit.DisposeAsync();
        await exit.DisposeAsync();
        _entities.InCriticalSection(out locked).ShouldBeFalse();
        locked.ShouldBeEmpty();
        _requests.Take<EntityUnlocked>().ShouldBe(new EntityUnlocked(1, A, request.RequestId, EntityLockSet.Empty));
        _requests.Take<EntityUnlocked>().ShouldBe(new EntityUnlocked(2, B, request.RequestId, EntityLockSet.Empty));
        _requests.Decisions.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_end_of_the_execution_leaves_a_critical_section()
    {
        var (exit, _) = await EnterAsync(A);

        _entities.ExitCriticalSection();

        _requests.Take<EntityUnlocked>().Entity.ShouldBe(A);
        await exit.DisposeAsync();
        _entities.ExitCriticalSection();
        _requests.Decisions.ShouldBeEmpty();
    }

    [Fact]
    public void A_section_that_is_not_entered_yet_is_left_along_the_way_of_its_request()
    {
        _ = _entities.LockEntitiesAsync(A, B);
        var request = _requests.Take<EntityLockRequested>();

        _entities.ExitCriticalSection();

        _requests.Take<EntityUnlocked>().ShouldBe(new EntityUnlocked(1, A, request.RequestId, EntityLockSet.Of([B])));
        _requests.Decisions.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_old_sections_exit_does_not_leave_a_later_one()
    {
        var (first, _) = await EnterAsync(A);
        await first.DisposeAsync();
        _requests.Take<EntityUnlocked>();
        await EnterAsync(A);

        await first.DisposeAsync();

        _requests.Decisions.ShouldBeEmpty();
        _entities.InCriticalSection().ShouldBeTrue();
    }

    [Fact]
    public async Task A_critical_section_does_not_nest()
    {
        await EnterAsync(A);

        (await RefusedAsync(() => _entities.LockEntitiesAsync(B))).ShouldContain("must not enter a critical section inside another one");
    }

    [Fact]
    public async Task Only_locked_entities_may_be_called_and_each_by_one_call_at_a_time()
    {
        await EnterAsync(A, B);

        (await RefusedAsync(() => _entities.CallEntityAsync(new EntityInstanceId("e", "c"), "get"))).ShouldContain("that does not lock it");
        var first = _entities.CallEntityAsync(A, "get");
        var request = _requests.Take<EntityCalled>();
        _entities.InCriticalSection(out var free).ShouldBeTrue();
        free!.ShouldBe([B]);
        (await RefusedAsync(() => _entities.CallEntityAsync(A, "get"))).ShouldContain("while a call to it is still open");

        _requests.Respond(new EntityCallCompleted(request.RequestId, null));
        await first;
        _ = _entities.CallEntityAsync(A, "get");
        _requests.Take<EntityCalled>().Entity.ShouldBe(A);
    }

    [Fact]
    public async Task No_entity_may_be_called_before_the_locks_are_there()
    {
        _ = _entities.LockEntitiesAsync(A);

        (await RefusedAsync(() => _entities.CallEntityAsync(A, "get"))).ShouldContain("Await LockEntitiesAsync first");
        (await RefusedAsync(() => _entities.CallEntityAsync(B, "get"))).ShouldContain("Await LockEntitiesAsync first");
    }

    [Fact]
    public async Task A_locked_entity_may_not_be_signaled_and_any_other_may()
    {
        await EnterAsync(A);

        (await RefusedAsync(() => _entities.SignalEntityAsync(A, "add"))).ShouldContain("must not signal '@e@a', which it has locked");
        await _entities.SignalEntityAsync(B, "add");
        _requests.Take<EntitySignaled>().Entity.ShouldBe(B);
    }

    [Fact]
    public async Task No_sub_orchestration_may_be_called_inside_a_critical_section()
    {
        _entities.RequireNoCriticalSection();
        var (exit, _) = await EnterAsync(A);

        Should.Throw<InvalidOperationException>(_entities.RequireNoCriticalSection).Message.ShouldContain("must not call a sub-orchestration");

        await exit.DisposeAsync();
        _entities.RequireNoCriticalSection();
    }

    [Fact]
    public async Task An_input_that_cannot_be_written_leaves_its_entity_free_to_be_called()
    {
        await EnterAsync(A);

        await Should.ThrowAsync<PayloadException>(() => _entities.CallEntityAsync(A, "set", typeof(int)));

        _ = _entities.CallEntityAsync(A, "get");
        _requests.Take<EntityCalled>().Operation.ShouldBe("get");
    }

    [Fact]
    public async Task A_critical_section_needs_at_least_one_entity_and_no_id_may_be_the_default()
    {
        await Should.ThrowAsync<ArgumentException>(() => _entities.LockEntitiesAsync());
        await Should.ThrowAsync<ArgumentException>(() => _entities.LockEntitiesAsync(A, default));
        await Should.ThrowAsync<ArgumentException>(() => _entities.CallEntityAsync(default, "get"));
        Should.Throw<ArgumentException>(() => _entities.SignalEntityAsync(default, "get"));
        _requests.Decisions.ShouldBeEmpty();
        _entities.InCriticalSection().ShouldBeFalse();
    }

    [Fact]
    public void A_replay_that_asks_another_entity_another_operation_or_other_locks_does_not_match()
    {
        var request = Guid.NewGuid();
        var called = new EntityCalled(0, A, request, "get", null);
        called.Matches(called with { Input = "1" }).ShouldBeTrue();
        called.Matches(called with { Entity = B }).ShouldBeFalse();
        called.Matches(called with { Operation = "Get" }).ShouldBeFalse();
        called.Matches(called with { RequestId = Guid.NewGuid() }).ShouldBeFalse();
        called.Matches(new EntitySignaled(0, A, "get", null, null)).ShouldBeFalse();

        var locks = new EntityLockRequested(0, request, EntityLockSet.Of([A, B]));
        locks.Matches(new EntityLockRequested(0, request, EntityLockSet.Of([B, A]))).ShouldBeTrue();
        locks.Matches(new EntityLockRequested(0, request, EntityLockSet.Of([A]))).ShouldBeFalse();
        locks.ToString().ShouldContain("LockSet = [@e@a, @e@b]");
    }

    private static async Task<string> RefusedAsync(Func<Task> action)
    {
        var exception = await Should.ThrowAsync<InvalidOperationException>(action);
        exception.Message.ShouldStartWith("Instance 'i' must not ");
        return exception.Message;
    }

    private async Task<(IAsyncDisposable Exit, EntityLockRequested Request)> EnterAsync(params EntityInstanceId[] entities)
    {
        var entering = _entities.LockEntitiesAsync(entities);
        var request = _requests.Take<EntityLockRequested>();
        _requests.Respond(new EntityLockGranted(request.RequestId));
        return (await entering, request);
    }

    private sealed class Requests : IEntityRequests
    {
        private readonly Dictionary<Guid, TaskCompletionSource<EntityResponse>> _open = [];
        private int _nextTaskId;

        public Queue<EntityDecision> Decisions { get; } = new();

        public string InstanceId => "i";

        public DataConverter Converter => JsonDataConverter.Default;

        public T Take<T>()
            where T : EntityDecision
            => Decisions.Dequeue().ShouldBeOfType<T>();

        public void Respond(EntityResponse response) => _open[response.RequestId].SetResult(response);

        public void RequireTurn()
        {
        }

        public Guid NewGuid() => Guid.NewGuid();

        public int NextTaskId() => _nextTaskId++;

        public void Decide(EntityDecision decision) => Decisions.Enqueue(decision);

        public Task<EntityResponse> OpenAsync(Guid requestId)
        {
            var completion = new TaskCompletionSource<EntityResponse>();
            _open.Add(requestId, completion);
            return completion.Task;
        }
    }
}

using AtomicDevOps.EmbeddedHost.Engine;
using AtomicDevOps.EmbeddedHost.Engine.Entities;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Tests.Entities;

/// <summary>What one execution of a simulated orchestration does, one step after another; then the next execution starts.</summary>
internal enum StepKind
{
    Call,
    CallWithoutAwait,
    Signal,
    SignalLater,
    Section,
    SectionThatIsNotLeft,
    LockWithoutAwait,
}

/// <param name="Entities">Numbers of entities; a step that needs one takes the first.</param>
internal sealed record Step(StepKind Kind, int[] Entities);

/// <summary>
/// Orchestrations and entities that exchange messages over channels. A channel keeps the order of one sender's messages to one receiver;
/// everything else happens in an order that the schedule chooses.
/// </summary>
internal sealed class EntityWorld
{
    private readonly Random _schedule;
    private readonly Dictionary<(string From, string To), Queue<Arrival>> _channels = [];
    private readonly Dictionary<string, SimulatedEntity> _entities;
    private readonly List<SimulatedOrchestration> _orchestrations;
    private DateTime _now = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private int _nextGuid;

    public EntityWorld(int entities, IReadOnlyList<Step[][]> orchestrations, int clientSignals, int seed)
    {
        _schedule = new Random(seed);
        _entities = Enumerable.Range(0, entities).Select(Entity).ToDictionary(id => id.ToString(), id => new SimulatedEntity(this, id), StringComparer.Ordinal);
        _orchestrations = [.. orchestrations.Select((executions, index) => new SimulatedOrchestration(this, $"o{index}", executions))];
        for (var signal = 0; signal < clientSignals; signal++)
        {
            SendOperation(null, Entity(signal % entities), id => new EntityOperationRequest(null, null, "op", id, null));
        }
    }

    /// <summary>How many operations were sent, to be compared with how many ran.</summary>
    public int Sent { get; private set; }

    public int Ran => _entities.Values.Sum(entity => entity.Ran);

    public IEnumerable<EntityLock> Locks => _entities.Values.Select(entity => entity.Queue.Lock).OfType<EntityLock>();

    public IEnumerable<string> Unfinished => _orchestrations.Where(orchestration => !orchestration.IsFinished).Select(orchestration => orchestration.InstanceId);

    public IEnumerable<string> Unhandled => _entities.Values.SelectMany(entity => entity.Inbox.Values).Select(message => message.ToString());

    public static EntityInstanceId Entity(int number) => new("e", $"{number}");

    public void RunUntilIdle()
    {
        foreach (var orchestration in _orchestrations)
        {
            orchestration.Start();
        }

        while (true)
        {
            var moves = Moves().ToList();
            if (moves.Count > 0)
            {
                moves[_schedule.Next(moves.Count)]();
            }
            else if (_entities.Values.Min(entity => entity.Queue.NextDue) is { } due)
            {
                _now = due;
                foreach (var entity in _entities.Values)
                {
                    entity.HasMail = true;
                }
            }
            else
            {
                return;
            }
        }
    }

    private IEnumerable<Action> Moves()
    {
        foreach (var (channel, messages) in _channels)
        {
            if (messages.Count > 0)
            {
                yield return () => Deliver(channel.To, messages.Dequeue());
            }
        }

        foreach (var entity in _entities.Values)
        {
            if (entity.HasMail)
            {
                yield return () => entity.TakeTurn(_schedule.Next(1, 4));
                yield return entity.Restart;
            }
        }
    }

    private void Deliver(string to, Arrival message)
    {
        if (message is EntityMessage mail)
        {
            _entities[to].Receive(mail);
        }
        else
        {
            _orchestrations.Single(orchestration => orchestration.Is(to)).Receive((EntityResponse)message);
        }
    }

    private void Send(string from, string to, Arrival message)
    {
        if (!_channels.TryGetValue((from, to), out var channel))
        {
            _channels.Add((from, to), channel = new Queue<Arrival>());
        }

        channel.Enqueue(message);
    }

    private void SendOperation(string? from, EntityInstanceId to, Func<string, EntityMessage> message)
        => Send(from ?? "client", to.ToString(), message($"{++Sent}"));

    private sealed class SimulatedEntity(EntityWorld world, EntityInstanceId id)
    {
        private readonly Dictionary<string, int> _lastOf = new(StringComparer.Ordinal);
        private long _nextMessage;

        public EntityQueue Queue { get; private set; } = new(null);

        public SortedDictionary<long, EntityMessage> Inbox { get; } = [];

        public bool HasMail { get; set; }

        public int Ran { get; private set; }

        public void Receive(EntityMessage message)
        {
            Inbox.Add(_nextMessage, message);
            Queue.Add(_nextMessage++, message, world._now);
            HasMail = true;
        }

        /// <summary>What a crash leaves: the lock and the messages that no committed turn has handled.</summary>
        public void Restart()
        {
            Queue = new EntityQueue(Queue.Lock);
            foreach (var (messageId, message) in Inbox)
            {
                Queue.Add(messageId, message, world._now);
            }
        }

        public void TakeTurn(int maxOperations)
        {
            var work = Queue.Take(world._now, maxOperations);
            HasMail = work.HasMore;
            foreach (var step in work.Steps)
            {
                Inbox.Remove(step.MessageId).ShouldBeTrue($"message {step.MessageId} of {id} is handled twice");
                switch (step)
                {
                    case OperationStep operation:
                        Run(operation.Request);
                        break;
                    case SendStep send:
                        world.Send(id.ToString(), send.Target, send.Message);
                        break;
                }
            }
        }

        private void Run(EntityOperationRequest request)
        {
            Ran++;
            foreach (var other in world._orchestrations.Where(orchestration => !orchestration.Is(request.Sender)))
            {
                other.Inside.ShouldNotContain(id, $"{request} runs on {id}, which {other.InstanceId} has locked");
            }

            if (request.ScheduledTime is null)
            {
                var number = int.Parse(request.Input!, System.Globalization.CultureInfo.InvariantCulture);
                var sender = request.Sender ?? "client";
                number.ShouldBeGreaterThan(_lastOf.GetValueOrDefault(sender), $"operations of {sender} on {id} are out of order");
                _lastOf[sender] = number;
            }
            else
            {
                request.ScheduledTime.Value.ShouldBeLessThanOrEqualTo(world._now);
            }

            if (request.RequestId is { } requestId)
            {
                world.Send(id.ToString(), request.Sender!, new EntityCallCompleted(requestId, request.Input));
            }
        }
    }

    private sealed class SimulatedOrchestration(EntityWorld world, string instanceId, Step[][] executions) : IEntityRequests
    {
        private readonly OrchestratorSynchronizationContext _scheduler = new(() => throw new InvalidOperationException("a foreign continuation"));
        private readonly Dictionary<Guid, TaskCompletionSource<EntityResponse>> _open = [];
        private int _execution = -1;
        private int _nextTaskId;
        private OrchestrationEntities? _entities;
        private Task? _run;

        public string InstanceId => instanceId;

        public DataConverter Converter => JsonDataConverter.Default;

        public bool Is(string? id) => string.Equals(id, instanceId, StringComparison.Ordinal);

        public bool IsFinished => _execution >= executions.Length;

        /// <summary>The entities that it has locked, as far as its code can tell.</summary>
        public IReadOnlyList<EntityInstanceId> Inside { get; private set; } = [];

        public void Start() => _scheduler.Run(Continue);

        public void Receive(EntityResponse response)
        {
            if (_open.Remove(response.RequestId, out var completion))
            {
                _scheduler.Run(() => completion.SetResult(response));
                _scheduler.Run(Continue);
            }
        }

        public void RequireTurn() => _scheduler.IsCurrent.ShouldBeTrue();

        public Guid NewGuid() => new(++world._nextGuid, 0, 0, new byte[8]);

        public int NextTaskId() => _nextTaskId++;

        public void Decide(EntityDecision decision)
        {
            if (decision is EntityCalled or EntitySignaled)
            {
                world.SendOperation(
                    InstanceId, decision.Entity, number => (EntityOperationRequest)decision.MessageFrom(InstanceId) with { Input = number });
            }
            else
            {
                world.Send(InstanceId, decision.Entity.ToString(), decision.MessageFrom(InstanceId));
            }
        }

        public Task<EntityResponse> OpenAsync(Guid requestId)
        {
            var completion = new TaskCompletionSource<EntityResponse>();
            _open.Add(requestId, completion);
            return completion.Task;
        }

        private void Continue()
        {
            while (!IsFinished && _run is null or { IsCompleted: true })
            {
                if (_run is not null)
                {
                    _run.GetAwaiter().GetResult();
                    Inside = [];
                    _entities!.ExitCriticalSection();
                    _open.Clear();
                }

                if (++_execution < executions.Length)
                {
                    _entities = new OrchestrationEntities(this);
                    _run = ExecuteAsync(_entities, executions[_execution]);
                }
            }
        }

        private async Task ExecuteAsync(OrchestrationEntities entities, Step[] steps)
        {
            foreach (var step in steps)
            {
                var first = Entity(step.Entities[0]);
                switch (step.Kind)
                {
                    case StepKind.Call:
                        await entities.CallEntityAsync(first, "op");
                        break;
                    case StepKind.CallWithoutAwait:
                        _ = entities.CallEntityAsync(first, "op");
                        break;
                    case StepKind.Signal:
                        await entities.SignalEntityAsync(first, "op");
                        break;
                    case StepKind.SignalLater:
                        await entities.SignalEntityAsync(first, "op", new DateTimeOffset(world._now).AddSeconds(step.Entities.Length));
                        break;
                    case StepKind.LockWithoutAwait:
                        _ = entities.LockEntitiesAsync(step.Entities.Select(Entity));
                        return;
                    default:
                        var exit = await entities.LockEntitiesAsync(step.Entities.Select(Entity));
                        Inside = [.. step.Entities.Select(Entity)];
                        await Task.WhenAll(step.Entities.Distinct().Select(entity => entities.CallEntityAsync(Entity(entity), "op")));
                        await entities.CallEntityAsync(first, "op");
                        if (step.Kind == StepKind.SectionThatIsNotLeft)
                        {
                            return;
                        }

                        Inside = [];
                        await exit.DisposeAsync();
                        break;
                }
            }
        }
    }
}

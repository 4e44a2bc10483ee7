using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;

namespace AtomicDevOps.EmbeddedHost.Engine.Entities;

/// <summary>One operation as the entity's code sees it. What the code does with it counts only if the operation succeeds.</summary>
internal sealed class EntityOperation : TaskEntityOperation
{
    private readonly EntityOperationRequest _request;
    private readonly DataConverter _converter;
    private readonly StateAccess _state;
    private readonly ActionCollector _context;

    public EntityOperation(EntityInstanceId id, EntityOperationRequest request, string? state, DataConverter converter)
    {
        _request = request;
        _converter = converter;
        _state = new StateAccess(id, state, converter);
        _context = new ActionCollector(id, converter);
    }

    public override string Name => _request.Operation;

    public override TaskEntityContext Context => _context;

    public override TaskEntityState State => _state;

    public override bool HasInput => _request.Input is not null;

    public string? StoredState => _state.Stored;

    public IReadOnlyList<EntityAction> Actions => _context.Actions;

    public override object? GetInput(Type inputType)
    {
        ArgumentNullException.ThrowIfNull(inputType);
        return Payload.Read(_converter, _request.Input, inputType, $"the input of operation '{Name}' of entity '{Context.Id}'");
    }

    private sealed class StateAccess(EntityInstanceId id, string? stored, DataConverter converter) : TaskEntityState
    {
        private object? _value;

        public string? Stored { get; private set; } = stored;

        public override bool HasState => Stored is not null;

        public override object? GetState(Type type)
        {
            ArgumentNullException.ThrowIfNull(type);
            if (Stored is null || type.IsInstanceOfType(_value))
            {
                return _value;
            }

            return _value = Payload.Read(converter, Stored, type, $"the state of entity '{id}'");
        }

        public override void SetState(object? state)
        {
            Stored = Payload.Write(converter, state, $"the state of entity '{id}'");
            _value = state;
        }
    }

    private sealed class ActionCollector(EntityInstanceId id, DataConverter converter) : TaskEntityContext
    {
        private readonly List<EntityAction> _actions = [];

        public IReadOnlyList<EntityAction> Actions => _actions;

        public override EntityInstanceId Id => id;

        public override void SignalEntity(
            EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null)
        {
            EntityArguments.Require(id, operationName);
            _actions.Add(new SendSignal(
                id, operationName, Write(input, $"the input of operation '{operationName}' of entity '{id}'"), options?.SignalTime?.UtcDateTime));
        }

        public override string ScheduleNewOrchestration(
            TaskName name, object? input = null, StartOrchestrationOptions? options = null)
        {
            ArgumentException.ThrowIfNullOrEmpty(name.Name, nameof(name));
            EntityArguments.RequireOrchestration(options?.InstanceId, nameof(options));
            options ??= new StartOrchestrationOptions();
            var instanceId = options.InstanceId ?? Guid.NewGuid().ToString("N");
            _actions.Add(new StartOrchestration(
                instanceId,
                name,
                options.Version?.Version ?? "",
                Write(input, $"the input of orchestration '{name}'"),
                options.StartAt?.UtcDateTime,
                options.Tags));
            return instanceId;
        }

        private string? Write(object? value, string what) => Payload.Write(converter, value, $"{what}, given by entity '{Id}'");
    }
}

using System.Text.Json.Nodes;
using AtomicDevOps.FunctionsHost.Protocol;

namespace AtomicDevOps.FunctionsHost;

/// <summary>A function as the app describes it, with what the host hands to it.</summary>
internal sealed class AppFunction
{
    private readonly IReadOnlyList<JsonObject> _bindings;

    public AppFunction(Function function)
    {
        Function = function;
        if (function.Id.Length == 0)
        {
            function.Id = Guid.NewGuid().ToString();
        }

        _bindings = [.. function.RawBindings.Select(static binding => JsonNode.Parse(binding)!.AsObject())];
        Trigger = _bindings.Single(static binding => TypeOf(binding).EndsWith("Trigger", StringComparison.Ordinal));
        foreach (var binding in _bindings)
        {
            var direction = string.Equals((string?)binding["direction"], "Out", StringComparison.OrdinalIgnoreCase) ? Binding.Types.Direction.Out : Binding.Types.Direction.In;
            function.Bindings[(string)binding["name"]!] = new Binding { Type = TypeOf(binding), Direction = direction };
        }
    }

    public Function Function { get; }

    public string Name => Function.Name;

    public JsonObject Trigger { get; }

    public string TriggerType => TypeOf(Trigger);

    /// <summary>A call of it.</summary>
    /// <param name="input">What triggers it.</param>
    /// <param name="client">What a durable client connects by.</param>
    public Invocation Invocation(Data input, string client)
    {
        var invocation = new Invocation { Id = Guid.NewGuid().ToString(), FunctionId = Function.Id };
        invocation.Inputs.Add(new Parameter { Name = (string)Trigger["name"]!, Data = input });
        foreach (var binding in _bindings.Where(static binding => TypeOf(binding) is "durableClient"))
        {
            invocation.Inputs.Add(new Parameter { Name = (string)binding["name"]!, Data = new Data { Text = client } });
        }

        return invocation;
    }

    private static string TypeOf(JsonObject binding) => (string)binding["type"]!;
}

using System.Collections.Immutable;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <summary>Gives one argument of an invocation.</summary>
internal delegate object? ParameterBinder(InvocationContext context);

/// <summary>A function found in an assembly, ready to be called.</summary>
internal sealed class FunctionDescriptor : FunctionDefinition
{
    private readonly ParameterBinder[] _binders;
    private readonly MethodInvoker _invoker;
    private readonly ObjectFactory? _factory;

    internal FunctionDescriptor(
        string name,
        MethodInfo method,
        TriggerBindingAttribute trigger,
        IEnumerable<ParameterBinder> binders,
        IEnumerable<(ParameterInfo Parameter, string Type)> bindings)
    {
        Name = name;
        Method = method;
        Trigger = trigger;
        EntryPoint = $"{method.DeclaringType!.FullName}.{method.Name}";
        PathToAssembly = method.DeclaringType.Assembly.Location;
        Id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name}\n{EntryPoint}")))[..32];
        Parameters = [.. method.GetParameters().Select(parameter => new FunctionParameter(
            parameter.Name!, parameter.ParameterType, parameter.HasDefaultValue, parameter.HasDefaultValue ? parameter.DefaultValue : null))];
        InputBindings = bindings.ToImmutableDictionary(
            binding => binding.Parameter.Name!,
            BindingMetadata (binding) => new InputBinding(binding.Parameter.Name!, binding.Type),
            StringComparer.Ordinal);
        _binders = [.. binders];
        _invoker = MethodInvokerCompiler.Compile(method);
        _factory = method.IsStatic ? null : ActivatorUtilities.CreateFactory(method.DeclaringType, Type.EmptyTypes);
    }

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override string PathToAssembly { get; }

    public override string EntryPoint { get; }

    public override string Id { get; }

    public override string Name { get; }

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings => ImmutableDictionary<string, BindingMetadata>.Empty;

    internal MethodInfo Method { get; }

    internal TriggerBindingAttribute Trigger { get; }

    /// <summary>Binds the arguments, makes the instance, calls the method and disposes of the instance.</summary>
    internal async Task<object?> InvokeAsync(InvocationContext context)
    {
        var arguments = new object?[_binders.Length];
        for (var index = 0; index < arguments.Length; index++)
        {
            arguments[index] = _binders[index](context);
        }

        var instance = _factory?.Invoke(context.InstanceServices, null);
        try
        {
            return await _invoker(instance, arguments);
        }
        finally
        {
            switch (instance)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }
        }
    }

    private sealed class InputBinding(string name, string type) : BindingMetadata
    {
        public override string Name => name;

        public override string Type => type;

        public override BindingDirection Direction => BindingDirection.In;
    }
}

using System.Collections;
using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;

namespace AtomicDevOps.EmbeddedHost.Triggers;

internal sealed class InvocationContext : FunctionContext
{
    /// <summary>The key under which the ASP.NET Core integration keeps the request.</summary>
    internal const string HttpContextKey = "HttpRequestContext";

    private readonly InvocationResultHolder _result = new();

    internal InvocationContext(
        FunctionDescriptor function,
        object trigger,
        IServiceProvider services,
        string invocationId,
        IReadOnlyDictionary<string, object?> bindingData,
        CancellationToken cancellationToken)
    {
        Function = function;
        Trigger = trigger;
        InstanceServices = services;
        InvocationId = invocationId;
        BindingContext = new TriggerBindingContext(bindingData);
        CancellationToken = cancellationToken;
        TraceContext = ActivityTraceContext.Capture();
        Features.Set<InvocationResult>(_result);
    }

    public override string InvocationId { get; }

    public override string FunctionId => Function.Id;

    public override TraceContext TraceContext { get; }

    public override BindingContext BindingContext { get; }

    public override RetryContext RetryContext => FirstAttempt.Instance;

    public override IServiceProvider InstanceServices { get; set; }

    public override FunctionDefinition FunctionDefinition => Function;

    public override IDictionary<object, object> Items { get; set; } = new Dictionary<object, object>();

    public override IInvocationFeatures Features { get; } = new FeatureCollection();

    public override CancellationToken CancellationToken { get; }

    internal FunctionDescriptor Function { get; }

    /// <summary>An <c>HttpContext</c>, <c>TimerInfo</c>, <c>TaskOrchestrationContext</c>, <c>ActivityInvocation</c> or
    /// <c>TaskEntityDispatcher</c>.</summary>
    internal object Trigger { get; }

    internal object? Result
    {
        get => _result.Value;
        set => _result.Value = value;
    }

    private sealed class InvocationResultHolder : InvocationResult
    {
        public override object? Value { get; set; }
    }

    private sealed class TriggerBindingContext(IReadOnlyDictionary<string, object?> data) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => data;
    }

    private sealed class ActivityTraceContext(string traceParent, string traceState) : TraceContext
    {
        public override string TraceParent => traceParent;

        public override string TraceState => traceState;

        public static ActivityTraceContext Capture() => new(Activity.Current?.Id ?? "", Activity.Current?.TraceStateString ?? "");
    }

    /// <summary>Retries are the orchestrator's, and each is an invocation of its own.</summary>
    private sealed class FirstAttempt : RetryContext
    {
        public static FirstAttempt Instance { get; } = new();

        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }

    private sealed class FeatureCollection : IInvocationFeatures
    {
        private readonly Dictionary<Type, object> _features = [];

        public void Set<T>(T instance)
        {
            ArgumentNullException.ThrowIfNull(instance);
            _features[typeof(T)] = instance;
        }

        public T? Get<T>() => _features.TryGetValue(typeof(T), out var feature) ? (T)feature : default;

        public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => _features.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

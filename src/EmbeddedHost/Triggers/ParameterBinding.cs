using System.Reflection;
using AtomicDevOps.EmbeddedHost.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace AtomicDevOps.EmbeddedHost.Triggers;

/// <param name="Metadata">What the parameter is bound to by attribute; empty for one that is bound by its type or name.</param>
internal sealed record BoundParameter(ParameterBinder Bind, IEnumerable<(ParameterInfo Parameter, string Type)> Metadata);

/// <summary>Decides, when the app starts, where each parameter of a function comes from.</summary>
internal static class ParameterBinding
{
    private static readonly MethodInfo GetInputMethod =
        typeof(ParameterBinding).GetMethod(nameof(GetOrchestrationInput), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static List<BoundParameter> Bind(
        MethodInfo method,
        ParameterInfo triggerParameter,
        TriggerBindingAttribute trigger,
        string functionName,
        string where,
        string? taskHub,
        List<string> problems)
    {
        var parameters = method.GetParameters();
        var route = trigger is HttpTriggerAttribute http ? ParseRoute(http, functionName, where, problems) : null;
        var orchestrationInput = trigger is OrchestrationTriggerAttribute
            ? parameters.FirstOrDefault(parameter => parameter != triggerParameter && !IsBoundByType(parameter) && !IsDurableClient(parameter))
            : null;
        var bound = new List<BoundParameter>();
        foreach (var parameter in parameters)
        {
            var problem = $"{where}: parameter '{parameter.Name}'";
            if (parameter.ParameterType.IsByRef || parameter.ParameterType.IsByRefLike)
            {
                problems.Add($"{problem} is passed by reference or on the stack only. Pass it by value.");
            }
            else if (parameter.Position == triggerParameter.Position)
            {
                if (BindTrigger(parameter, trigger, problem, problems) is { } binder)
                {
                    bound.Add(new BoundParameter(binder, [(parameter, TriggerType(trigger))]));
                }
            }
            else if (IsDurableClient(parameter) && trigger is OrchestrationTriggerAttribute)
            {
                problems.Add(
                    $"{problem} carries [DurableClient], but an orchestrator's calls have to replay alike. Use its TaskOrchestrationContext, or call "
                    + "the client in an activity.");
            }
            else if (IsDurableClient(parameter))
            {
                if (BindClient(parameter, taskHub, problem, problems) is { } binder)
                {
                    bound.Add(new BoundParameter(binder, [(parameter, "durableClient")]));
                }
            }
            else if (BindByType(parameter) is { } byType)
            {
                bound.Add(new BoundParameter(byType, []));
            }
            else if (parameter == orchestrationInput)
            {
                bound.Add(new BoundParameter(BindOrchestrationInput(parameter), []));
            }
            else if (trigger is ActivityTriggerAttribute
                && parameter.ParameterType == typeof(string)
                && string.Equals(parameter.Name, "instanceId", StringComparison.OrdinalIgnoreCase))
            {
                bound.Add(new BoundParameter(context => ((ActivityInvocation)context.Trigger).InstanceId, []));
            }
            else if (route?.GetParameter(parameter.Name!) is { } routeParameter)
            {
                if (RouteValueBinding.TryBind(parameter, routeParameter) is { } binder)
                {
                    bound.Add(new BoundParameter(binder, []));
                }
                else
                {
                    problems.Add(
                        $"{problem} takes a route value as {parameter.ParameterType.Name}, which cannot be parsed from text. "
                        + "Use string, a number, bool, Guid, a date or time, an enum, or a type that implements IParsable<T>.");
                }
            }
            else
            {
                problems.Add($"{problem} of type {parameter.ParameterType.Name} has no source. {Cure(trigger, route)}");
            }
        }

        return bound;
    }

    private static RoutePattern? ParseRoute(HttpTriggerAttribute trigger, string functionName, string where, List<string> problems)
    {
        if (trigger.AuthLevel == AuthorizationLevel.User)
        {
            problems.Add(
                $"{where}: AuthorizationLevel.User needs the platform's sign-in, which this host does not have. "
                + "Use Function or Anonymous and check the user yourself.");
        }

        try
        {
            return RoutePatternFactory.Parse(trigger.Route ?? functionName);
        }
        catch (RoutePatternException exception)
        {
            problems.Add($"{where}: Route '{trigger.Route}' is no route template: {exception.Message}");
            return null;
        }
    }

    private static ParameterBinder? BindTrigger(
        ParameterInfo parameter, TriggerBindingAttribute trigger, string problem, List<string> problems)
    {
        var type = parameter.ParameterType;
        switch (trigger)
        {
            case HttpTriggerAttribute:
                return Require<HttpRequest>(context => ((HttpContext)context.Trigger).Request);
            case TimerTriggerAttribute:
                return Require<TimerInfo>(context => context.Trigger);
            case OrchestrationTriggerAttribute:
                return Require<TaskOrchestrationContext>(context => context.Trigger);
            case ActivityTriggerAttribute when type == typeof(FunctionContext):
                return context => context;
            case ActivityTriggerAttribute when typeof(TaskActivityContext).IsAssignableFrom(type) || type == typeof(CancellationToken):
                problems.Add(
                    $"{problem} carries [ActivityTrigger] but is a {type.Name}. Put [ActivityTrigger] on the input, or on a FunctionContext "
                    + "if there is none; CancellationToken and 'string instanceId' need no attribute.");
                return null;
            case ActivityTriggerAttribute:
                return context => ((ActivityInvocation)context.Trigger).GetInput(type);
            case EntityTriggerAttribute entity:
                RequireEntityName(entity.EntityName, problem, problems);
                return Require<TaskEntityDispatcher>(context => context.Trigger);
            default:
                problems.Add($"{problem} carries {trigger.GetType().Name}, which this host does not know.");
                return null;
        }

        ParameterBinder? Require<T>(ParameterBinder binder)
        {
            if (type == typeof(T))
            {
                return binder;
            }

            problems.Add($"{problem} is a {type.Name}. With {Name(trigger)} it has to be a {typeof(T).Name}.");
            return null;
        }
    }

    private static void RequireEntityName(string? name, string problem, List<string> problems)
    {
        if (name is not null && (string.IsNullOrWhiteSpace(name) || name.Contains('@', StringComparison.Ordinal)))
        {
            problems.Add(
                $"{problem} carries [EntityTrigger(EntityName = \"{name}\")], which is no entity name. Leave the name out to use the "
                + "function's, or give one without '@'.");
        }
    }

    private static ParameterBinder? BindClient(ParameterInfo parameter, string? taskHub, string problem, List<string> problems)
    {
        if (parameter.ParameterType != typeof(DurableTaskClient))
        {
            problems.Add($"{problem} is a {parameter.ParameterType.Name}. With [DurableClient] it has to be a {nameof(DurableTaskClient)}.");
            return null;
        }

        var hub = parameter.GetCustomAttribute<DurableClientAttribute>()!.TaskHub;
        if (hub is not null && !string.Equals(hub, taskHub, StringComparison.OrdinalIgnoreCase))
        {
            problems.Add($"{problem} asks for the task hub '{hub}', but this host has only '{taskHub}'. Leave TaskHub out.");
            return null;
        }

        return context => context.InstanceServices.GetRequiredService<FunctionsDurableTaskClient>();
    }

    private static ParameterBinder? BindByType(ParameterInfo parameter)
    {
        if (parameter.ParameterType == typeof(FunctionContext))
        {
            return context => context;
        }

        if (parameter.ParameterType == typeof(CancellationToken))
        {
            return context => context.CancellationToken;
        }

        // The ASP.NET Core integration binds a request by its type alone.
        return parameter.ParameterType == typeof(HttpRequest) ? context => (context.Trigger as HttpContext)?.Request : null;
    }

    private static ParameterBinder BindOrchestrationInput(ParameterInfo parameter)
    {
        var read = GetInputMethod.MakeGenericMethod(parameter.ParameterType)
            .CreateDelegate<Func<TaskOrchestrationContext, object?>>();
        var fallback = parameter.HasDefaultValue ? parameter.DefaultValue : null;
        return context => read((TaskOrchestrationContext)context.Trigger) ?? fallback;
    }

    private static object? GetOrchestrationInput<T>(TaskOrchestrationContext context) => context.GetInput<T>();

    private static bool IsBoundByType(ParameterInfo parameter) =>
        parameter.ParameterType == typeof(FunctionContext) || parameter.ParameterType == typeof(CancellationToken);

    private static bool IsDurableClient(ParameterInfo parameter) => parameter.IsDefined(typeof(DurableClientAttribute));

    private static string Name(TriggerBindingAttribute trigger) =>
        $"[{trigger.GetType().Name[..^"Attribute".Length]}]";

    private static string TriggerType(TriggerBindingAttribute trigger) => trigger switch
    {
        HttpTriggerAttribute => "httpTrigger",
        TimerTriggerAttribute => "timerTrigger",
        OrchestrationTriggerAttribute => "orchestrationTrigger",
        EntityTriggerAttribute => "entityTrigger",
        _ => "activityTrigger",
    };

    private static string Cure(TriggerBindingAttribute trigger, RoutePattern? route) => trigger switch
    {
        HttpTriggerAttribute =>
            $"An HTTP function takes HttpRequest, [DurableClient] DurableTaskClient, FunctionContext, CancellationToken and the values of its "
            + $"route '{route?.RawText}' by name; read the query and the body from HttpRequest, and inject services into the constructor.",
        ActivityTriggerAttribute =>
            "An activity takes its [ActivityTrigger] input, 'string instanceId', [DurableClient] DurableTaskClient, FunctionContext and "
            + "CancellationToken; inject services into the constructor.",
        OrchestrationTriggerAttribute =>
            "An orchestrator takes its TaskOrchestrationContext, one input and FunctionContext; services belong into activities.",
        EntityTriggerAttribute =>
            "An entity function takes its TaskEntityDispatcher, [DurableClient] DurableTaskClient, FunctionContext and CancellationToken; "
            + "inject services into the entity's constructor.",
        _ => "A timer function takes TimerInfo, [DurableClient] DurableTaskClient, FunctionContext and CancellationToken; inject services "
            + "into the constructor.",
    };
}

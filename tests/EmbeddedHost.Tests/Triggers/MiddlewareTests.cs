using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using AtomicDevOps.EmbeddedHost.Triggers;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AtomicDevOps.EmbeddedHost.Tests.Triggers;

public sealed class MiddlewareTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Middleware_runs_around_the_function_in_the_order_of_registration()
    {
        var steps = new Steps();
        await using var host = await FunctionsTestHost.StartAsync(
            null,
            builder =>
            {
                builder.Services.AddSingleton(steps);
                builder.UseMiddleware<First>();
                builder.UseMiddleware(async (context, next) =>
                {
                    steps.Add("second in");
                    await next();
                    steps.Add("second out");
                });
                builder.UseWhen<Skipped>(context => string.Equals(context.FunctionDefinition.Name, "another", StringComparison.Ordinal));
                builder.UseWhen(context => string.Equals(context.FunctionDefinition.Name, "steps", StringComparison.Ordinal), async (context, next) =>
                {
                    steps.Add("third in");
                    await next();
                    steps.Add("third out");
                });
            },
            typeof(Functions));

        await host.Client.GetStringAsync("/api/steps", Cancellation);

        steps.All.ShouldBe(["first in", "second in", "third in", "function with item", "third out", "second out", "first out"]);
    }

    [Fact]
    public async Task Middleware_may_replace_the_result()
    {
        await using var host = await FunctionsTestHost.StartAsync(
            null,
            builder =>
            {
                builder.Services.AddSingleton<Steps>();
                builder.UseMiddleware<First>();
                builder.UseMiddleware(async (context, next) =>
                {
                    await next();
                    var result = context.GetInvocationResult();
                    result.Value = Results.Text($"{result.Value}, replaced", statusCode: StatusCodes.Status203NonAuthoritative);
                });
            },
            typeof(Functions));

        var response = await host.Client.GetAsync("/api/steps", Cancellation);

        response.StatusCode.ShouldBe(HttpStatusCode.NonAuthoritativeInformation);
        (await response.Content.ReadAsStringAsync(Cancellation)).ShouldBe("done, replaced");
    }

    [Fact]
    public async Task Middleware_may_answer_without_calling_the_function()
    {
        var steps = new Steps();
        await using var host = await FunctionsTestHost.StartAsync(
            null,
            builder =>
            {
                builder.Services.AddSingleton(steps);
                builder.UseMiddleware((context, _) =>
                {
                    context.GetInvocationResult().Value = Results.StatusCode(StatusCodes.Status418ImATeapot);
                    return Task.CompletedTask;
                });
            },
            typeof(Functions));

        var response = await host.Client.GetAsync("/api/steps", Cancellation);

        ((int)response.StatusCode).ShouldBe(418);
        steps.All.ShouldBeEmpty();
    }

    [Fact]
    public async Task Middleware_sees_the_function_s_exception_and_may_handle_it()
    {
        await using var host = await FunctionsTestHost.StartAsync(
            null,
            builder => builder.UseMiddleware(async (context, next) =>
            {
                try
                {
                    await next();
                }
                catch (NotSupportedException exception)
                {
                    context.GetInvocationResult().Value = exception.Message;
                }
            }),
            typeof(FailingFunction));

        (await host.Client.GetStringAsync("/api/fails", Cancellation)).ShouldBe("handled");
    }

    [Fact]
    public async Task Each_invocation_is_a_span_within_the_callers_trace()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => string.Equals(source.Name, FunctionExecutor.ActivitySourceName, StringComparison.Ordinal),
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await FunctionsTestHost.StartAsync(typeof(FailingFunction));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/fails");
        request.Headers.Add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

        await host.Client.SendAsync(request, Cancellation);

        var traceId = ActivityTraceId.CreateFromString("4bf92f3577b34da6a3ce929d0e0e4736");
        var span = spans.Single(span => span.TraceId == traceId);
        span.DisplayName.ShouldBe("function fails");
        span.Status.ShouldBe(ActivityStatusCode.Error);
        span.GetTagItem("faas.name").ShouldBe("fails");
        span.GetTagItem("faas.trigger").ShouldBe("http");
        span.GetTagItem("faas.invocation_id").ShouldNotBeNull();
    }

    public sealed class Steps
    {
        private readonly ConcurrentQueue<string> _all = [];

        public IReadOnlyCollection<string> All => _all;

        public void Add(string step) => _all.Enqueue(step);
    }

    public sealed class First(Steps steps) : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            steps.Add("first in");
            context.Items["item"] = "item";
            await next(context);
            steps.Add("first out");
        }
    }

    public sealed class Skipped(Steps steps) : IFunctionsWorkerMiddleware
    {
        public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            steps.Add("skipped");
            return next(context);
        }
    }

    public sealed class Functions(Steps steps)
    {
        [Function("steps")]
        public string Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, FunctionContext context)
        {
            steps.Add($"function with {context.Items["item"]}");
            return "done";
        }
    }

    public sealed class FailingFunction
    {
        [Function("fails")]
        public string Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request) => throw new NotSupportedException("handled");
    }
}

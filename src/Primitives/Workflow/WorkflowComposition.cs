using AtomicDevOps.Primitives.Parallel;
using AtomicDevOps.Primitives.Sequential;

namespace AtomicDevOps.Primitives.Workflow;

/// <summary>
/// <c>first >> next</c> runs one after another, <c>left | right</c> side by side. <c>>></c> binds tighter than <c>|</c>.
/// </summary>
public static class WorkflowComposition
{
    extension<TIn, TMiddle, TOut>(WorkflowPrimitive<TIn, TMiddle>)
    {
        /// <summary>Hands the first one's output to the next.</summary>
        public static WorkflowPrimitive<TIn, TOut> operator >>(WorkflowPrimitive<TIn, TMiddle> first, WorkflowPrimitive<TMiddle, TOut> next) =>
            new SequentialPrimitive<TIn, TMiddle, TOut>(first, next);

        /// <summary>Hands the first one's output to the next, in a process.</summary>
        public static ProcessPrimitive<TIn, TOut> operator >>(WorkflowPrimitive<TIn, TMiddle> first, ProcessPrimitive<TMiddle, TOut> next) =>
            new ProcessSequentialPrimitive<TIn, TMiddle, TOut>(first, next);
    }

    extension<TIn, TMiddle, TOut>(ProcessPrimitive<TIn, TMiddle>)
    {
        /// <summary>Hands the first one's output to the next, in a process.</summary>
        public static ProcessPrimitive<TIn, TOut> operator >>(ProcessPrimitive<TIn, TMiddle> first, ProcessPrimitive<TMiddle, TOut> next) =>
            new ProcessSequentialPrimitive<TIn, TMiddle, TOut>(first, next);

        /// <summary>Hands the first one's output to the next, in a process.</summary>
        public static ProcessPrimitive<TIn, TOut> operator >>(ProcessPrimitive<TIn, TMiddle> first, WorkflowPrimitive<TMiddle, TOut> next) =>
            new ProcessSequentialPrimitive<TIn, TMiddle, TOut>(first, next);
    }

    extension<TIn, TOut>(WorkflowPrimitive<TIn, TOut>)
    {
        /// <summary>Gives both the same input; the results come in the order of writing. A further <c>|</c> joins the same parallel.</summary>
        public static ParallelPrimitive<TIn, TOut> operator |(WorkflowPrimitive<TIn, TOut> left, WorkflowPrimitive<TIn, TOut> right) =>
            new(left, right);
    }
}

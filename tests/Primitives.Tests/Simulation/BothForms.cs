namespace AtomicDevOps.Primitives.Tests.Simulation;

public sealed class BothForms() : TheoryData<Form>(Form.Orchestration, Form.Activity);

namespace AtomicDevOps.Primitives.Agents;

/// <summary>The five layers. An agent calls only agents of the layer right below its own.</summary>
public enum AgentLayer
{
    /// <summary>L0: watches and heals the system itself.</summary>
    MetaControl = 0,

    /// <summary>L1: decides what has to happen.</summary>
    Orchestration = 1,

    /// <summary>L2: makes it happen, in order, in parallel, with rollback.</summary>
    DomainManagement = 2,

    /// <summary>L3: knows one tool well.</summary>
    ToolExpertise = 3,

    /// <summary>L4: talks to one tool over its API or command line.</summary>
    ExecutionWrapper = 4,
}
